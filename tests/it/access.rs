//! Who may create sessions: with each `ACCESS` setting, by bearer token and by a gateway's JWT.

mod challenge;
mod creators;
mod log;

use std::time::Duration;

use http::header::WWW_AUTHENTICATE;
use serde_json::json;
use sesame::domain::Permission;

use crate::support::app::{App, NOW, PASSWORD, header, post};
use crate::support::client::create_named;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn each_access_setting_decides_who_may_create() {
    for (access, anonymous, reader, user, writer) in [
        ("token", 401, 403, 403, 200),
        ("authenticated", 401, 200, 200, 200),
        ("public", 200, 200, 200, 200),
    ] {
        let app = App::with(&[("ACCESS", access)]).await;
        let write = app.service_account(&[Permission::SessionWrite], HOUR).await;
        let read = app
            .service_account(&[Permission::SessionRead, Permission::SessionDelete], HOUR)
            .await;
        let mini = app.user("mini").await;
        let session = app
            .client()
            .bearing(write.as_str())
            .log_in(&mini, PASSWORD)
            .await;
        let session = session.token();
        let unknown = format!("sesame_{}", "A".repeat(43));

        for (who, token, want) in [
            ("nobody", None, anonymous),
            ("a reader", Some(read.as_str()), reader),
            ("a user", Some(&*session), user),
            ("a writer", Some(write.as_str()), writer),
            ("an unknown token", Some(&*unknown), 401),
            ("no token at all", Some("stub-pat"), 401),
            ("an empty token", Some(""), 401),
        ] {
            let mut request = post("{}");
            if let Some(token) = token {
                request = header(request, "authorization", &format!("Bearer {token}"));
            }
            let answer = app.send(request, NOW).await;
            assert_eq!(answer.status.as_u16(), want, "{access}: {who}");
            match want {
                401 => {
                    let challenge = match token {
                        None | Some("") => "Bearer",
                        Some(_) => "Bearer error=\"invalid_token\"",
                    };
                    let found = &answer.headers[WWW_AUTHENTICATE];
                    assert_eq!(found, challenge, "{access}: {who}");
                    assert_eq!(answer.json()["code"], 16);
                    assert_eq!(answer.json().get("details"), None);
                }
                403 => {
                    let challenge = "Bearer error=\"insufficient_scope\"";
                    assert_eq!(answer.outcome(), "AUTH-5mWD2", "{access}: {who}");
                    assert_eq!(answer.headers[WWW_AUTHENTICATE], challenge);
                }
                _ => assert!(!answer.headers.contains_key(WWW_AUTHENTICATE)),
            }
        }
    }
}

#[tokio::test]
async fn an_unauthorised_call_is_refused_before_its_body_is_read() {
    let app = App::with(&[("ACCESS", "token")]).await;

    assert_eq!(app.send(post("{"), NOW).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_service_accounts_token_is_refused_from_its_expiry_on() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let client = app.client().bearing(token.as_str());
    let end = NOW.plus(HOUR);
    let just_before = end.minus(Duration::from_millis(1));

    for (at, want) in [(just_before, 200), (end, 401), (just_before, 200)] {
        let answer = client.at(at).create_json(&json!({})).await;
        assert_eq!(answer.status.as_u16(), want, "{at:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_accepted_for_less_than_a_minute() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let client = app.client().bearing(token.as_str());
    assert_eq!(client.create_json(&json!({})).await.outcome(), "ok");

    let hash = token.hash().to_hex();
    assert!(app.store.delete_service_account(&hash).await.unwrap());

    let minute = NOW.plus(Duration::from_mins(1));
    let just_before = minute.minus(Duration::from_millis(1));
    for (at, want) in [(just_before, 200), (minute, 401), (just_before, 200)] {
        let answer = client.at(at).create_json(&json!({})).await;
        assert_eq!(answer.status.as_u16(), want, "{at:?}");
    }
    let other = app.beside(&[("ACCESS", "token")]);
    let client = other.client().bearing(token.as_str());
    assert_eq!(client.create_json(&json!({})).await.outcome(), "code 16");
}

#[tokio::test]
async fn a_session_token_is_a_bearer_token_once_the_password_was_checked() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let with_password = app.client().log_in(&mini, PASSWORD).await;
    let without = create_named(&app, &mini).await;
    let empty = app.client().create_json(&json!({})).await;
    let end = NOW.plus(Duration::from_hours(24));
    let just_before = end.minus(Duration::from_millis(1));
    // The id of one session with the token of another belongs to no session.
    let forged = format!("{}{}", &with_password.token()[..22], &empty.token()[22..]);

    let app = app.beside(&[("ACCESS", "authenticated")]);
    for (who, token, at, want) in [
        ("with a password", with_password.token(), NOW, 200),
        ("to the last", with_password.token(), just_before, 200),
        ("expired", with_password.token(), end, 401),
        ("a name alone", without.token(), NOW, 401),
        ("nobody's", empty.token(), NOW, 401),
        ("forged", forged, NOW, 401),
    ] {
        let client = app.client().bearing(&token).at(at);
        let answer = client.create_json(&json!({})).await;
        assert_eq!(answer.status.as_u16(), want, "{who}");
        if want == 200 {
            let creator = format!("user:{}", mini.user_id);
            assert_eq!(app.stored(&answer).await.creator, creator);
        }
    }
}
