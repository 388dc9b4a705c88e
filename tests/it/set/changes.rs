use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::{Permission, SessionId};

use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, HOUR, checks, code, metadata, millis, noting, sequence, set};
use crate::support::client::{password_alone, proving};

#[tokio::test]
async fn a_set_that_changes_nothing_writes_nothing() {
    let app = App::start().await;
    let client = Client::new(&app);
    let open = Create {
        metadata: metadata(&[("a", "1")]),
        ..Create::default()
    };
    let created = client.create(&open).await.unwrap();
    for entries in [
        &[][..],
        &[("a", "1")],
        &[("b", "")],
        &[("a", "1"), ("b", "")],
    ] {
        app.faults.clear();
        let same = Set {
            metadata: metadata(entries),
            ..set(&created)
        };
        let changed = client.later(HOUR).set(&same).await.unwrap();

        assert_eq!(app.faults.count("UpdateItem"), 0, "{entries:?}");
        assert!(changed.details == created.details, "{entries:?}");
        assert_eq!(changed.session_token, created.session_token, "{entries:?}");
    }
}

#[tokio::test]
async fn a_password_is_checked_against_the_sessions_own_user() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let password = password_alone(PASSWORD);
    let anonymous = client.create(&Create::default()).await.unwrap();
    let alone = proving(&anonymous, password.clone());
    assert_eq!(code(&client.set(&alone).await), "COMMAND-Sfw3f");

    let whole = proving(&anonymous, checks(&mini, Some(PASSWORD)));
    let proven = client.set(&whole).await.unwrap();
    assert_eq!(sequence(proven.details.as_ref()), 2 + 3);
    let again = Set {
        checks: Some(password),
        session_token: proven.session_token,
        ..set(&anonymous)
    };
    let renewed = client.later(HOUR).set(&again).await.unwrap();

    assert_eq!(sequence(renewed.details.as_ref()), 2 + 3 + 2);
    let session = client
        .get(&anonymous.session_id, Some(&renewed.session_token))
        .await
        .unwrap();
    let factors = session.factors.unwrap();
    let verified = millis(factors.password.unwrap().verified_at.as_ref());
    assert_eq!(verified, NOW.plus(HOUR));
    assert_eq!(millis(factors.user.unwrap().verified_at.as_ref()), NOW);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_in_a_set_counts_as_an_attempt() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "2")]).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let guess = |password| proving(&created, checks(&mini, Some(password)));

    for password in ["a", "b", "c", PASSWORD] {
        let outcome = client.set(&guess(password)).await;
        assert_eq!(code(&outcome), "COMMAND-3M0fs", "{password}");
    }
    assert_eq!(app.login("mini").await.attempts.failures, 2);
    let later = client.later(Duration::from_secs(30));
    assert_eq!(code(&later.set(&guess(PASSWORD)).await), "ok");
    assert_eq!(app.login("mini").await.attempts.failures, 0);
}

#[tokio::test]
async fn a_set_of_an_unknown_session_is_not_found() {
    let app = App::start().await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    for (id, want) in [
        (SessionId::generate().to_string(), "COMMAND-Flk38"),
        ("000000000000000000".to_owned(), "COMMAND-Flk38"),
        (created.session_id.replace('-', ""), "COMMAND-Flk38"),
        (format!(" {}", created.session_id), "COMMAND-Flk38"),
        (format!("{{{}}}", created.session_id), "COMMAND-Flk38"),
        ("ä".repeat(200), "COMMAND-Flk38"),
        ("a".repeat(201), "code 3"),
    ] {
        let request = Set {
            session_id: id.clone(),
            ..noting(&created)
        };
        for wire in crate::support::client::Wire::ALL {
            let client = client.by(wire);
            assert_eq!(code(&client.set(&request).await), want, "{wire:?} {id}");
        }
    }
}

#[tokio::test]
async fn before_v2_a_set_needs_the_session_token() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&[Permission::SessionWrite]).await;
    let created = client.create(&Create::default()).await.unwrap();
    for wire in crate::support::client::Wire::ALL {
        for (version, none, long) in [
            (Version::V2alpha, "code 3", "code 3"),
            (Version::V2beta, "code 3", "code 3"),
            (Version::V2, "ok", "code 3"),
        ] {
            let client = client.over(wire, version);
            let set = |token: String| Set {
                session_token: token,
                ..set(&created)
            };
            let got = client.set(&set(String::new())).await;
            assert_eq!(code(&got), none, "{wire:?} {version:?}");
            let got = client.set(&set("t".repeat(201))).await;
            assert_eq!(code(&got), long, "{wire:?} {version:?}");
            let got = client.set(&set("t".repeat(200))).await;
            assert_eq!(code(&got), "COMMAND-sGr42", "{wire:?} {version:?}");
        }
    }
}

#[tokio::test]
async fn metadata_stays_within_its_limits_over_many_sets() {
    let app = App::start().await;
    let client = Client::new(&app);
    let keys = |from: usize, to| (from..to).map(|n| (format!("k{n}"), vec![1])).collect();
    let open = Create {
        metadata: keys(0, 64),
        ..Create::default()
    };
    let created = client.create(&open).await.unwrap();

    let one_more = Set {
        metadata: keys(64, 65),
        ..set(&created)
    };
    assert_eq!(code(&client.set(&one_more).await), "code 3");
    // A right password is no failed attempt, whatever else is wrong.
    let mini = app.user("mini").await;
    let with_password = Set {
        checks: Some(checks(&mini, Some(PASSWORD))),
        ..one_more.clone()
    };
    assert_eq!(code(&client.set(&with_password).await), "code 3");
    assert_eq!(app.login("mini").await.attempts.made, 0);
    let mut exchange = one_more.clone();
    exchange.metadata.insert("k0".to_owned(), Vec::new());
    assert_eq!(code(&client.set(&exchange).await), "ok");
}
