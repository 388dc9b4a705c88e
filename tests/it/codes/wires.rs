//! Codes by every protocol.

use serde_json::json;
use sesame::domain::Operation;

use super::kind::{Kind, WRONG_LONG, WRONG_SHORT};
use super::{administrator, long, outcome, sending};
use crate::support::client::Wire;

#[tokio::test]
async fn each_code_is_taken_by_each_protocol() {
    let app = sending().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        for kind in Kind::ALL {
            let about = format!("{kind:?} by {wire:?}");
            let id = kind.user(admin, &about.replace(' ', "-")).await;
            let sent_before = app.outbox().len();
            kind.ask(admin, &id).await;
            assert_eq!(app.outbox().len(), sent_before + 1, "{about}");
            let message = app.outbox().pop().unwrap();
            let code = kind.code(&app, &id).await;
            assert!(message.text.contains(code.short()), "{about}");
            // What verifies a number has no template of a link.
            if kind != Kind::Phone {
                assert_eq!(long(&message), code.long(), "{about}");
            }

            for (text, want) in [
                ("", (3, "COMMAND-Fia4a")),
                (WRONG_SHORT, (3, kind.wrong())),
                (WRONG_LONG, (3, kind.wrong())),
            ] {
                let (rpc, message) = kind.take(&id, text);
                let error = admin.try_json(rpc, message).await.unwrap_err();
                let got = (error.code, error.id.as_deref());
                assert_eq!(got, (want.0, Some(want.1)), "{about} {text:?}");
            }
            kind.enter(admin, &id, code.short()).await.unwrap();
            let again = kind.enter(admin, &id, code.long()).await;
            assert_eq!(outcome(&again), kind.wrong(), "{about}");
        }
    }
}

#[tokio::test]
async fn a_returned_code_is_the_short_form() {
    let app = sending().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        for kind in [Kind::Email, Kind::Phone, Kind::MailReset, Kind::Invite] {
            let about = format!("{kind:?}-{wire:?}");
            let id = kind.user(admin, &about).await;
            let (rpc, mut message) = kind.request(&id);
            let fields = message.as_object_mut().unwrap();
            fields.remove("sendCode");
            fields.remove("sendLink");
            fields.insert("returnCode".to_owned(), json!({}));

            let answer = admin.ask(rpc, message).await.unwrap();

            let field = match kind {
                Kind::Invite => "inviteCode",
                _ => "verificationCode",
            };
            let code = kind.code(&app, &id).await;
            assert_eq!(answer[field], code.short(), "{about}");
            kind.enter(admin, &id, code.short()).await.unwrap();
        }
    }
    assert_eq!(
        app.outbox()
            .iter()
            .filter(|message| message.text.contains("http"))
            .count(),
        0
    );
}

/// Whoever may create sessions, codes are for principals alone.
#[tokio::test]
async fn nobody_is_no_principal() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::Email.user(admin, "mini").await;
    Kind::Email.ask(admin, &id).await;
    let code = Kind::Email.code(&app, &id).await;
    let mut calls = vec![
        (Operation::ResendEmailCode, json!({ "userId": id })),
        (Operation::ResendPhoneCode, json!({ "userId": id })),
        (Operation::ResendInviteCode, json!({ "userId": id })),
    ];
    for kind in Kind::ALL {
        calls.push(kind.request(&id));
        calls.push(kind.take(&id, code.short()));
        calls.push(kind.take(&id, WRONG_LONG));
    }
    let sent = app.outbox().len();
    app.faults.clear();
    for wire in Wire::ALL {
        for (rpc, message) in &calls {
            let anonymous = app.client().by(wire);
            let error = anonymous.try_json(*rpc, message.clone()).await.unwrap_err();
            assert_eq!(error.code, 16, "{rpc:?} by {wire:?}");
        }
    }
    assert_eq!(app.faults.actions().len(), 0);
    assert_eq!(app.outbox().len(), sent);
    Kind::Email.enter(admin, &id, code.short()).await.unwrap();
}
