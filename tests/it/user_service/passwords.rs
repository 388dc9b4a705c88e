use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::{NEW_PASSWORD, administrator, outcome, read, register, session, token};
use crate::support::app::{App, PASSWORD};
use crate::support::client::{Client, Wire};

async fn set(client: Client<'_>, id: &str, new: &str, current: Option<&str>) -> String {
    let mut message = json!({ "userId": id, "newPassword": { "password": new } });
    if let Some(current) = current {
        message["currentPassword"] = json!(current);
    }
    outcome(&client.ask(Operation::SetPassword, message).await)
}

async fn log_in(app: &App, id: &str, password: &str) -> String {
    let checks = json!({ "user": { "userId": id }, "password": { "password": password } });
    app.client()
        .create_json(&json!({ "checks": checks }))
        .await
        .outcome()
}

#[tokio::test]
async fn a_password_is_set_in_each_protocol() {
    let app = App::start().await;
    for (n, wire) in Wire::ALL.into_iter().enumerate() {
        let admin = administrator(&app).await.by(wire);
        let id = register(admin, &format!("mini{n}")).await;

        assert_eq!(set(admin, &id, NEW_PASSWORD, None).await, "ok", "{wire:?}");

        assert_eq!(log_in(&app, &id, PASSWORD).await, "COMMAND-3M0fs");
        assert_eq!(log_in(&app, &id, NEW_PASSWORD).await, "ok");
        assert_eq!(set(admin, &id, PASSWORD, Some(NEW_PASSWORD)).await, "ok");
        assert_eq!(log_in(&app, &id, PASSWORD).await, "ok");
        let code = json!({
            "userId": id, "newPassword": { "password": NEW_PASSWORD }, "verificationCode": "ABC",
        });
        let code = admin.ask(Operation::SetPassword, code).await;
        assert_eq!(outcome(&code), "code 12");
    }
}

/// The session with whose token users change their own password stays, with its token, and all others
/// in which something was proved end.
#[tokio::test]
async fn users_change_their_own_password_and_go_on() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let page = app
        .service(&[Permission::SessionRead, Permission::SessionWrite])
        .await;
    for (n, current) in [Some(PASSWORD), None].into_iter().enumerate() {
        let id = register(admin, &format!("mini{n}")).await;
        let own = session(&app, &id, PASSWORD).await;
        let other = session(&app, &id, PASSWORD).await;
        let unproved = json!({ "checks": { "user": { "userId": id } } });
        let unproved = page.create_json(&unproved).await.json();
        let user = app.client().bearing(own["sessionToken"].as_str().unwrap());

        assert_eq!(set(user, &id, NEW_PASSWORD, current).await, "ok");

        let get = async |session: &Value| {
            let get = json!({ "sessionId": session["sessionId"] });
            page.ask(Operation::GetSession, get).await
        };
        let kept = get(&own).await.unwrap();
        assert_eq!(kept["session"]["sequence"], "5", "a create has 4");
        assert_eq!(outcome(&get(&other).await), "QUERY-SFeaa");
        assert_eq!(outcome(&get(&unproved).await), "ok");
        assert_eq!(outcome(&read(user, &id).await), "ok", "the token stays");
        for session in [&own, &unproved] {
            let check = async |password: &str| {
                let set = json!({
                    "sessionId": session["sessionId"],
                    "checks": { "password": { "password": password } },
                });
                outcome(&page.ask(Operation::SetSession, set).await)
            };
            assert_eq!(check(PASSWORD).await, "COMMAND-3M0fs");
            assert_eq!(check(NEW_PASSWORD).await, "ok");
        }
    }
}

#[tokio::test]
async fn a_wrong_current_password_counts_as_a_failed_login() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "2")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let user = app.client().bearing(token(&app, &id, PASSWORD).await);

    assert_eq!(
        set(user, &id, NEW_PASSWORD, Some("wrong")).await,
        "COMMAND-3M0fs"
    );
    assert_eq!(
        set(admin, &id, NEW_PASSWORD, Some("wrong")).await,
        "COMMAND-3M0fs"
    );
    // Now it is locked, which is told to those alone who have session.write.
    assert_eq!(
        set(user, &id, NEW_PASSWORD, Some(PASSWORD)).await,
        "COMMAND-3M0fs"
    );
    let page = app
        .service(&[Permission::SessionWrite, Permission::UserWrite])
        .await;
    assert_eq!(
        set(page, &id, NEW_PASSWORD, Some(PASSWORD)).await,
        "COMMAND-JLK35"
    );
    assert_eq!(log_in(&app, &id, PASSWORD).await, "COMMAND-3M0fs");
    // An administrator needs no proof, and a new password forgives the failures.
    assert_eq!(set(admin, &id, NEW_PASSWORD, None).await, "ok");
    assert_eq!(log_in(&app, &id, NEW_PASSWORD).await, "ok");
}

/// A right current password is no failed attempt, whatever becomes of the change.
#[tokio::test]
async fn a_refused_password_costs_no_attempt() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let user = app.client().bearing(token(&app, &id, PASSWORD).await);
    for (new, want) in [
        ("short", "DOMAIN-HuJf6"),
        ("password1234", "SESAME-Pcom1"),
        ("MiniMouse1", "SESAME-Pwor1"),
        (PASSWORD, "COMMAND-Aesh5"),
        ("", "COMMAND-Mf0sd"),
    ] {
        assert_eq!(set(user, &id, new, Some(PASSWORD)).await, want, "{new}");
        assert_eq!(log_in(&app, &id, PASSWORD).await, "ok", "{new}");
    }
    // The same password in another encoding is the same.
    assert_eq!(
        set(user, &id, "\u{e9}clair au chocolat", Some(PASSWORD)).await,
        "ok"
    );
    let again = set(
        user,
        &id,
        "e\u{301}clair au chocolat",
        Some("\u{e9}clair au chocolat"),
    );
    assert_eq!(again.await, "COMMAND-Aesh5");
}

#[tokio::test]
async fn a_user_without_a_password_gets_one() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let mut message = super::human(&app, "mini");
    message["password"] = Value::Null;
    let id = admin.ask(Operation::AddHumanUser, message).await.unwrap()["userId"].take();
    let id = id.as_str().unwrap();
    let page = app
        .service(&[Permission::SessionWrite, Permission::UserWrite])
        .await;

    assert_eq!(
        set(page, id, NEW_PASSWORD, Some(PASSWORD)).await,
        "COMMAND-3nJ4t"
    );
    assert_eq!(set(admin, id, NEW_PASSWORD, None).await, "ok");
    assert_eq!(log_in(&app, id, NEW_PASSWORD).await, "ok");
}

#[tokio::test]
async fn a_password_that_is_to_be_changed_is_shown_until_it_is() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let required = async || {
        let user = read(admin, &id).await.unwrap();
        user["human"]["passwordChangeRequired"] == true
    };
    let message = json!({
        "userId": id, "newPassword": { "password": NEW_PASSWORD, "changeRequired": true },
    });
    admin.ask(Operation::SetPassword, message).await.unwrap();
    assert!(required().await);
    assert_eq!(
        log_in(&app, &id, NEW_PASSWORD).await,
        "ok",
        "it refuses no login"
    );

    let user = app.client().bearing(token(&app, &id, NEW_PASSWORD).await);
    assert_eq!(set(user, &id, PASSWORD, Some(NEW_PASSWORD)).await, "ok");
    assert!(!required().await);
}

/// `FRESH_SECONDS`, to the millisecond.
#[tokio::test]
async fn a_change_without_the_current_password_takes_a_fresh_proof() {
    let app = App::with(&[("FRESH_SECONDS", "30")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let user = app.client().bearing(token(&app, &id, PASSWORD).await);

    let old = user.later(Duration::from_secs(30));
    assert_eq!(set(old, &id, NEW_PASSWORD, None).await, "SESAME-Fres1");
    let fresh = user.later(Duration::from_millis(29_999));
    assert_eq!(set(fresh, &id, NEW_PASSWORD, None).await, "ok");
}

/// Of two who change the password at once by the former one, the second learns of the first.
#[tokio::test]
async fn two_changes_at_once_are_one_after_the_other() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let one = app.client().bearing(token(&app, &id, PASSWORD).await);
    let other = app.client().bearing(token(&app, &id, PASSWORD).await);

    let (first, second) = tokio::join!(
        set(one, &id, "correct horse one", Some(PASSWORD)),
        set(other, &id, "correct horse two", Some(PASSWORD)),
    );

    let done = [&first, &second]
        .into_iter()
        .filter(|one| *one == "ok")
        .count();
    assert_eq!(done, 1, "{first} {second}");
    let now = if first == "ok" {
        "correct horse one"
    } else {
        "correct horse two"
    };
    assert_eq!(log_in(&app, &id, now).await, "ok");
}

/// The new hash is computed in the turn of the check. Otherwise the change would wait for the turn of
/// a login at the same name, which waits for the change's attempt to be settled.
#[tokio::test]
async fn a_change_and_a_login_at_once_don_t_wait_for_each_other() {
    let mut app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "100")]).await;
    let (log, _) = sesame::log::Log::memory(None);
    let one_hash = std::num::NonZeroUsize::MIN;
    let (store, key) = (app.faulty.clone(), sesame::aws::KeySource::None);
    app.api = sesame::app::App::new(store, &app.settings, key, app.messenger(), one_hash, log);
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let user = app.client().bearing(token(&app, &id, PASSWORD).await);
    let passwords: Vec<_> = (0..8).map(|n| format!("correct horse {n}")).collect();
    let mut current = PASSWORD;
    for new in &passwords {
        let change = set(user, &id, new, Some(current));
        let logins = (0..6).map(|_| log_in(&app, &id, "wrong"));
        let both = futures_util::future::join(change, futures_util::future::join_all(logins));

        let both = tokio::time::timeout(Duration::from_mins(1), both).await;

        let (changed, logins) = both.expect("none waits for another for ever");
        assert_eq!(changed, "ok");
        assert!(logins.iter().all(|login| login == "COMMAND-3M0fs"));
        current = new;
    }
}

/// What was tried at the former password, before the change or during it, is no failure at the new
/// one.
#[tokio::test]
async fn no_failure_is_left_of_the_former_password() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let user = app.client().bearing(token(&app, &id, PASSWORD).await);

    assert_eq!(set(user, &id, NEW_PASSWORD, Some(PASSWORD)).await, "ok");
    assert_eq!(log_in(&app, &id, NEW_PASSWORD).await, "ok");

    // The guess comes between the read and the write.
    app.faults
        .delay("TransactWriteItems", 1, Duration::from_millis(500));
    let (changed, guess) = tokio::join!(set(admin, &id, PASSWORD, None), async {
        while app.faults.count("TransactWriteItems") < 3 {
            tokio::task::yield_now().await;
        }
        log_in(&app, &id, "wrong").await
    });
    assert_eq!((&*changed, &*guess), ("ok", "COMMAND-3M0fs"));
    assert_eq!(log_in(&app, &id, PASSWORD).await, "ok");
}

/// As for a login, it is refused before anything of the user is read.
#[tokio::test]
async fn over_the_limit_of_an_address_no_current_password_is_checked() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let own = token(&app, &id, PASSWORD).await;
    let user = app.client().bearing(own).from("203.0.113.1");
    for _ in 0..5 {
        let wrong = set(user, &id, NEW_PASSWORD, Some("wrong")).await;
        assert_eq!(wrong, "COMMAND-3M0fs");
    }
    app.faults.clear();

    assert_eq!(set(user, &id, NEW_PASSWORD, Some(PASSWORD)).await, "code 8");

    // The session's own read is all.
    assert_eq!(app.faults.actions(), ["BatchGetItem"]);
    assert_eq!(
        set(user, &id, NEW_PASSWORD, None).await,
        "ok",
        "nothing is checked"
    );
}
