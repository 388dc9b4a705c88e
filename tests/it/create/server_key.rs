//! The server key in Secrets Manager, which is played by a fake HTTP client.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use sesame::aws::{Endpoint, KeySource, ServerKeySetting};

use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, by_name, header, post};

const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:1:secret:key";
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A Secrets Manager that gives its answers one after another, and keeps the requests.
#[derive(Clone, Debug, Default)]
struct Manager {
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl HttpConnector for Manager {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.requests.lock().unwrap().push((target, body));
        let (status, body) = self.answers.lock().unwrap().remove(0);
        let body = SdkBody::from(body.to_string());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body)))
    }
}

impl Manager {
    fn with(answers: &[(u16, Value)]) -> Self {
        let manager = Self::default();
        manager.answers.lock().unwrap().extend_from_slice(answers);
        manager
    }

    fn source(&self) -> KeySource {
        let endpoint = Endpoint::with_keys("eu-central-1".into(), None, "local", "local", None);
        ServerKeySetting::Secret(SECRET.to_owned()).open(&endpoint, None, self.client())
    }

    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    fn request_count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn text(key: &str) -> (u16, Value) {
    (200, json!({ "SecretString": key }))
}

fn fault(status: u16, kind: &str) -> (u16, Value) {
    (status, json!({ "__type": kind, "Message": "injected" }))
}

async fn create(app: &App) -> Answer {
    let mini = app.login_name("mini");
    let request = post(by_name(&mini, PASSWORD).to_string());
    app.send(header(request, "idempotency-key", "k"), NOW).await
}

#[tokio::test]
async fn the_server_key_is_read_once_and_only_when_needed() {
    let manager = Manager::with(&[text(KEY)]);
    let app = App::start().await.keyed(manager.source());
    app.user("mini").await;
    app.client().create_json(&json!({})).await;
    assert_eq!(manager.request_count(), 0);

    let first = create(&app).await;
    let again = create(&app).await;

    assert_eq!(first.status, 200);
    assert_eq!(first.body, again.body);
    let requests = manager.requests.lock().unwrap().clone();
    let [(target, body)] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(target, "secretsmanager.GetSecretValue");
    assert_eq!(body["SecretId"], SECRET);
}

#[tokio::test]
async fn a_server_key_gives_the_same_session_wherever_it_is_kept() {
    let by_settings = App::with(&[("SERVER_KEY", KEY)]).await;
    by_settings.user("mini").await;
    let first = create(&by_settings).await;
    let mut by_secret = by_settings
        .beside(&[])
        .keyed(Manager::with(&[text(KEY)]).source());
    by_secret.name.clone_from(&by_settings.name);

    assert_eq!(create(&by_secret).await.body, first.body);
}

#[tokio::test(start_paused = true)]
async fn creates_fail_until_the_server_key_can_be_read() {
    let throttled = fault(400, "ThrottlingException");
    for (answers, status, code) in [
        (vec![throttled.clone(), text(KEY)], 200, None),
        (vec![throttled; 3], 503, Some(14)),
        (vec![fault(500, "InternalServiceError"); 3], 503, Some(14)),
        (vec![fault(400, "AccessDeniedException")], 500, Some(13)),
        (vec![fault(400, "ResourceNotFoundException")], 500, Some(13)),
        (vec![text("too short")], 500, Some(13)),
        (
            vec![(200, json!({ "SecretBinary": "AAAA" }))],
            500,
            Some(13),
        ),
    ] {
        let manager = Manager::with(&answers);
        let app = App::emulated(&[]).await.keyed(manager.source());
        app.user("mini").await;

        let answer = create(&app).await;

        assert_eq!(answer.status, status, "{answers:?}");
        assert_eq!(answer.json()["code"].as_u64(), code, "{answers:?}");
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        for inner in ["arn:", "injected", "secret", "too short"] {
            assert!(!body.contains(inner), "{inner} shows in {body}");
        }
        if code.is_some() {
            *manager.answers.lock().unwrap() = vec![text(KEY)];
            assert_eq!(create(&app).await.status, 200, "{answers:?}");
        }
    }
}
