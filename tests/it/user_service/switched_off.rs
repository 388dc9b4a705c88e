use bytes::Bytes;
use http::Method;
use sesame::api::Version;
use sesame::api::schema::{ROUTES, Segment, Target};

use crate::support::app::App;
use crate::support::client::{Client, Wire, framed};

const SERVICE: &str = "zitadel.user.v2.UserService";

/// With `USER_API=false`, the paths of the User service are unknown ones, those of calls that aren't
/// built too.
#[tokio::test]
async fn a_service_that_is_switched_off_has_no_path() {
    let app = App::with(&[("USER_API", "false")]).await;
    let mut seen = 0;
    for route in ROUTES {
        let (service, call) = match route.target {
            Target::Call(procedure) => (procedure.service, procedure.operation.as_str()),
            Target::Unbuilt(call) => (call.service, call.name),
        };
        if service != SERVICE {
            continue;
        }
        seen += 1;
        let segments = route.path.iter().map(|segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::Field(_) => "/1".to_owned(),
        });
        let path: String = segments.collect();
        // Another method than the route's would be told the route's.
        for method in [&route.method, &Method::HEAD] {
            let mut request = Client::new(&app).raw("", Bytes::from_static(b"{}"));
            method.clone_into(&mut request.method);
            request.path.clone_from(&path);
            let answer = app.client().send(request).await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
        for wire in Wire::ALL.into_iter().filter(|wire| *wire != Wire::Json) {
            let client = Client::new(&app).over(wire, Version::V2);
            let mut request = client.raw("", framed(b""));
            request.path = format!("/{SERVICE}/{call}");
            let hidden = client.send(request.clone()).await;
            request.path = "/zitadel.user.v2.NoService/Call".to_owned();
            let unknown = client.send(request).await;
            assert_eq!(hidden.status, unknown.status, "{wire:?} {call}");
            assert_eq!(hidden.body, unknown.body, "{wire:?} {call}");
        }
    }
    assert!(seen >= 50, "{seen}");
}
