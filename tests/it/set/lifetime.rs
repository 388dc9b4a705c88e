//! How far a session can be prolonged.

use std::time::Duration;

use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::Timestamp;

use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, checks, code, millis, set};
use crate::support::client::{password_alone, proving, seconds};

const SETTINGS: [(&str, &str); 2] = [
    ("SESSION_LIFETIME_SECONDS", "60"),
    ("MAX_SESSION_LIFETIME_SECONDS", "100"),
];

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// Prolongs a session by 60 s every 30 s for as long as that is accepted, and returns its last
/// expiry.
async fn prolonged(client: Client<'_>, created: &v2::CreateSessionResponse, from: u64) -> u64 {
    let id = &*created.session_id;
    let mut token = created.session_token.clone();
    let mut end = None;
    for tries in 1.. {
        assert!(tries < 20, "it lives for ever");
        let client = client.at(at(from + 30 * tries));
        let longer = Set {
            session_id: id.to_owned(),
            session_token: token.clone(),
            lifetime: Some(seconds(60)),
            ..Set::default()
        };
        match client.set(&longer).await {
            Err(fault) => {
                assert_eq!(fault.id.as_deref(), Some("COMMAND-Hkl3d"));
                break;
            }
            Ok(changed) => token = changed.session_token,
        }
        let session = client.get(id, Some(&token)).await.unwrap();
        end = session.expiration_date;
    }
    let end = millis(end.as_ref());
    u64::try_from(end.as_millis() - NOW.as_millis()).unwrap() / 1000
}

#[tokio::test]
async fn a_session_cannot_be_prolonged_forever() {
    let app = App::with(&SETTINGS).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);

    let anonymous = client.create(&Create::default()).await.unwrap();
    assert_eq!(prolonged(client, &anonymous, 0).await, 100);
    let login = client.login(&mini).await;
    assert_eq!(prolonged(client, &login, 0).await, 100);

    // Only a password that is checked again starts the maximum anew.
    let login = client.login(&mini).await;
    let prove = proving(&login, password_alone(PASSWORD));
    let proved = client.at(at(50)).set(&prove).await.unwrap();
    let proved = v2::CreateSessionResponse {
        session_token: proved.session_token,
        ..login
    };
    assert_eq!(prolonged(client, &proved, 0).await, 150);
}

#[tokio::test]
async fn naming_a_user_prolongs_no_session() {
    let app = App::with(&SETTINGS).await;
    let mini = app.user("mini").await;
    let client = app.service(&sesame::domain::Permission::ALL).await;
    let anonymous = client.create(&Create::default()).await.unwrap();
    let name = Set {
        checks: Some(checks(&mini, None)),
        lifetime: Some(seconds(100)),
        ..set(&anonymous)
    };
    let named = client.at(at(50)).set(&name).await.unwrap();
    let named = v2::CreateSessionResponse {
        session_token: named.session_token,
        ..anonymous
    };
    assert_eq!(prolonged(client, &named, 30).await, 100);
}

#[tokio::test]
async fn a_lifetime_over_the_maximum_is_refused_and_one_past_the_end_is_cut() {
    let app = App::with(&SETTINGS).await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let with = |lifetime| Set {
        lifetime: Some(seconds(lifetime)),
        ..set(&created)
    };
    let late = client.at(at(50));
    assert_eq!(code(&late.set(&with(101)).await), "code 3");
    let changed = late.set(&with(100)).await.unwrap();
    let token = Some(&*changed.session_token);
    let session = late.get(&created.session_id, token).await.unwrap();
    assert_eq!(millis(session.expiration_date.as_ref()), at(100));
}

/// The maximum was lowered after the session was created: an expiry in the past is refused.
#[tokio::test]
async fn a_session_is_not_prolonged_past_its_absolute_end() {
    let app = App::with(&[("MAX_SESSION_LIFETIME_SECONDS", "86400")]).await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let app = app.beside(&SETTINGS);
    let late = Client::new(&app).at(at(100));
    let longer = Set {
        lifetime: Some(seconds(10)),
        ..set(&created)
    };
    assert_eq!(code(&late.set(&longer).await), "COMMAND-Hkl3d");
    let just_before = Client::new(&app).at(at(99));
    assert_eq!(code(&just_before.set(&longer).await), "ok");
}
