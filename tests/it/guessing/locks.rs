//! Principals with `session.write` are told of a lock and of the failures; nobody else is.

use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::domain::{JwtName, JwtPrincipal, Operation, Permission, User};
use sesame::service::Jwt;

use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, ClientError, HOUR, Wire, checks};

const WRONG: &str = "COMMAND-3M0fs";
const LOCKED: &str = "COMMAND-JLK35";

/// The same with a JWT that has no scope of the service.
async fn attempt_with_jwt(client: Client<'_>, user: &User, password: &str) -> ClientError {
    let create = Create {
        checks: Some(checks(user, Some(password))),
        ..Create::default()
    };
    let mut request = client.request(Operation::CreateSession, &create);
    let issuer = "https://idp.example".to_owned();
    request.context.jwt = Some(Jwt {
        principal: JwtPrincipal::new(issuer, JwtName::Subject, "ada".to_owned()).ok(),
        scopes: vec!["openid".to_owned()],
    });
    client.created(&client.send(request).await).err().unwrap()
}

async fn attempt(client: Client<'_>, user: &User, password: &str) -> ClientError {
    let request = Create {
        checks: Some(checks(user, Some(password))),
        ..Create::default()
    };
    client.create(&request).await.err().unwrap()
}

/// ASVS V6.3.1, NIST 3.2.2.
#[tokio::test(start_paused = true)]
async fn a_principal_with_session_write_learns_the_failures_and_when_a_lock_ends() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "2")]).await;
    let page = app
        .service_account(&[Permission::SessionWrite], HOUR * 24)
        .await;
    let reader = app
        .service_account(&[Permission::SessionRead], HOUR * 24)
        .await;
    for (n, wire) in Wire::ALL.into_iter().enumerate() {
        let user = app.user(&format!("u{n}")).await;
        let nobody = User {
            user_id: app.user_id("nobody"),
            ..user.clone()
        };
        let known = app
            .client()
            .over(wire, Version::ALL[n % 3])
            .bearing(page.as_str());
        let told = |error: ClientError| (error.id, error.failed_attempts, error.retry_seconds);
        let wrong = |failures: i32| (Some(WRONG.to_owned()), Some(failures), None);
        let locked = |seconds| (Some(LOCKED.to_owned()), None, seconds);

        assert_eq!(told(attempt(known, &user, "wrong").await), wrong(1));
        assert_eq!(told(attempt(known, &user, "wrong").await), wrong(2));
        assert_eq!(
            told(attempt(known, &user, PASSWORD).await),
            locked(Some(30))
        );
        let later = known.at(NOW.plus(Duration::from_millis(29_001)));
        assert_eq!(told(attempt(later, &user, PASSWORD).await), locked(Some(1)));

        let after = known.at(NOW.plus(Duration::from_secs(30)));
        assert_eq!(told(attempt(after, &user, "wrong").await), wrong(3));
        assert_eq!(told(attempt(after, &user, "wrong").await), locked(Some(60)));
        // Nobody else can tell any of these apart.
        for other in [
            after.bearing(reader.as_str()),
            Client {
                token: None,
                ..after
            },
        ] {
            assert_eq!(
                attempt(other, &user, PASSWORD).await,
                attempt(other, &nobody, PASSWORD).await
            );
            let plain = (Some(WRONG.to_owned()), None, None);
            assert_eq!(told(attempt(other, &user, "wrong").await), plain);
            let with_jwt = attempt_with_jwt(other, &user, PASSWORD).await;
            assert_eq!(with_jwt, attempt_with_jwt(other, &nobody, PASSWORD).await);
            assert_eq!(told(with_jwt), plain);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_an_administrator_ends_has_no_end_of_its_own() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "100")]).await;
    let page = app
        .service_account(&[Permission::SessionWrite], HOUR * 24)
        .await;
    let user = app.user("mini").await;
    for _ in 0..100 {
        attempt(app.client(), &user, "wrong").await;
    }
    for wire in Wire::ALL {
        let known = app.client().over(wire, Version::V2).bearing(page.as_str());
        let locked = attempt(known.later(HOUR), &user, PASSWORD).await;
        assert_eq!(locked.id.as_deref(), Some(LOCKED));
        assert_eq!(locked.retry_seconds, None, "{wire:?}");
    }
}

/// The header is where refusals have it: not in gRPC and gRPC-Web.
#[tokio::test]
async fn the_end_of_a_lock_is_in_retry_after_too() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    let page = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let user = app.user("mini").await;
    attempt(app.client(), &user, "wrong").await;
    for wire in Wire::ALL {
        let request = Create {
            checks: Some(checks(&user, Some(PASSWORD))),
            ..Create::default()
        };
        let known = app.client().over(wire, Version::V2).bearing(page.as_str());
        let request = known.request(Operation::CreateSession, &request);
        let answer = known.send(request).await;
        let has_header = answer.headers.contains_key("retry-after");
        let is_grpc = matches!(wire, Wire::Grpc | Wire::GrpcWeb | Wire::GrpcWebText);
        assert_eq!(has_header, !is_grpc, "{wire:?}");
    }
}
