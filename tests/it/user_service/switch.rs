//! `USER_API=false`: a deployment as it is without the User service, and without what login pages ask
//! for beside it.

use http::Method;
use serde_json::json;
use sesame::api::schema::{PROCEDURES, ROUTES, Segment, UNBUILT};
use sesame::api::{Request, RequestContext, Version};
use sesame::domain::Operation;

use super::outcome;
use crate::support::app::{App, header};
use crate::support::client::{Wire, framed};

/// The services that the setting switches off.
const SERVICES: [&str; 3] = [
    "zitadel.user.v2.UserService",
    "zitadel.settings.v2.SettingsService",
    "zitadel.org.v2.OrganizationService",
];

async fn status_and_outcome(app: &App, method: Method, path: &str) -> (u16, String) {
    let request = Request {
        method,
        path: path.to_owned(),
        query: Vec::new(),
        headers: http::HeaderMap::new(),
        body: "{}".into(),
        context: RequestContext::default(),
    };
    let request = header(request, "content-type", "application/json");
    let answer = app.client().send(request).await;
    (answer.status.as_u16(), answer.outcome())
}

#[tokio::test]
async fn every_path_of_users_is_unknown() {
    let app = App::with(&[("USER_API", "false")]).await;
    for route in ROUTES {
        let segments = route.path.iter().map(|segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::Field(_) => "/1".to_owned(),
        });
        let path: String = segments.collect();
        let is_of_users = SERVICES.contains(&route.target.service());
        // The route's own method, and one that no route has.
        for method in [route.method.clone(), Method::OPTIONS] {
            let (status, got) = status_and_outcome(&app, method.clone(), &path).await;
            assert_eq!(
                status == 404 && got == "code 5",
                is_of_users,
                "{method} {path}: {got}"
            );
        }
    }
}

#[tokio::test]
async fn every_call_on_users_is_unknown() {
    let app = App::with(&[("USER_API", "false")]).await;
    let built = PROCEDURES.iter();
    let built = built.map(|one| (one.service, one.operation.as_str()));
    let unbuilt = UNBUILT.iter().map(|one| (one.service, one.name));
    let calls = built
        .chain(unbuilt)
        .filter(|(service, _)| SERVICES.contains(service));
    for (service, rpc) in calls {
        for wire in Wire::ALL.into_iter().filter(|wire| *wire != Wire::Json) {
            let client = app.client().by(wire);
            let body = match wire {
                Wire::ConnectJson => "{}".into(),
                Wire::ConnectProto => bytes::Bytes::new(),
                _ => framed(&[]),
            };
            let mut request = wire.frame(Version::V2, rpc, body);
            request.path = format!("/{service}/{rpc}");
            let answer = client.send(request).await;
            let error = wire
                .message_of(Operation::GetUserByID, &answer)
                .unwrap_err();
            assert_eq!(error.code, 12, "{wire:?} {rpc}");
            assert_eq!(
                error.message, "this call is not supported",
                "{wire:?} {rpc}"
            );
        }
    }
    // It doesn't touch sessions.
    let created = app.client().ask(Operation::CreateSession, json!({})).await;
    assert_eq!(outcome(&created), "ok");
}
