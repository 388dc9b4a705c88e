//! The messages that tell a user of a change of his factors.

use serde_json::json;
use sesame::domain::Operation;

use super::totp_codes::code_of;
use super::{add, address, administrator, ask, generate, register, start, verify};
use crate::support::app::NOW;

#[tokio::test]
async fn each_factor_that_is_added_or_removed_is_told() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let to = address(&app, "mini");
    let told = async |what: &str, count: usize| {
        let sent = app.outbox();
        assert_eq!(sent.len(), count, "{what}");
        let message = sent.last().unwrap();
        assert_eq!(message.to, to, "{what}");
        let by = "The change was made by way of backend.";
        assert!(message.text.contains(by), "{what}: {}", message.text);
        message.subject.clone()
    };

    let secret = register(admin, &id).await;
    assert_eq!(app.outbox().len(), 0, "nothing has changed yet");
    assert_eq!(verify(admin, &id, &code_of(&secret, NOW)).await, "ok");
    let added = told("TOTP added", 1).await;
    assert_eq!(ask(admin, Operation::AddOTPSMS, &id).await, "ok");
    assert_eq!(told("SMS added", 2).await, added);
    assert_eq!(ask(admin, Operation::AddOTPEmail, &id).await, "ok");
    assert_eq!(told("e-mail added", 3).await, added);
    generate(admin, &id, 2).await.unwrap();
    assert_eq!(told("recovery codes added", 4).await, added);
    generate(admin, &id, 2).await.unwrap();
    let replaced = told("recovery codes replaced", 5).await;

    for (n, rpc) in [
        Operation::RemoveRecoveryCodes,
        Operation::RemoveOTPEmail,
        Operation::RemoveOTPSMS,
        Operation::RemoveTOTP,
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(ask(admin, rpc, &id).await, "ok");
        let removed = told(rpc.as_str(), 6 + n).await;
        assert!(removed != added && removed != replaced, "{removed}");
    }
    // What isn't there is removed in silence.
    assert_eq!(ask(admin, Operation::RemoveRecoveryCodes, &id).await, "ok");
    assert_eq!(app.outbox().len(), 9);
}

#[tokio::test]
async fn a_removed_number_and_the_codes_that_went_there_are_both_told() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    assert_eq!(ask(admin, Operation::AddOTPSMS, &id).await, "ok");
    let message = json!({ "userId": id, "phone": {} });
    admin
        .ask(Operation::UpdateHumanUser, message)
        .await
        .unwrap();

    let sent = app.outbox();
    assert_eq!(sent.len(), 3);
    assert_ne!(sent[1].subject, sent[2].subject);
}
