//! The codes of links by which passkeys are registered.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::{
    Begun, Kind, MINUTE, add, add_user, address, administrator, as_user, begin, begin_with,
    methods, outcome, register, start, start_with,
};
use crate::support::app::App;
use crate::support::client::{Client, Wire};

pub(super) const WRONG: &str = "COMMAND-Eeb2a";
const TOO_WEAK: &str = "SESAME-Flnk1";
pub(super) const TEMPLATE: &str =
    "https://login.example/passkey?user={{.UserID}}&org={{.OrgID}}&id={{.CodeID}}&code={{.Code}}";

/// A client that may have passkeys registered by links, and nothing else.
pub(super) async fn linker(app: &App) -> Client<'_> {
    app.service(&[Permission::UserPasskeyWrite]).await
}

/// A client without any permission.
pub(super) async fn nobody(app: &App) -> Client<'_> {
    app.service(&[]).await
}

pub(super) async fn link(client: Client<'_>, user: &str, medium: Value) -> Result<Value, String> {
    let mut message = medium;
    message["userId"] = json!(user);
    client
        .ask(Operation::CreatePasskeyRegistrationLink, message)
        .await
}

/// Has a code returned.
pub(super) async fn returned(client: Client<'_>, user: &str) -> Value {
    let answer = link(client, user, json!({ "returnCode": {} }))
        .await
        .unwrap();
    answer["code"].clone()
}

/// Has a code sent, and takes it out of the link in the last message.
pub(super) async fn sent(client: Client<'_>, user: &str) -> Value {
    let medium = json!({ "sendLink": { "urlTemplate": TEMPLATE } });
    let answer = link(client, user, medium).await.unwrap();
    assert_eq!(answer.get("code"), None);
    let text = client.app.outbox().last().unwrap().text.clone();
    let query = text.split("https://login.example/passkey?").nth(1).unwrap();
    let query = query.split_whitespace().next().unwrap();
    let value = |name: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
        pair.unwrap().to_owned()
    };
    assert_eq!(value("user="), user);
    assert_eq!(value("org="), client.app.settings.policy.resource_owner);
    json!({ "id": value("id="), "code": value("code=") })
}

pub(super) async fn begin_by(
    client: Client<'_>,
    user: &str,
    code: &Value,
) -> Result<Begun, String> {
    begin_with(client, Kind::Passkey, user, json!({ "code": code })).await
}

fn refused(begun: Result<Begun, String>) -> String {
    begun.err().unwrap_or_else(|| "ok".to_owned())
}

#[tokio::test]
async fn whoever_has_a_code_registers_a_passkey_once() {
    let app = start().await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    for wire in Wire::ALL {
        for is_sent in [true, false] {
            let about = format!("{wire:?}-{is_sent}");
            let user = add_user(admin, &about, false).await;
            let code = if is_sent {
                sent(linker.by(wire), &user).await
            } else {
                returned(linker.by(wire), &user).await
            };
            let anybody = nobody(&app).await.by(wire);
            let begun = begin_by(anybody, &user, &code).await.unwrap();
            let again = begin_by(anybody, &user, &code).await;
            assert_eq!(refused(again), WRONG, "{about}");
            let stranger = nobody(&app).await.by(wire);
            assert_eq!(begun.complete_rightly(stranger).await, "ok", "{about}");
            assert_eq!(methods(admin, &user).await, ["PASSKEY"], "{about}");
        }
    }
}

#[tokio::test]
async fn a_registration_that_no_code_began_is_for_those_who_have_the_right() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let anybody = nobody(&app).await;
    let begun = begin(admin, Kind::Passkey, &user).await;
    assert_eq!(begun.complete_rightly(anybody).await, "WEBAU-5M9so");
    assert_eq!(begun.complete_rightly(admin).await, "ok");
    let without = begin_with(anybody, Kind::Passkey, &user, json!({})).await;
    assert_eq!(refused(without), "AUTH-5mWD2");
}

#[tokio::test]
async fn a_code_is_right_for_its_id_user_and_purpose() {
    let app = start().await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    let (mini, other) = (add(admin, "mini").await, add(admin, "other").await);
    let code = returned(linker, &mini).await;
    let of_other = returned(linker, &other).await;
    let reset = json!({ "userId": mini, "returnCode": {} });
    let reset = admin.ask(Operation::PasswordReset, reset).await.unwrap();
    let reset = &reset["verificationCode"];
    let anybody = nobody(&app).await;
    for (what, user, code) in [
        ("another user's", &*mini, of_other.clone()),
        ("for another user", &*other, code.clone()),
        ("for nobody", "nobody", code.clone()),
        (
            "a wrong code",
            &mini,
            json!({ "id": code["id"], "code": "2".repeat(20) }),
        ),
        (
            "a wrong short code",
            &mini,
            json!({ "id": code["id"], "code": "22222222" }),
        ),
        (
            "a reset's",
            &mini,
            json!({ "id": code["id"], "code": reset }),
        ),
        (
            "another's id",
            &mini,
            json!({ "id": of_other["id"], "code": code["code"] }),
        ),
        (
            "no id",
            &mini,
            json!({ "id": "laptop", "code": code["code"] }),
        ),
    ] {
        let got = refused(begin_by(anybody, user, &code).await);
        assert_eq!(got, WRONG, "{what}");
        let got = refused(begin_by(admin, user, &code).await);
        let unknown = user == "nobody";
        assert_eq!(got, if unknown { "COMMAND-4g3xq" } else { WRONG }, "{what}");
    }
    for (code, want) in [
        (json!({ "id": "", "code": "2" }), "code 3"),
        (json!({ "id": "a".repeat(201), "code": "2" }), "code 3"),
        (json!({ "id": "a", "code": "2".repeat(201) }), "code 3"),
        (json!({ "id": "a", "code": "" }), "code 3"),
    ] {
        assert_eq!(
            refused(begin_by(anybody, &mini, &code).await),
            want,
            "{code}"
        );
    }
    let late = anybody.later(Duration::from_hours(1));
    assert_eq!(refused(begin_by(late, &mini, &code).await), WRONG);
    assert_eq!(refused(begin_by(anybody, &mini, &code).await), "ok");
}

#[tokio::test]
async fn a_code_that_was_sent_is_for_users_without_second_factor_and_passkey() {
    let app = start().await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    for (kind, has) in [
        (None, false),
        (Some(Kind::Passkey), true),
        (Some(Kind::U2f), true),
    ] {
        for is_sent in [true, false] {
            let about = format!("{}-{is_sent}", kind.map_or("none", Kind::method));
            let user = add(admin, &about).await;
            if let Some(kind) = kind {
                register(admin, kind, &user).await;
            }
            let code = if is_sent {
                sent(linker, &user).await
            } else {
                returned(linker, &user).await
            };
            let want = if has && is_sent { TOO_WEAK } else { "ok" };
            let anybody = nobody(&app).await;
            assert_eq!(
                refused(begin_by(anybody, &user, &code).await),
                want,
                "{about}"
            );
            if want == TOO_WEAK {
                // A page with the permission passes on what it was given.
                let got = refused(begin_by(admin, &user, &code).await);
                assert_eq!(got, TOO_WEAK, "{about}");
            }
        }
    }
}

/// With a code or without, the user registers in a session of the strongest kind.
#[tokio::test]
async fn a_user_needs_no_code_and_may_have_one() {
    let app = start().await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    let user = add(admin, "mini").await;
    let own = as_user(app.client(), &user).await;
    let code = sent(linker, &user).await;
    let late = own.later(MINUTE * 10);
    let without = begin_with(late, Kind::Passkey, &user, json!({})).await;
    assert_eq!(refused(without), "SESAME-Fres1");
    let begun = begin_by(late, &user, &code).await.unwrap();
    assert_eq!(begun.complete_rightly(late).await, "ok");
    // The session is as strong as a passkey demands of one by password.
    let code = sent(linker.later(MINUTE * 2), &user).await;
    let at = as_user(app.client().later(MINUTE * 2), &user).await;
    let got = refused(begin_by(at, &user, &code).await);
    assert_eq!(got, TOO_WEAK, "a password is less than the passkey");
}

#[tokio::test]
async fn a_code_that_is_sent_and_one_that_is_returned_end_each_other() {
    let app = start().await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    let anybody = nobody(&app).await;
    let user = add(admin, "mini").await;
    let first = sent(linker, &user).await;
    let second = returned(linker, &user).await;
    assert_eq!(second, returned(linker, &user).await);
    assert_eq!(refused(begin_by(anybody, &user, &first).await), WRONG);
    let third = sent(linker.later(MINUTE), &user).await;
    let at = anybody.later(MINUTE);
    assert_eq!(refused(begin_by(at, &user, &second).await), WRONG);
    assert_eq!(refused(begin_by(at, &user, &third).await), "ok");
}

/// Whoever reads the mail could else complete it beside the user's first factor.
#[tokio::test]
async fn the_first_factor_ends_what_a_code_began() {
    let app = start().await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    let anybody = nobody(&app).await;
    let user = add(admin, "mini").await;
    let code = sent(linker, &user).await;
    let by_code = begin_by(anybody, &user, &code).await.unwrap();
    let by_right = begin(admin, Kind::Passkey, &user).await;
    register(admin, Kind::U2f, &user).await;
    assert_eq!(by_code.complete_rightly(anybody).await, "WEBAU-5M9so");
    assert_eq!(by_right.complete_rightly(admin).await, "ok");
}

#[tokio::test]
async fn a_link_takes_its_permission_and_a_template() {
    let app = start().await;
    let admin = administrator(&app).await;
    let user = add(admin, "mini").await;
    let no_address = app.user("plain").await.user_id.to_string();
    let with = linker(&app).await;
    let others = Permission::ALL.into_iter();
    let others: Vec<_> = others
        .filter(|one| *one != Permission::UserPasskeyWrite)
        .collect();
    let without = app.service(&others).await;
    let own = as_user(app.client(), &user).await;
    let send = |template: &str| json!({ "sendLink": { "urlTemplate": template } });
    for (medium, want) in [
        (json!({ "returnCode": {} }), "ok"),
        (send(TEMPLATE), "ok"),
        (send("https://evil.example/?code={{.Code}}"), "DOMAIN-oGh5e"),
        (send("https://login.example/{{.CodeID}}"), "DOMAIN-ieYa7"),
        (json!({ "sendLink": {} }), "code 3"),
        (json!({}), "code 3"),
    ] {
        assert_eq!(
            outcome(&link(with, &user, medium.clone()).await),
            want,
            "{medium}"
        );
        if want != "code 3" {
            for client in [without, own] {
                let got = outcome(&link(client, &user, medium.clone()).await);
                assert_eq!(got, "AUTH-5mWD2", "{medium}");
            }
            let got = outcome(&link(app.client(), &user, medium.clone()).await);
            assert_eq!(got, "code 16", "{medium}");
        }
    }
    let medium = || json!({ "returnCode": {} });
    assert_eq!(
        outcome(&link(with, "nobody", medium()).await),
        "COMMAND-4g3xq"
    );
    assert_eq!(
        outcome(&link(with, &no_address, medium()).await),
        "SESAME-Nadr1"
    );
    let message = json!({ "userId": user });
    admin.ask(Operation::LockUser, message).await.unwrap();
    assert_eq!(outcome(&link(with, &user, medium()).await), "SESSION-Gj4ko");
}

#[tokio::test]
async fn a_link_is_sent_in_the_users_language() {
    let app = start_with(&[("ORGANIZATION_NAME", "Acme")]).await;
    let admin = administrator(&app).await;
    let linker = linker(&app).await;
    let user = add(admin, "mini").await;
    sent(linker, &user).await;
    let message = app.outbox().pop().unwrap();
    assert_eq!(message.to, address(&app, "mini"));
    assert_eq!(message.subject, "Set up a passkey for Acme");
    // Within a minute, it is not sent again.
    let medium = json!({ "sendLink": { "urlTemplate": TEMPLATE } });
    link(linker, &user, medium).await.unwrap();
    assert_eq!(app.outbox().len(), 1);
}
