//! Hashes of other programs and of other settings are replaced at the next login.

use serde_json::json;
use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2;
use sesame::domain::{Permission, UserState};
use sesame::password::PasswordHash;

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD, by_name};
use crate::support::client::{Wire, checks, code};
use crate::support::faults::Fault;

/// Hashes of `V3ryS3cure!` made by other tools.
pub const IMPORTED: [(&str, &str); 6] = [
    (
        "argon2i",
        "$argon2i$v=19$m=4096,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$rb5q8UsmDRDOuRiPka7u3nSePE8V3Ck/QZbje4W9tkg",
    ),
    (
        "bcrypt",
        "$2b$04$IyIZV5OrJTJeUnYjviMlBuL/phAMDFvYc7in7lFKKzK73dRz0C7sC",
    ),
    (
        "scrypt",
        "$scrypt$ln=10,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$VaYiorKmRNRjeib/NUopxrhz2n5svZPAS1utBdOtqHk",
    ),
    (
        "pbkdf2",
        "$pbkdf2-sha256$1000$Ycy5d05JSUmplbL2PgcgRA$TOAYfzN1PJZjzDNhh5EeyjvHhEdRuQFQIEwMKdXl8GQ",
    ),
    (
        "sha256-crypt",
        "$5$rounds=1000$Wvbsc1vxpALNWUgA$TYgrHSjm0bjgXpscB2P1ozKUIXUGJxYuqsqm.G1ABg9",
    ),
    (
        "sha512-crypt",
        "$6$rounds=1000$poZgLW99eaQDcpDD$yZaHXQ21XJq1tIpnZLasvN/bu7S4HcmR0/wrndKmmXVY/HyokvinQudMw55y1uTIeQlDeoWwiuTKxReDhXkZ..",
    ),
];

/// Each form of another program with its password. All wires and versions have their turn.
pub const OF_PROGRAMS: [(&str, &str); 25] = include!("../../../src/password/program_vectors.in");

#[tokio::test]
async fn a_hash_of_another_program_is_checked_and_replaced_in_every_protocol() {
    let app = App::start().await;
    let current = app.password_pool();
    let wires = Wire::ALL.into_iter().cycle();
    let imported = IMPORTED.map(|(_, hash)| (PASSWORD, hash));
    let hashes = OF_PROGRAMS.into_iter().chain(imported);
    for (n, ((password, hash), wire)) in hashes.zip(wires).enumerate() {
        let version = Version::ALL[n / Wire::ALL.len() % Version::ALL.len()];
        let client = app.client().over(wire, version);
        let user = app.user_with_hash(&format!("u{n}"), Some(hash)).await;
        let create = |password: &str| v2::CreateSessionRequest {
            checks: Some(checks(&user, Some(password))),
            ..v2::CreateSessionRequest::default()
        };

        let wrong = client.create(&create("wrong")).await;
        let kept = app.login(&format!("u{n}")).await.password_hash.unwrap();
        assert_eq!(kept.as_str(), hash, "kept while the password is wrong");
        let right = client.create(&create(password)).await;
        let stored = app.login(&format!("u{n}")).await.password_hash.unwrap();
        let again = client.create(&create(password)).await;

        assert_eq!(code(&wrong), "COMMAND-3M0fs", "{hash} {wire:?}");
        assert_eq!(code(&right), "ok", "{hash} {wire:?}");
        let stored = PasswordHash::parse(stored.as_str()).unwrap();
        assert!(current.is_current(&stored), "{hash} {wire:?}");
        assert_eq!(code(&again), "ok", "{hash} {wire:?}");
    }
}

/// The hashes are those of the password: a check of all of it would match.
#[tokio::test]
async fn a_password_too_long_for_the_rounds_of_its_hash_is_wrong_in_every_protocol() {
    const PHPASS: (usize, &str) = (127, "$P$IabcdefghU1.0me8a/s203YAyOVH050");
    const SHA_CRYPT: (usize, &str) = (
        137,
        "$6$rounds=1000000$saltstring$j.sUZbEDcuyW3ko8Sv7Mg.VPRmjKsDrHYbmdfOwQlCAPH6t4EFkTFr.8HaptN7dWbEwT5EC2knN4BuJ8Wz77d1",
    );

    let app = App::start().await;
    let hashes = [PHPASS, SHA_CRYPT].into_iter().cycle();
    for (wire, (length, hash)) in Wire::ALL.into_iter().zip(hashes) {
        let user = app.user_with_hash(&format!("{wire:?}"), Some(hash)).await;
        let request = v2::CreateSessionRequest {
            checks: Some(checks(&user, Some(&"x".repeat(length)))),
            ..v2::CreateSessionRequest::default()
        };

        let refused = app.client().over(wire, Version::V2).create(&request).await;

        assert_eq!(code(&refused), "COMMAND-3M0fs", "{hash} {wire:?}");
    }
}

#[tokio::test]
async fn a_login_stores_a_hash_of_the_current_settings() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let before = app.login("mini").await.password_hash.unwrap();

    app.client().log_in(&mini, PASSWORD).await;
    let same = app.login("mini").await.password_hash.unwrap();
    let stronger = app.beside(&[("ARGON2_MEMORY_KIB", "7168"), ("ARGON2_PASSES", "5")]);
    let answer = stronger.client().log_in(&mini, PASSWORD).await;
    let replaced = app.login("mini").await.password_hash.unwrap();

    assert_eq!(before, same);
    assert_eq!(answer.outcome(), "ok");
    assert!(before.as_str().contains("t=1,") && replaced.as_str().contains("t=5,"));
    assert_eq!(
        stronger.client().log_in(&mini, PASSWORD).await.outcome(),
        "ok"
    );
}

#[tokio::test]
async fn a_hash_that_was_replaced_during_a_login_is_kept() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let other = sesame::domain::HashString::new("$2b$04$another".to_owned());
    let late = sesame::domain::HashString::new("$2b$04$mine".to_owned());

    assert!(
        app.store
            .replace_password_hash(&mini, &other)
            .await
            .unwrap()
    );
    assert!(!app.store.replace_password_hash(&mini, &late).await.unwrap());

    assert_eq!(app.login("mini").await.password_hash.unwrap(), other);
}

#[tokio::test]
async fn an_unreadable_hash_is_an_internal_error() {
    let app = App::start().await;
    let user = app.user_with_hash("odd", Some("$md5$x")).await;
    let _hour = std::time::Duration::from_hours(1);
    let token = app.service(&[Permission::SessionWrite]).await;
    let body = by_name(&user.login_name, PASSWORD);

    let to_a_caller = token.create_json(&body).await;
    let to_anyone = app.client().create_json(&body).await;

    assert_eq!(to_a_caller.status.as_u16(), 500);
    // An error would reveal that there is such a user.
    assert_eq!(to_anyone.outcome(), "COMMAND-3M0fs");
    let lines = app.logged();
    assert!(lines[0]["cause"].is_string() && lines[1]["beside"].is_string());
    assert!(lines[1]["hash_ms"].is_number());
}

#[tokio::test]
async fn a_login_does_not_fail_because_its_new_hash_was_not_stored() {
    let app = App::start().await;
    let (name, hash) = IMPORTED[1];
    let user = app.user_with_hash(name, Some(hash)).await;
    app.faults.delay("UpdateItem", 1, std::time::Duration::ZERO);
    app.faults.inject(
        Fault::Answer(400, "AccessDeniedException")
            .times(2)
            .for_action("UpdateItem"),
    );

    let answer = app.client().log_in(&user, PASSWORD).await;

    assert_eq!(answer.outcome(), "ok");
    assert_eq!(app.login(name).await.password_hash.unwrap().as_str(), hash);
}

#[tokio::test]
async fn a_renamed_or_reactivated_user_logs_in_and_a_deleted_one_does_not() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    app.user("other").await;
    let log_in = async |name: &str| {
        let answer = app
            .client()
            .create_json(&by_name(&app.login_name(name), PASSWORD))
            .await;
        answer.outcome()
    };

    let seen = app.login("mini").await;
    assert!(
        !app.store
            .rename_user(&seen, app.login_name("other"))
            .await
            .unwrap()
    );
    assert!(
        app.store
            .rename_user(&seen, app.login_name("maxi"))
            .await
            .unwrap()
    );
    assert!(
        !app.store
            .rename_user(&seen, app.login_name("again"))
            .await
            .unwrap()
    );
    assert_eq!(log_in("mini").await, "COMMAND-3M0fs");
    assert_eq!(log_in("maxi").await, "ok");
    let by_id = json!({ "checks": { "user": { "userId": mini.user_id.as_str() } } });
    let page = app.service(&[Permission::SessionWrite]).await;
    let named = page.create_json(&by_id).await;
    assert_eq!(named.outcome(), "ok");

    let set_state = async |state| {
        let seen = app.login("other").await;
        app.store.set_user_state(&seen, state).await.unwrap()
    };
    let unlock = async || {
        let seen = app.login("other").await;
        app.store.unlock_user(&seen).await.unwrap()
    };
    assert!(set_state(UserState::Locked).await);
    assert!(unlock().await);
    assert!(set_state(UserState::Inactive).await);
    assert!(!unlock().await, "not by unlocking");
    assert!(set_state(UserState::Active).await);
    assert_eq!(log_in("other").await, "ok");

    let seen = app.login("maxi").await;
    assert!(app.store.delete_user(&seen).await.unwrap());
    assert!(!app.store.delete_user(&seen).await.unwrap());
    let named = page.create_json(&by_id).await;
    assert_eq!(named.outcome(), "QUERY-Dfbg2");
    let state = UserState::Active;
    assert!(!app.store.set_user_state(&seen, state).await.unwrap());
}
