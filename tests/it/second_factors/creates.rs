//! Users who are added with an authenticator app that they have already.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::{SERVER_KEY, administrator, human, log_in, methods, outcome, start, steps, totp};
use crate::support::app::{App, NOW};
use crate::support::client::Wire;

/// 20 bytes.
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// The requests that add a user with this secret.
fn creates(app: &App, name: &str, secret: &str) -> [(Operation, Value); 2] {
    let name_of = |rpc: &str| format!("{name}-{rpc}");
    let mut added = human(app, &name_of("added"));
    added["totpSecret"] = json!(secret);
    let mut human = human(app, &name_of("created"));
    let fields = human.as_object_mut().unwrap();
    let mut created = json!({ "organizationId": "69629023906488334" });
    for name in ["userId", "username"] {
        created[name] = fields.remove(name).unwrap();
    }
    human["totpSecret"] = json!(secret);
    created["human"] = human;
    [
        (Operation::AddHumanUser, added),
        (Operation::CreateUser, created),
    ]
}

#[tokio::test]
async fn a_secret_is_a_factor_at_once() {
    let app = start().await;
    let admin = administrator(&app).await;
    let writer = app.service(&[Permission::UserWrite]).await;
    for wire in Wire::ALL {
        for (rpc, message) in creates(&app, &format!("{wire:?}"), SECRET) {
            let about = format!("{rpc:?} {wire:?}");
            writer.by(wire).ask(rpc, message.clone()).await.unwrap();
            let id = message["userId"].as_str().unwrap();

            assert_eq!(methods(admin, id).await, ["PASSWORD", "TOTP"], "{about}");
            // No code of it was used yet.
            for (check, want) in [
                (totp(SECRET, NOW), "ok"),
                (totp(SECRET, NOW), "EVENT-8isk2"),
                (totp(SECRET, steps(1)), "ok"),
            ] {
                let got = log_in(app.client(), id, check).await;
                assert_eq!(outcome(&got), want, "{about}");
            }
        }
    }
}

#[tokio::test]
async fn a_secret_has_16_to_64_bytes_in_base32() {
    let app = start().await;
    let writer = app.service(&[Permission::UserWrite]).await;
    let long = |characters: usize| "A".repeat(characters);
    for (n, (secret, want)) in [
        // 16 bytes are 25.6 characters, 64 are 102.4.
        (long(26), "ok"),
        (format!("{}======", long(26)), "ok"),
        (long(26).to_lowercase(), "ok"),
        (long(103), "ok"),
        (String::new(), "code 3"),
        (long(24), "code 3"),
        (long(104), "code 3"),
        (long(201), "code 3"),
        ("0".repeat(32), "code 3"),
        ("ä".repeat(32), "code 3"),
    ]
    .into_iter()
    .enumerate()
    {
        for (rpc, message) in creates(&app, &n.to_string(), &secret) {
            let got = writer.ask(rpc, message).await;
            assert_eq!(outcome(&got), want, "{rpc:?} {secret}");
        }
    }
}

#[tokio::test]
async fn a_secret_takes_a_key_and_that_apps_may_be_set_up() {
    for (settings, want) in [
        (&[][..], "code 12"),
        (
            &[SERVER_KEY, ("SECOND_FACTORS", "otp_email")],
            "SESAME-Foff1",
        ),
        (&[SERVER_KEY, ("SECOND_FACTORS", "totp")], "ok"),
    ] {
        let app = App::emulated(settings).await;
        let writer = app.service(&[Permission::UserWrite]).await;
        for (rpc, message) in creates(&app, "mini", SECRET) {
            let got = writer.ask(rpc, message).await;
            assert_eq!(outcome(&got), want, "{rpc:?} {settings:?}");
        }
    }
}
