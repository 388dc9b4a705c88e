use serde_json::json;
use sesame::domain::Operation;

use super::{TEMPLATE, administrator, long, send, sending};
use crate::support::app::PASSWORD;

#[tokio::test]
async fn a_user_registers_verifies_and_resets() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let added = admin
        .ask(
            Operation::AddHumanUser,
            json!({
                "username": "mini",
                "profile": { "givenName": "Mini", "familyName": "Mouse" },
                "email": { "email": "mini@mouse.example", "sendCode": { "urlTemplate": TEMPLATE } },
                "password": { "password": PASSWORD },
            }),
        )
        .await
        .unwrap();
    let id = added["userId"].as_str().unwrap();
    let messages = app.outbox();
    eprintln!("{}\n{}", messages[0].subject, messages[0].text);
    let code = long(&messages[0]);

    let verify = json!({ "userId": id, "verificationCode": code });
    admin
        .ask(Operation::VerifyEmail, verify.clone())
        .await
        .unwrap();
    assert_eq!(
        admin.ask(Operation::VerifyEmail, verify).await.unwrap_err(),
        "COMMAND-eis9R"
    );
    admin.ask(Operation::SendEmailCode, send(id)).await.unwrap();
    assert_eq!(app.outbox().len(), 1);

    admin
        .ask(Operation::PasswordReset, json!({ "userId": id }))
        .await
        .unwrap();
    let message = app.outbox().pop().unwrap();
    eprintln!("{}\n{}\n{}", message.subject, message.text, message.html);
}
