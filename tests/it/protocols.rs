//! The protocols and versions differ only in how they write the same calls and answers.

mod base_path;
mod bodies;
mod errors;
mod properties;

use std::collections::BTreeMap;
use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::api::proto::zitadel::session::v2::check_user::Search;
use sesame::domain::Operation::CreateSession;
use sesame::domain::UserAgent;

use crate::support::app::{App, NOW};
use crate::support::client::{Client, Wire};

/// A create with a login name and a password.
fn checks(name: &str, password: &str) -> Create {
    let search = Search::LoginName(name.to_owned());
    Create {
        checks: Some(v2::Checks {
            user: Some(v2::CheckUser {
                search: Some(search),
            }),
            password: Some(v2::CheckPassword {
                password: password.to_owned(),
            }),
            ..v2::Checks::default()
        }),
        ..Create::default()
    }
}

#[tokio::test]
async fn the_later_versions_take_a_lifetime_and_a_user_agent() {
    let app = App::with(&[("MAX_SESSION_LIFETIME_SECONDS", "86400")]).await;
    let values = vec!["Mouse/1.0".to_owned(), String::new()];
    let header = BTreeMap::from([("user-agent".to_owned(), values)]);
    let headers = header.clone().into_iter();
    let request = Create {
        lifetime: Some(prost_types::Duration {
            seconds: 90,
            nanos: 500_000_000,
        }),
        user_agent: Some(v2::UserAgent {
            fingerprint_id: Some("f".to_owned()),
            ip: None,
            description: Some(String::new()),
            header: headers
                .map(|(name, values)| (name, v2::user_agent::HeaderValues { values }))
                .collect(),
        }),
        ..Create::default()
    };
    let fingerprint_id = Some("f".to_owned());
    let agent = UserAgent {
        fingerprint_id,
        ip: None,
        description: Some(String::new()),
        header,
    };
    for wire in Wire::ALL {
        for (version, sequence, millis, agent) in [
            (Version::V2alpha, 2, 86_400_000, None),
            (Version::V2beta, 3, 90_500, Some(&agent)),
            (Version::V2, 3, 90_500, Some(&agent)),
        ] {
            let client = Client::new(&app).over(wire, version);
            let answer = client.send(client.request(CreateSession, &request)).await;

            let created = client.created(&answer).unwrap();
            let stored = app
                .store
                .get_session(created.session_id.parse().unwrap())
                .await;
            let stored = stored.unwrap().unwrap();
            assert_eq!(created.details.unwrap().sequence, sequence);
            let end = NOW.plus(Duration::from_millis(millis));
            assert_eq!(stored.expires_at, end, "{wire:?} {version:?}");
            assert_eq!(stored.user_agent.as_ref(), agent, "{wire:?} {version:?}");
        }
    }
}
