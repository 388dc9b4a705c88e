//! Who may create sessions: with each `ACCESS` setting, by bearer token and by a gateway's JWT.

mod challenge;
mod creators;
mod log;

use std::time::Duration;

use http::header::WWW_AUTHENTICATE;
use serde_json::json;
use sesame::domain::{JwtName, JwtPrincipal, Permission, Timestamp};
use sesame::service::Jwt;

use crate::support::app::{App, NOW, PASSWORD, by_name, header, post};
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
        let write = app.service_account(&[Permission::Write], HOUR).await;
        let read = app
            .service_account(&[Permission::Read, Permission::Delete], HOUR)
            .await;
        let mini = app.user("mini").await;
        let session = app
            .client()
            .bearing(write.as_str())
            .create_json(&by_name(&mini.login_name, PASSWORD))
            .await;
        let session = session.token();

        for (who, token, want) in [
            ("nobody", None, anonymous),
            ("a reader", Some(read.as_str()), reader),
            ("a user", Some(&*session), user),
            ("a writer", Some(write.as_str()), writer),
            (
                "an unknown token",
                Some("sesame_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                401,
            ),
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
async fn only_the_bearer_scheme_is_read_in_any_case() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::Write], HOUR).await;

    for (value, want) in [
        (format!("Bearer {}", token.as_str()), 200),
        (format!("bearer {}", token.as_str()), 200),
        (format!("BEARER  {} ", token.as_str()), 200),
        (format!("Basic {}", token.as_str()), 401),
        (token.as_str().to_owned(), 401),
        ("Bearer".to_owned(), 401),
    ] {
        let request = header(post("{}"), "authorization", &value);
        assert_eq!(
            app.send(request, NOW).await.status.as_u16(),
            want,
            "{value}"
        );
    }
}

#[tokio::test]
async fn a_service_accounts_token_is_refused_from_its_expiry_on() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::Write], HOUR).await;
    let end = NOW.plus(HOUR);
    let just_before = end.minus(Duration::from_millis(1));

    for (at, want) in [(just_before, 200), (end, 401), (just_before, 200)] {
        let answer = app
            .client()
            .bearing(token.as_str())
            .at(at)
            .create_json(&json!({}))
            .await;
        assert_eq!(answer.status.as_u16(), want, "{at:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_accepted_for_less_than_a_minute() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::Write], HOUR).await;
    assert_eq!(
        app.client()
            .bearing(token.as_str())
            .create_json(&json!({}))
            .await
            .status
            .as_u16(),
        200
    );

    assert!(
        app.store
            .delete_service_account(&token.hash().to_hex())
            .await
            .unwrap()
    );

    let minute = NOW.plus(Duration::from_mins(1));
    let just_before = minute.minus(Duration::from_millis(1));
    for (at, want) in [(just_before, 200), (minute, 401), (just_before, 200)] {
        let answer = app
            .client()
            .bearing(token.as_str())
            .at(at)
            .create_json(&json!({}))
            .await;
        assert_eq!(answer.status.as_u16(), want, "{at:?}");
    }
    let other = app.beside(&[("ACCESS", "token")]);
    assert_eq!(
        other
            .client()
            .bearing(token.as_str())
            .create_json(&json!({}))
            .await
            .status
            .as_u16(),
        401
    );
}

#[tokio::test]
async fn a_session_token_is_a_bearer_token_once_the_password_was_checked() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let with_password = app
        .client()
        .create_json(&by_name(&mini.login_name, PASSWORD))
        .await;
    let without = create_named(&app, &mini).await;
    let empty = app.client().create_json(&json!({})).await;
    let end = NOW.plus(Duration::from_hours(24));
    let just_before = end.minus(Duration::from_millis(1));
    // The id of one session with the token of another belongs to no session.
    let forged = format!("{}{}", &with_password.token()[..22], &empty.token()[22..]);

    let app = app.beside(&[("ACCESS", "authenticated")]);
    for (who, token, at, want) in [
        ("with a password", with_password.token(), NOW, 200),
        (
            "with a password, to the last",
            with_password.token(),
            just_before,
            200,
        ),
        ("expired", with_password.token(), end, 401),
        ("a name alone", without.token(), NOW, 401),
        ("nobody's", empty.token(), NOW, 401),
        ("forged", forged, NOW, 401),
    ] {
        let answer = app
            .client()
            .bearing(&token)
            .at(at)
            .create_json(&json!({}))
            .await;
        assert_eq!(answer.status.as_u16(), want, "{who}");
        if want == 200 {
            let creator = format!("user:{}", mini.user_id);
            assert_eq!(app.stored(&answer).await.creator, creator);
        }
    }
}

#[tokio::test]
async fn a_gateways_jwt_grants_the_permissions_of_its_scopes() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let issuer = "https://id.example.com".to_owned();
    let ada = JwtPrincipal::new(issuer, JwtName::Subject, "ada".to_owned()).ok();

    for (scopes, want) in [
        (vec!["session.write"], 200),
        (vec!["openid", "session.write"], 200),
        (vec!["session.read"], 403),
        (vec!["session.writer"], 403),
        (vec![], 403),
    ] {
        let mut request = post("{}");
        // The authorizer has read this header: a JWT is not one of the service's tokens.
        request = header(
            request,
            "authorization",
            "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        );
        request.context.jwt = Some(Jwt {
            principal: ada.clone(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        });
        let answer = app.send(request, NOW).await;
        assert_eq!(answer.status.as_u16(), want, "{scopes:?}");
        if want == 200 {
            let creator = "jwt:https://id.example.com sub ada";
            assert_eq!(app.stored(&answer).await.creator, creator);
        }
    }
}

#[tokio::test]
async fn a_service_account_can_be_listed_and_revoked() {
    let app = App::start().await;
    let token = app
        .service_account(&[Permission::Write, Permission::Read], HOUR)
        .await;
    let hash = token.hash().to_hex();

    let listed = app.store.scan_service_accounts().await.unwrap();
    let (_, found) = listed.iter().find(|(found, _)| *found == hash).unwrap();
    assert_eq!(found.name.as_str(), "backend");
    let has = |permission| found.permissions.contains(&permission);
    assert!(has(Permission::Write) && !has(Permission::Delete));
    assert_eq!(
        found.expires_at,
        Timestamp::from_millis(NOW.as_millis() + 3_600_000)
    );

    assert!(app.store.delete_service_account(&hash).await.unwrap());
    assert!(!app.store.delete_service_account(&hash).await.unwrap());
    assert_eq!(
        app.store.get_service_account(token.hash()).await.unwrap(),
        None
    );
}
