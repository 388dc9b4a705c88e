//! Passwords that are set by a code.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::kind::{Kind, WRONG_LONG, WRONG_SHORT};
use super::{
    DENIED, MINUTE, NEW_PASSWORD, administrator, as_user, log_in, new_address, outcome, read,
    reset, sending,
};
use crate::support::app::PASSWORD;
use crate::support::client::Client;

const KIND: Kind = Kind::MailReset;

async fn tries(client: Client<'_>, id: &str) -> u32 {
    KIND.stored(client.app, id).await.active.unwrap().tries
}

/// The rules that need no user come first.
#[tokio::test]
async fn a_refused_password_costs_no_code() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = KIND.user(admin, "mini").await;
    KIND.ask(admin, &id).await;
    let code = KIND.code(&app, &id).await;
    for text in [code.short(), code.long(), WRONG_SHORT] {
        for (password, want) in [("short", "DOMAIN-HuJf6"), ("password", "SESAME-Pcom1")] {
            app.faults.clear();
            let set = admin
                .ask(Operation::SetPassword, reset(&id, password, text))
                .await;
            assert_eq!(outcome(&set), want);
            assert_eq!(app.faults.actions(), [""; 0], "nothing is read");
        }
    }
    assert_eq!(tries(admin, &id).await, 0);
    KIND.enter(admin, &id, code.short()).await.unwrap();
}

/// Who has no code isn't told which names the user has.
#[tokio::test]
async fn a_password_made_of_the_users_names_is_refused_behind_the_code() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let id = KIND.user(admin, "mini").await;
    KIND.ask(admin, &id).await;
    let code = KIND.code(&app, &id).await;
    // The login name is the id.
    for wrong in [WRONG_LONG, WRONG_SHORT] {
        let set = page
            .ask(Operation::SetPassword, reset(&id, &id, wrong))
            .await;
        assert_eq!(outcome(&set), "CODE-woT0xc");
    }
    assert_eq!(tries(admin, &id).await, 1);
    for _ in 0..10 {
        for right in [code.short(), code.long()] {
            let set = page
                .ask(Operation::SetPassword, reset(&id, &id, right))
                .await;
            assert_eq!(outcome(&set), "SESAME-Pwor1");
        }
    }
    // The try of a right code is given back.
    assert_eq!(tries(admin, &id).await, 1);
    KIND.enter(page, &id, code.short()).await.unwrap();
    assert_eq!(log_in(admin, &id, NEW_PASSWORD).await, "ok");
}

#[tokio::test]
async fn a_wrong_code_costs_no_hash() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let id = KIND.user(admin, "mini").await;
    KIND.ask(admin, &id).await;
    let code = KIND.code(&app, &id).await;
    app.logged();
    for client in [admin, page] {
        for (id, text) in [
            (&*id, WRONG_SHORT),
            (&*id, WRONG_LONG),
            ("nobody", WRONG_LONG),
        ] {
            let set = client
                .ask(Operation::SetPassword, reset(id, NEW_PASSWORD, text))
                .await;
            assert!(set.is_err());
            let line = app.logged().pop().unwrap();
            assert!(
                line["hash_ms"].is_null() && line["hashes"].is_null(),
                "{line}"
            );
        }
    }
    KIND.enter(page, &id, code.short()).await.unwrap();
    assert_eq!(app.logged().pop().unwrap()["hashes"], 1);
}

#[tokio::test]
async fn a_reset_gives_a_password_to_who_has_none_and_ends_the_sessions() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::Invite.user(admin, "without").await;
    KIND.ask(admin, &id).await;
    let code = KIND.code(&app, &id).await;
    KIND.enter(admin, &id, code.short()).await.unwrap();
    assert_eq!(log_in(admin, &id, NEW_PASSWORD).await, "ok");

    let own = as_user(app.client(), &id, NEW_PASSWORD).await;
    let later = own.later(MINUTE);
    KIND.ask(later, &id).await;
    let code = KIND.code(&app, &id).await;
    let set = reset(&id, "a third horse", code.short());
    later.ask(Operation::SetPassword, set).await.unwrap();
    // The session in which the user asked is the user's own, and stays.
    let got = later
        .ask(Operation::GetUserByID, json!({ "userId": id }))
        .await;
    assert_eq!(outcome(&got), "ok");
    assert_eq!(log_in(later, &id, "a third horse").await, "ok");
    assert_ne!(log_in(later, &id, NEW_PASSWORD).await, "ok");
}

/// A code permits a new password and nothing else.
#[tokio::test]
async fn an_update_sets_a_password_by_a_code_alone() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let id = KIND.user(admin, "mini").await;
    for (n, rpc) in [Operation::UpdateHumanUser, Operation::UpdateUser]
        .into_iter()
        .enumerate()
    {
        let after = MINUTE * u32::try_from(n).unwrap();
        let (admin, page) = (admin.later(after), page.later(after));
        KIND.ask(admin, &id).await;
        let code = KIND.code(&app, &id).await;
        let new = format!("{NEW_PASSWORD} {n}");
        let update = |code: &str, extra: Value, required: bool| {
            let password = json!({ "password": new, "changeRequired": required });
            let mut human = json!({
                "password": { "password": password, "verificationCode": code },
            });
            human
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            let mut message = match rpc {
                Operation::UpdateUser => json!({ "human": human }),
                _ => human,
            };
            message["userId"] = json!(id);
            message
        };
        let long = code.long();
        let email = json!({ "email": { "email": new_address(&id), "sendCode": {} } });
        let names = json!({ "profile": { "givenName": "Maxi", "familyName": "Mouse" } });
        for (message, want) in [
            (update(long, email, false), DENIED),
            (update(long, names, false), DENIED),
            (update(long, json!({}), true), DENIED),
            (update("", json!({}), false), "COMMAND-Fia4a"),
            (update(WRONG_LONG, json!({}), false), "CODE-woT0xc"),
            (update(long, json!({}), false), "ok"),
            (update(long, json!({}), false), "CODE-woT0xc"),
        ] {
            assert_eq!(outcome(&page.ask(rpc, message).await), want, "{rpc:?}");
        }
        assert_eq!(log_in(admin, &id, &new).await, "ok", "{rpc:?}");
        let user = read(admin, &id).await;
        assert_eq!(user["profile"]["givenName"], "Mini");
    }
}

/// Whoever holds a code has no say over hashes, and whether the password is to be changed.
#[tokio::test]
async fn a_hash_is_set_by_who_may_write_users() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let id = KIND.user(admin, "mini").await;
    KIND.ask(admin, &id).await;
    let code = KIND.code(&app, &id).await;
    let update = json!({
        "userId": id,
        "password": {
            "hashedPassword": { "hash": "$2y$12$WZU1bL3OIcXzrCgZCNnl2u.6kl5a9Y1m5sQyqn5kGUz5h5xLZ6V2W" },
            "verificationCode": code.short(),
        },
    });
    let set = page.ask(Operation::UpdateHumanUser, update).await;
    assert_eq!(outcome(&set), DENIED);
    let mut required = reset(&id, NEW_PASSWORD, code.short());
    required["newPassword"]["changeRequired"] = json!(true);
    let set = page.ask(Operation::SetPassword, required.clone()).await;
    assert_eq!(outcome(&set), DENIED);
    assert_eq!(tries(admin, &id).await, 0);
    admin.ask(Operation::SetPassword, required).await.unwrap();
    assert_eq!(read(admin, &id).await["passwordChangeRequired"], true);
    assert_eq!(log_in(admin, &id, NEW_PASSWORD).await, "ok");
    assert_ne!(log_in(admin, &id, PASSWORD).await, "ok");
}
