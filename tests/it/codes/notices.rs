//! Messages that tell a user of a change.

use serde_json::{Value, json};
use sesame::domain::Operation;
use sesame::emulator::SentMessage;

use super::kind::Kind;
use super::{
    MINUTE, NEW_PASSWORD, SECOND, address, administrator, as_user, new_address, new_number, number,
    read, reset, sending, sending_with,
};
use crate::support::app::PASSWORD;
use crate::support::client::Client;
use crate::support::faults::Fault;

/// The changes that a user is told of, and the subject of the message.
fn changes(id: &str) -> Vec<(Operation, Value, &'static str)> {
    let of_user = |mut message: Value| {
        message["userId"] = json!(id);
        message
    };
    let password = "Your password for Sesame was changed";
    let phone = "Your phone number for Sesame was changed";
    vec![
        (
            Operation::SetPassword,
            of_user(json!({ "newPassword": { "password": NEW_PASSWORD } })),
            password,
        ),
        (
            Operation::UpdateHumanUser,
            of_user(json!({ "password": { "password": { "password": "a third horse" } } })),
            password,
        ),
        (
            Operation::UpdateUser,
            of_user(json!({ "username": format!("renamed-{id}") })),
            "Your user name for Sesame was changed",
        ),
        (
            Operation::SetPhone,
            of_user(json!({ "phone": number(id), "isVerified": true })),
            phone,
        ),
        (
            Operation::UpdateUser,
            of_user(
                json!({ "human": { "phone": { "phone": new_number(id), "isVerified": true } } }),
            ),
            phone,
        ),
        (Operation::RemovePhone, of_user(json!({})), phone),
        (
            Operation::SetEmail,
            of_user(json!({ "email": new_address(id), "isVerified": true })),
            "Your e-mail address for Sesame was changed",
        ),
    ]
}

fn assert_notice(message: &SentMessage, id: &str, subject: &str) {
    assert_eq!((&*message.to, &*message.subject), (&*address(id), subject));
    let text = format!("{}{}", message.text, message.html);
    assert!(!text.contains("http") && !text.contains("href"), "{text}");
    assert!(!text.contains("class=\"code\""), "{text}");
    assert!(message.text.starts_with("Hello Mini Mouse,"), "{text}");
}

#[tokio::test]
async fn a_change_is_told_to_the_verified_address() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    for (n, (rpc, message, subject)) in changes(&id).into_iter().enumerate() {
        let later = admin.later(SECOND * u32::try_from(n + 1).unwrap());
        later.ask(rpc, message).await.unwrap();

        let sent = app.outbox();
        assert_eq!(sent.len(), n + 1, "{rpc:?}");
        assert_notice(&sent[n], &id, subject);
        let by = "The change was made by way of backend.";
        assert!(sent[n].text.contains(by), "{}", sent[n].text);
        let tells_address = sent[n].text.contains(&new_address(&id));
        assert_eq!(tells_address, rpc == Operation::SetEmail);
    }
}

#[tokio::test]
async fn users_are_told_of_what_they_change_themselves() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let own = as_user(app.client(), &id, PASSWORD).await;
    let message = json!({
        "userId": id, "newPassword": { "password": NEW_PASSWORD }, "currentPassword": PASSWORD,
    });
    own.later(SECOND)
        .ask(Operation::SetPassword, message)
        .await
        .unwrap();
    let notice = app.outbox().pop().unwrap();
    assert_notice(&notice, &id, "Your password for Sesame was changed");
    let by = "The change was made in a session that is signed in to your account.";
    assert!(notice.text.contains(by), "{}", notice.text);

    let admin = admin.later(MINUTE);
    Kind::MailReset.ask(admin, &id).await;
    let code = Kind::MailReset.code(&app, &id).await;
    let admin = admin.later(MINUTE * 2);
    let message = reset(&id, "a third horse", code.short());
    admin.ask(Operation::SetPassword, message).await.unwrap();
    assert_notice(
        &app.outbox()[2],
        &id,
        "Your password for Sesame was changed",
    );
}

#[tokio::test]
async fn what_does_not_change_is_not_told() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::SmsReset.user(admin, "mini").await;
    let phone = json!({ "phone": number(&id), "isVerified": true });
    let mut set = phone.clone();
    set["userId"] = json!(id);
    for (rpc, message) in [
        (Operation::SetPhone, set),
        (
            Operation::UpdateUser,
            json!({
                "userId": id,
                "username": id,
                "human": {
                    "phone": phone,
                    "email": { "email": address(&id), "isVerified": true },
                    "profile": { "givenName": "Maxi", "familyName": "Mouse" },
                },
            }),
        ),
        (Operation::HumanMFAInitSkipped, json!({ "userId": id })),
        (Operation::LockUser, json!({ "userId": id })),
        (Operation::UnlockUser, json!({ "userId": id })),
    ] {
        admin.ask(rpc, message).await.unwrap();
    }
    assert_eq!(app.outbox().len(), 0);
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_is_told_nothing() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::Email.user(admin, "mini").await;
    for (rpc, message, _) in changes(&id) {
        admin.ask(rpc, message).await.unwrap();
    }
    assert_eq!(app.outbox().len(), 0);
    // A reset that verifies the address has nobody to tell either.
    let id = Kind::Email.user(admin, "other").await;
    Kind::MailReset.ask(admin, &id).await;
    let code = Kind::MailReset.code(&app, &id).await;
    Kind::MailReset
        .enter(admin, &id, code.short())
        .await
        .unwrap();
    assert_eq!(app.outbox().len(), 1);
}

#[tokio::test]
async fn a_deployment_that_sends_no_mail_tells_nothing() {
    let app = sending_with("MAIL_FROM", "none").await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    for (rpc, message, _) in changes(&id) {
        admin.ask(rpc, message).await.unwrap();
    }
    assert_eq!(app.outbox().len(), 0);
    assert!(
        app.logged()
            .iter()
            .all(|line| line["message_failures"].is_null())
    );
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_fails_fails_no_call() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for fault in [
        Fault::Answer(400, "MessageRejected"),
        Fault::Reset,
        Fault::Silence,
    ] {
        let id = Kind::MailReset.user(admin, &format!("{fault:?}")).await;
        app.providers.faults.inject(fault.times(usize::MAX));
        app.logged();
        for (n, (rpc, message, _)) in changes(&id).into_iter().enumerate() {
            let later = admin.later(SECOND * u32::try_from(n + 1).unwrap());
            later.ask(rpc, message).await.unwrap();
            let line = app.logged().pop().unwrap();
            let got = (&line["outcome"], &line["message_failures"], &line["level"]);
            assert_eq!(got, (&json!("ok"), &json!(1), &json!("warn")), "{rpc:?}");
        }
        app.providers.faults.clear();
        assert_eq!(app.outbox().len(), 0);
        let user = read(admin, &id).await;
        assert_eq!(user["email"]["email"], new_address(&id));
    }
}

/// Neither does a database that can't count them.
#[tokio::test(start_paused = true)]
async fn a_notice_that_cannot_be_counted_fails_no_call() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    for (rpc, message, _) in changes(&id) {
        app.faults.clear();
        app.faults.inject(
            Fault::Reset
                .times(1000)
                .for_action("UpdateItem")
                .on("sessions"),
        );
        admin.ask(rpc, message).await.unwrap();
    }
    app.faults.clear();
    assert_eq!(app.outbox().len(), 0);
}

#[tokio::test]
async fn messages_are_in_the_users_language() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    let set = async |admin: Client<'_>, language: &str| {
        let profile = json!({ "preferredLanguage": language });
        let message = json!({ "userId": id, "human": { "profile": profile } });
        admin.ask(Operation::UpdateUser, message).await.unwrap();
    };
    let mut subjects = Vec::new();
    for (n, language) in ["en", "de", "de-AT", "fr"].into_iter().enumerate() {
        let admin = admin.later(MINUTE * u32::try_from(n).unwrap());
        set(admin, language).await;
        Kind::MailReset.ask(admin, &id).await;
        let message = app.outbox().pop().unwrap();
        let lang = if language.starts_with("de") {
            "de"
        } else {
            "en"
        };
        assert!(
            message.html.contains(&format!("<html lang=\"{lang}\">")),
            "{language}"
        );
        subjects.push(message.subject);
    }
    assert_eq!((&subjects[0], &subjects[1]), (&subjects[3], &subjects[2]));
    assert_ne!(subjects[0], subjects[1]);
}
