use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::Operation;
use sesame::domain::{Permission, User};

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD, header};
use crate::support::client::{self, Wire};
use crate::support::client::{Client, HOUR, checks, code, metadata};
use crate::support::client::{of_session, opening, seconds};
use crate::support::faults::Fault;
use crate::support::record;

const SERVER_KEY: &str = "0123456789abcdef0123456789abcdef";

type CreateResult = Result<v2::CreateSessionResponse, client::ClientError>;

async fn app(settings: &[(&str, &str)]) -> App {
    let mut all = vec![("SERVER_KEY", SERVER_KEY)];
    all.extend(settings);
    App::with(&all).await
}

fn login(user: &User, password: &str) -> Create {
    opening(user, Some(password))
}

/// An idempotency key that no other test uses, because tests may share a database.
fn own(app: &App, key: &str) -> String {
    format!("{key} {}", app.name)
}

impl Client<'_> {
    async fn create_keyed(self, key: &str, request: &Create) -> CreateResult {
        let request = self.request(Operation::CreateSession, request);
        let request = header(request, "idempotency-key", &own(self.app, key));
        let answer = self.app.send(request, self.now).await;
        let created: CreateResult = self.read(Operation::CreateSession, &answer);
        record::secret(created.as_ref().ok().map(|created| &*created.session_token));
        created
    }
}

#[tokio::test]
async fn a_repeated_create_has_one_answer_in_all_protocols() {
    let app = app(&[("ACCESS", "token")]).await;
    let client = app
        .service(&[Permission::SessionWrite, Permission::SessionRead])
        .await;
    let mini = app.user("mini").await;
    let request = Create {
        metadata: metadata(&[("a", "1")]),
        lifetime: Some(seconds(60)),
        ..login(&mini, PASSWORD)
    };

    let first = client.create_keyed("k", &request).await.unwrap();

    for wire in Wire::ALL {
        let client = client.by(wire);
        // The answer stays the same while time passes.
        let again = client.later(Duration::from_secs(30));
        let again = again.create_keyed("k", &request).await.unwrap();
        assert!(again == first, "{wire:?}");
    }
    assert_eq!(app.sessions_of(&mini.user_id).await.len(), 1);
    let session = client.get(&first.session_id, Some(&first.session_token));
    assert_eq!(session.await.unwrap().sequence, 6);
    assert_eq!(app.login("mini").await.attempts.failures, 0);
}

#[tokio::test]
async fn a_repeated_create_stores_one_session_whichever_answers_were_lost() {
    for (fault, status) in [
        (Fault::ApplyThenReset.once(), "ok"),
        (Fault::ApplyThenReset.times(3), "code 14"),
        (Fault::Reset.times(3), "code 14"),
    ] {
        let app = app(&[]).await;
        let mini = app.user("mini").await;
        let client = Client::new(&app);
        app.faults.inject(fault.for_action("PutItem"));
        let lost = client.create_keyed("k", &login(&mini, PASSWORD)).await;
        assert_eq!(code(&lost), status);

        let found = client.create_keyed("k", &login(&mini, PASSWORD)).await;

        let found = found.unwrap();
        let sessions = app.sessions_of(&mini.user_id).await;
        assert_eq!(sessions, [&*found.session_id]);
        let got = client.get(&found.session_id, Some(&found.session_token));
        assert_eq!(code(&got.await), "ok");
    }
}

#[tokio::test]
async fn parallel_creates_with_one_key_make_one_session() {
    let app = app(&[]).await;
    let mini = app.user("mini").await;
    let (one, other) = (app.beside(&[("SERVER_KEY", SERVER_KEY)]), &app);
    let request = login(&mini, PASSWORD);
    let creates = [&one, other, &one, other].map(|app| {
        let client = Client::new(app);
        client.create_keyed("k", &request)
    });

    let answers = futures_util::future::join_all(creates).await;

    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref() == Ok(first)));
    assert_eq!(app.sessions_of(&mini.user_id).await.len(), 1);
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused() {
    let app = app(&[("ACCESS", "token")]).await;
    let client = app.service(&[Permission::SessionWrite]).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    client
        .create_keyed("k", &login(&mini, PASSWORD))
        .await
        .unwrap();

    for (request, want) in [
        (Create::default(), "code 6"),
        (login(&other, PASSWORD), "code 6"),
        (
            Create {
                metadata: metadata(&[("a", "1")]),
                ..login(&mini, PASSWORD)
            },
            "code 6",
        ),
        // The key doesn't remember the password, which is checked each time.
        (login(&mini, "wrong"), "COMMAND-3M0fs"),
    ] {
        for wire in Wire::ALL {
            let client = client.by(wire);
            let got = client.create_keyed("k", &request).await;
            assert_eq!(code(&got), want, "{wire:?}");
        }
    }
    let request = client.request(Operation::CreateSession, &Create::default());
    let request = header(request, "idempotency-key", &own(&app, "k"));
    let answer = app.send(request, client.now).await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn a_key_belongs_to_its_principal() {
    let app = app(&[("ACCESS", "authenticated")]).await;
    let service = app.service(&[Permission::SessionWrite]).await;
    let mini = app.user("mini").await;
    let by_service = service.create_keyed("k", &login(&mini, PASSWORD)).await;
    let by_service = by_service.unwrap();
    let user = service.bearing(&by_service.session_token);

    let by_user = user.create_keyed("k", &login(&mini, PASSWORD)).await;

    assert_ne!(by_user.unwrap().session_id, by_service.session_id);
}

/// Without a password, anyone could repeat the create and get its token.
#[tokio::test]
async fn an_anonymous_create_with_a_key_needs_a_password() {
    let app = app(&[]).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let client = Client::new(&app);
    let user_alone = opening(&mini, None);
    for request in [Create::default(), user_alone] {
        let got = client.create_keyed("k", &request).await;
        assert_eq!(code(&got), "code 3");
    }

    let of_mini = client.create_keyed("k", &login(&mini, PASSWORD)).await;
    let of_other = client.create_keyed("k", &login(&other, PASSWORD)).await;

    // Two users with the same key don't clash: neither may learn of the other's session.
    assert_ne!(of_mini.unwrap().session_id, of_other.unwrap().session_id);
    let guess = client.create_keyed("k", &login(&mini, "wrong")).await;
    assert_eq!(code(&guess), "COMMAND-3M0fs");
}

#[tokio::test]
async fn a_repeated_create_is_answered_alike_and_does_not_revive_its_session() {
    let app = app(&[("ACCESS", "token"), ("TOKEN_GRACE_SECONDS", "0")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let request = login(&mini, PASSWORD);

    let first = client.create_keyed("changed", &request).await.unwrap();
    let change = Set {
        metadata: metadata(&[("a", "1")]),
        ..of_session(&first.session_id)
    };
    client.set(&change).await.unwrap();
    let again = client.create_keyed("changed", &request).await.unwrap();
    assert!(again == first);
    let got = client.get(&first.session_id, Some(&again.session_token));
    assert_eq!(code(&got.await), "QUERY-dsfr3", "it was replaced");

    let first = client.create_keyed("deleted", &request).await.unwrap();
    client.delete(&first.session_id, None).await.unwrap();
    let again = client.create_keyed("deleted", &request).await.unwrap();
    assert!(again == first);
    let got = client.get(&first.session_id, Some(&again.session_token));
    assert_eq!(code(&got.await), "QUERY-SFeaa");

    let first = client.create_keyed("expired", &request).await.unwrap();
    let late = client.later(HOUR * 24);
    let again = late.create_keyed("expired", &request).await.unwrap();
    assert!(again == first);
    let got = late.get(&first.session_id, Some(&again.session_token));
    assert_eq!(code(&got.await), "QUERY-SFeaa");
}

#[tokio::test]
async fn a_create_without_a_user_can_be_repeated_after_its_session_got_one() {
    let app = app(&[("ACCESS", "token")]).await;
    let all = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    for wire in Wire::ALL {
        let client = all.by(wire);
        let key = format!("{wire:?}");
        let request = Create {
            metadata: metadata(&[("a", "1")]),
            ..Create::default()
        };
        let first = client.create_keyed(&key, &request).await.unwrap();
        for password in [None, Some(PASSWORD)] {
            let add = Set {
                checks: Some(checks(&mini, password)),

                ..of_session(&first.session_id)
            };
            client.set(&add).await.unwrap();

            let again = client.create_keyed(&key, &request).await.unwrap();
            assert!(again == first, "{wire:?} {password:?}");
        }
    }
}

#[tokio::test]
async fn a_create_is_not_repeated_for_another_user_with_the_same_login_name() {
    let app = app(&[("ACCESS", "token")]).await;
    let client = app.service(&[Permission::SessionWrite]).await;
    let mini = app.user("mini").await;
    let search = v2::check_user::Search::LoginName(mini.login_name.to_string());
    let mut by_name = login(&mini, PASSWORD);
    by_name.checks.as_mut().unwrap().user = Some(v2::CheckUser {
        search: Some(search),
    });
    client.create_keyed("k", &by_name).await.unwrap();
    let renamed = app.login_name("renamed");
    let login = app.login("mini").await;
    assert!(app.store.rename_user(&login, renamed).await.unwrap());
    let heir = User {
        user_id: app.user_id("heir"),
        ..mini
    };
    app.store.insert_user(&heir).await.unwrap();

    let got = client.create_keyed("k", &by_name).await;

    assert_eq!(code(&got), "code 6");
}

#[tokio::test]
async fn without_a_server_key_the_header_is_refused() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    for wire in Wire::ALL {
        let client = Client::new(&app).by(wire);
        let got = client.create_keyed("k", &login(&mini, PASSWORD)).await;
        let fault = got.err().unwrap();
        assert_eq!(fault.code, 12, "{wire:?}");
        assert!(fault.message.contains("SERVER_KEY"), "{}", fault.message);
    }
    assert_eq!(app.sessions_of(&mini.user_id).await.len(), 0);
}

#[tokio::test]
async fn a_key_is_short_printable_and_given_once() {
    let app = app(&[]).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let request = || client.request(Operation::CreateSession, &login(&mini, PASSWORD));
    let long = "k".repeat(256);
    for keys in [&[""][..], &[&*long], &["a", "b"], &["a", "a"]] {
        let mut request = request();
        for key in keys {
            request = header(request, "idempotency-key", key);
        }
        let answer = app.send(request, client.now).await;
        assert_eq!(answer.status, 400, "{keys:?}");
    }
    let longest = header(request(), "idempotency-key", &long[1..]);
    assert_eq!(app.send(longest, client.now).await.status, 200);
}

#[tokio::test]
async fn a_fault_of_the_message_comes_before_one_of_its_headers() {
    let app = app(&[]).await;
    let unsupported = Create {
        checks: Some(v2::Checks {
            idp_intent: Some(v2::CheckIdpIntent::default()),
            ..v2::Checks::default()
        }),
        ..Create::default()
    };

    for (request, want) in [(unsupported, 12), (Create::default(), 3)] {
        for wire in Wire::ALL {
            let client = Client::new(&app).over(wire, Version::V2);
            let mut request = client.request(Operation::CreateSession, &request);
            for _ in 0..2 {
                let value = "twice".parse().unwrap();
                request.headers.append("idempotency-key", value);
            }
            let answer = client.send(request).await;
            let error = client.created(&answer).err().unwrap();
            assert_eq!(error.code, want, "{wire:?}");
        }
    }
}
