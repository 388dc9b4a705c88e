//! The server key in Secrets Manager, which is played by a fake HTTP client.

use serde_json::json;

use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, by_name, header, post};
use crate::support::secrets::{Manager, SECRET, denied, fault, text};

const KEY: &str = "0123456789abcdef0123456789abcdef";

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
    let requests = manager.requests();
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
        (vec![denied()], 500, Some(13)),
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
            manager.answer(&[text(KEY)]);
            assert_eq!(create(&app).await.status, 200, "{answers:?}");
        }
    }
}
