//! CORS: which pages of other origins may call the service and read its answers.

use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::api::schema::ROUTES;
use sesame::api::{Request, Version};
use sesame::domain::Operation::CreateSession;

use crate::support::answer::Answer;
use crate::support::app::{App, NOW, header};
use crate::support::client::{Client, Wire};
use crate::support::facts::facts;

const PAGE: &str = include_str!("../../docs/api.md");
const HERE: &str = "https://app.example.com";
const ELSEWHERE: &str = "https://evil.example";

fn preflight(origin: &str, headers: &str) -> Request {
    let mut request = Wire::GrpcWeb.encode(Version::V2, CreateSession, &Create::default());
    request.method = Method::OPTIONS;
    request.headers = HeaderMap::new();
    request = header(request, "origin", origin);
    request = header(request, "access-control-request-method", "POST");
    header(request, "access-control-request-headers", headers)
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    let origin = answer.headers.get("access-control-allow-origin")?;
    Some(origin.to_str().unwrap())
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_call_and_read() {
    let list = format!("http://localhost:5173,{HERE}");
    for (setting, origin, want) in [
        ("none", HERE, None),
        ("*", HERE, Some("*")),
        (&*list, HERE, Some(HERE)),
        (
            &list,
            "http://localhost:5173",
            Some("http://localhost:5173"),
        ),
        (&list, ELSEWHERE, None),
        (&list, "http://app.example.com", None),
        (&list, "https://app.example.com.evil.example", None),
        (&list, "null", None),
    ] {
        let app = App::with(&[("ALLOWED_ORIGINS", setting)]).await;
        let asked = app.send(preflight(origin, "content-type"), NOW).await;
        assert_eq!(allowed_origin(&asked), want, "{setting} {origin}");
        let status = if want.is_some() {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::METHOD_NOT_ALLOWED
        };
        assert_eq!(asked.status, status, "{setting} {origin}");

        for wire in Wire::ALL {
            let client = Client::new(&app).over(wire, Version::V2);
            let request = client.request(CreateSession, &Create::default());
            let answer = client.send(header(request, "origin", origin)).await;
            assert_eq!(allowed_origin(&answer), want, "{setting} {origin} {wire:?}");
            let exposed = answer.headers.get("access-control-expose-headers");
            assert_eq!(exposed.is_some(), want.is_some());
            // A cache must not give one origin's answer to another.
            let varies = answer.headers.get("vary").is_some();
            assert_eq!(varies, setting == list, "{setting}");
        }
    }
}

/// `tests/stack` compares the gateway's lists with the same facts.
#[tokio::test]
async fn pages_may_send_and_read_what_is_documented() {
    let app = App::with(&[("ALLOWED_ORIGINS", "*")]).await;
    let asked = app.send(preflight(HERE, "content-type"), NOW).await;
    let request = header(
        Wire::Json.encode(Version::V2, CreateSession, &Create::default()),
        "origin",
        HERE,
    );
    let answer = app.send(request, NOW).await;
    let list = |headers: &HeaderMap, name: &str| -> Vec<String> {
        let text = headers[name].to_str().unwrap();
        text.split(", ").map(str::to_owned).collect()
    };
    let lists = json!({
        "AllowHeaders": list(&asked.headers, "access-control-allow-headers"),
        "AllowMethods": list(&asked.headers, "access-control-allow-methods"),
        "ExposeHeaders": list(&answer.headers, "access-control-expose-headers"),
        "MaxAge": asked.headers["access-control-max-age"].to_str().unwrap().parse::<u32>().unwrap(),
    });
    for (row, name) in [("| send |", "AllowHeaders"), ("| read |", "ExposeHeaders")] {
        let row = PAGE.lines().find(|line| line.starts_with(row)).unwrap();
        let documented: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        assert_eq!(json!(documented), lists[name], "{name}");
    }
    assert_eq!(facts(&["cors"]), lists);
}

/// These are preflights that a browser sends.
#[tokio::test]
async fn a_preflight_allows_the_headers_that_clients_send() {
    let app = App::with(&[("ALLOWED_ORIGINS", "*")]).await;
    for asked in [
        "authorization,connect-protocol-version,content-type",
        "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent",
        "authorization,content-type,x-grpc-web,x-user-agent",
        "authorization,content-type",
        "connect-timeout-ms,idempotency-key,if-match",
    ] {
        let answer = app.send(preflight(HERE, asked), NOW).await;

        let list = |name: &str| -> Vec<String> {
            let text = answer.headers[name].to_str().unwrap();
            text.split(", ").map(str::to_owned).collect()
        };
        let allowed = list("access-control-allow-headers");
        for name in asked.split(',') {
            assert!(allowed.iter().any(|one| one == name), "{name}");
        }
        let methods = list("access-control-allow-methods");
        for route in ROUTES {
            assert!(methods.contains(&route.method.to_string()), "{methods:?}");
        }
        assert!(answer.body.is_empty());
        assert_eq!(answer.headers["access-control-max-age"], "600");
    }
}

#[tokio::test]
async fn an_error_can_be_read_across_origins_too() {
    let app = App::with(&[("ALLOWED_ORIGINS", HERE), ("ACCESS", "token")]).await;
    for wire in Wire::ALL {
        let client = Client::new(&app).over(wire, Version::V2);
        let request = client.request(CreateSession, &Create::default());
        let answer = client.send(header(request, "origin", HERE)).await;

        let fault = client.created(&answer).err().unwrap();
        assert_eq!(fault.code, 16, "{wire:?}");
        assert_eq!(allowed_origin(&answer), Some(HERE), "{wire:?}");
        assert_eq!(
            answer.headers["access-control-expose-headers"],
            "grpc-status, grpc-message, grpc-status-details-bin, etag, retry-after, x-request-id, \
             allow, accept-encoding, accept-post, www-authenticate"
        );
    }
}
