//! The service under a base path.

use http::Method;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::api::{Request, Version};
use sesame::app::refuse;
use sesame::domain::Operation::CreateSession;
use sesame::error::Error;

use crate::support::app::{App, NOW, header, post};
use crate::support::client::{Client, Wire};

const BASE: &str = "/tenant/auth.v1";

async fn app() -> App {
    App::with(&[("BASE_PATH", BASE)]).await
}

fn under_base(mut request: Request) -> Request {
    request.path = format!("{BASE}{}", request.path);
    request
}

#[tokio::test]
async fn each_protocol_and_version_works_with_the_base_path_and_without() {
    let app = app().await;
    for (wire, version) in Wire::with_versions() {
        let client = Client::new(&app).over(wire, version);
        for change in [under_base as fn(Request) -> Request, std::convert::identity] {
            let request = client.request(CreateSession, &Create::default());
            let answer = client.send(change(request)).await;
            let error = client.created(&answer).err();
            assert_eq!(error.map(|error| error.code), None, "{wire:?} {version:?}");
        }
        let mut request = client.request(CreateSession, &Create::default());
        let twice = client.send(under_base(under_base(request.clone()))).await;
        request.path = format!("/other{}", request.path);
        let other = client.send(request).await;
        assert_eq!(twice.body, other.body, "{wire:?} {version:?}");
        assert!(app.logged().last().unwrap()["outcome"] != "ok");
    }
}

#[tokio::test]
async fn a_refusal_under_the_base_path_has_its_protocol_and_names_the_session() {
    let app = app().await;
    let id = "00000000-0000-4000-8000-000000000000";
    let request = Client::new(&app)
        .over(Wire::GrpcWeb, Version::V2)
        .request(CreateSession, &Create::default());
    let response = refuse(&app.api, &under_base(request), &Error::Overloaded, NOW);
    assert_eq!(response.status(), 200);
    assert_eq!(app.logged()[0]["call"], "CreateSession");

    let mut request = header(post("{}"), "content-type", "application/json");
    request.method = Method::PATCH;
    request.path = format!("{BASE}/v2/sessions/{id}");
    let response = refuse(&app.api, &request, &Error::Overloaded, NOW);
    assert_eq!(response.status(), 429);
    let line = app.logged().remove(0);
    assert_eq!(line["call"], "SetSession");
    assert_eq!(line["session_id"], id);
}
