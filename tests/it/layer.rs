//! The tower layer that protects another service with session tokens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use sesame::domain::Operation::SetSession;
use sesame::domain::{Permission, SessionUser, Timestamp};
use sesame::error::Error;
use sesame::transport::tower::SessionLayer;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::create_named;
use crate::support::faults::Fault;

/// Answers with the user who was let in.
#[allow(clippy::unused_async, reason = "it stands for a service")]
async fn inner(request: Request<&'static str>) -> Result<Response<Bytes>, Infallible> {
    let of = request.extensions().get::<SessionUser>().unwrap();
    let text = format!("{} {}", of.user.user_id, request.body());
    Ok(Response::new(text.into()))
}

/// Sends a request with these `Authorization` headers through the layer over `inner`.
async fn ask(app: &App, now: fn() -> Timestamp, headers: &[&[u8]]) -> Response<Bytes> {
    let layer = SessionLayer::new(app.faulty.clone(), now);
    let mut request = Request::new("body");
    for header in headers {
        let value = http::HeaderValue::from_bytes(header).unwrap();
        request.headers_mut().append(AUTHORIZATION, value);
    }
    let service = layer.layer(service_fn(inner));
    service.oneshot(request).await.unwrap()
}

fn now() -> Timestamp {
    NOW
}

#[tokio::test]
async fn a_users_token_lets_a_request_pass_with_its_user() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    let token = session.token();

    for scheme in ["Bearer", "bearer", "BEARER"] {
        app.faults.clear();
        let header = format!("{scheme} {token}");
        let response = ask(&app, now, &[header.as_bytes()]).await;

        let want = format!("{} body", mini.user_id);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.body(), want.as_bytes());
        let requests = app.faults.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].action, "BatchGetItem");
    }
}

#[tokio::test]
async fn other_requests_get_the_errors_of_the_json_api() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    let user_alone = create_named(&app, &mini).await.token();
    let anonymous = app.client().create_json(&json!({})).await.token();
    let service = app.service_account(&Permission::ALL, Duration::MAX).await;
    let bearer = format!("Bearer {}", session.token());

    for (headers, shown) in [
        (&[][..], false),
        (&[&*session.token()], false),
        (&["Basic YTpi", "Basic YTpi"], false),
        (&["Bearer "], false),
        (&[&bearer, &bearer], true),
        (&[&format!("Bearer {user_alone}")], true),
        (&[&format!("Bearer {anonymous}")], true),
        (&[&format!("Bearer {}", service.as_str())], true),
        (&["Bearer \u{e9}"], true),
    ] {
        let bytes: Vec<_> = headers.iter().map(|header| header.as_bytes()).collect();
        let response = ask(&app, now, &bytes).await;

        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
        let challenge = if shown {
            "Bearer error=\"invalid_token\""
        } else {
            "Bearer"
        };
        assert_eq!(
            response.headers()[WWW_AUTHENTICATE],
            challenge,
            "{headers:?}"
        );
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let want = json!({ "code": 16, "message": "a valid bearer token is required" });
        assert_eq!(body, want);
    }
}

#[tokio::test]
async fn a_request_passes_until_its_session_expires() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    let bearer = format!("Bearer {}", session.token());
    let before: fn() -> Timestamp = || Timestamp::from_millis(NOW.as_millis() + 86_399_999);
    let end: fn() -> Timestamp = || Timestamp::from_millis(NOW.as_millis() + 86_400_000);

    let status = async |now| ask(&app, now, &[bearer.as_bytes()]).await.status();
    assert_eq!(status(before).await, StatusCode::OK);
    assert_eq!(status(end).await, StatusCode::UNAUTHORIZED);

    assert!(app.store.end_sessions(&mini).await.unwrap());
    assert_eq!(status(now).await, StatusCode::UNAUTHORIZED);
}

/// A user is renamed while a replaced token is still accepted.
#[tokio::test]
async fn a_request_carries_its_users_current_login_name() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let created = app.client().log_in(&mini, PASSWORD).await;
    let old = format!("Bearer {}", created.token());
    let status = async |now, bearer: &str| ask(&app, now, &[bearer.as_bytes()]).await.status();
    let set = async |token: String, mut body: Value| {
        body["sessionId"] = created.json()["sessionId"].clone();
        let client = app.client().bearing(&token);
        client.call_json(SetSession, body).await.token()
    };

    let note = json!({ "sessionToken": created.token(), "metadata": { "a": "MQ==" } });
    let second = set(created.token(), note).await;
    assert_eq!(status(now, &old).await, StatusCode::OK, "in its grace");
    let late: fn() -> Timestamp = || Timestamp::from_millis(NOW.as_millis() + 60_000);
    assert_eq!(status(late, &old).await, StatusCode::UNAUTHORIZED);

    let checks = json!({ "password": { "password": PASSWORD } });
    let prove = json!({ "sessionToken": second, "checks": checks });
    let third = format!("Bearer {}", set(second.clone(), prove).await);
    let second = format!("Bearer {second}");
    assert_eq!(status(now, &second).await, StatusCode::UNAUTHORIZED);

    let renamed = app.login_name("maxi");
    let login = app.login("mini").await;
    let store = &app.store;
    assert!(store.rename_user(&login, renamed.clone()).await.unwrap());
    let layer = SessionLayer::new(app.faulty.clone(), now);
    let mut request = Request::new("");
    let value = http::HeaderValue::from_str(&third).unwrap();
    request.headers_mut().insert(AUTHORIZATION, value);
    let name = service_fn(async |request: Request<&'static str>| {
        let of = request.extensions().get::<SessionUser>().unwrap();
        let names = format!("{} {}", of.login_name, of.display_name());
        Ok::<_, Infallible>(Response::new(Bytes::from(names)))
    });
    let response = layer.layer(name).oneshot(request).await.unwrap();
    let want = format!("{renamed} Mini Mouse");
    assert_eq!(response.body(), want.as_bytes());
}

#[tokio::test]
async fn without_a_database_a_request_is_asked_to_retry() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    let bearer = format!("Bearer {}", session.token());

    for (fault, status, code) in [
        (Fault::Reset, 503, 14),
        (Fault::Answer(400, "ThrottlingException"), 503, 14),
        (Fault::Answer(400, "AccessDeniedException"), 500, 13),
    ] {
        app.faults.clear();
        app.faults.inject(fault.times(3));
        let response = ask(&app, now, &[bearer.as_bytes()]).await;

        assert_eq!(response.status().as_u16(), status, "{fault:?}");
        assert_eq!(response.headers().contains_key(RETRY_AFTER), code == 14);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["code"], code);
        let error = response.extensions().get::<Arc<Error>>().unwrap();
        assert!(error.is_server_fault(), "{error:?}");
    }
}

/// The instance that was polled ready is called, and not a clone of it, which may not be ready.
#[tokio::test]
async fn the_layer_calls_the_service_that_it_polled() {
    #[derive(Debug, Default)]
    struct Once {
        ready: bool,
    }
    impl Clone for Once {
        fn clone(&self) -> Self {
            Self::default()
        }
    }
    impl tower::Service<Request<()>> for Once {
        type Response = Response<Bytes>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Bytes>, Infallible>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Infallible>> {
            self.ready = true;
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            assert!(self.ready);
            std::future::ready(Ok(Response::new(Bytes::new())))
        }
    }
    let app = App::start().await;
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    let mut service = SessionLayer::new(app.faulty.clone(), now).layer(Once::default());

    for _ in 0..2 {
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {}", session.token()))
            .body(())
            .unwrap();
        let ready = service.ready().await.unwrap();
        assert_eq!(ready.call(request).await.unwrap().status(), StatusCode::OK);
    }
}
