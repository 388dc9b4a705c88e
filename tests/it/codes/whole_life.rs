//! A user from the registration to the second address, with what the messages say and nothing else.

use serde_json::json;
use sesame::domain::Operation;
use sesame::emulator::SentMessage;

use super::{
    MINUTE, NEW_PASSWORD, TEMPLATE, administrator, as_user, human, log_in, long, outcome, read,
    reset, send, sending,
};
use crate::support::app::PASSWORD;
use crate::support::client::Wire;

/// What is to be typed: it stands on a line of its own.
fn typed(message: &SentMessage) -> String {
    let mut lines = message.text.lines();
    let line = lines.find(|line| line.len() == 8 && !line.contains(' '));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_user_registers_verifies_forgets_and_moves() {
    let app = sending().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        let id = app.user_id(&format!("{wire:?}")).to_string();
        let last = || app.outbox().pop().unwrap();
        let mut message = human(&id, false);
        let link = json!({ "urlTemplate": TEMPLATE });
        message["email"] = json!({ "email": format!("{id}@mouse.example"), "sendCode": link });
        admin.ask(Operation::AddHumanUser, message).await.unwrap();
        let message = last();
        assert_eq!(message.to, format!("{id}@mouse.example"));
        let verify = json!({ "userId": id, "verificationCode": long(&message) });
        admin
            .ask(Operation::VerifyEmail, verify.clone())
            .await
            .unwrap();
        let again = admin.ask(Operation::VerifyEmail, verify).await;
        assert_eq!(outcome(&again), "COMMAND-eis9R");
        let sent = app.outbox().len();
        admin
            .ask(Operation::SendEmailCode, send(&id))
            .await
            .unwrap();
        assert_eq!(app.outbox().len(), sent);
        assert_eq!(log_in(app.client(), &id, PASSWORD).await, "ok");

        let forgotten = json!({ "userId": id, "sendLink": link });
        admin
            .ask(Operation::PasswordReset, forgotten)
            .await
            .unwrap();
        let message = last();
        assert!(message.html.contains(&typed(&message)));
        assert!(long(&message).starts_with(&typed(&message)));
        let resets = reset(&id, NEW_PASSWORD, &typed(&message).to_lowercase());
        admin
            .later(MINUTE)
            .ask(Operation::SetPassword, resets)
            .await
            .unwrap();
        assert!(last().subject.ends_with("was changed"));
        assert_ne!(log_in(app.client(), &id, PASSWORD).await, "ok");

        let own = as_user(app.client().later(MINUTE), &id, NEW_PASSWORD)
            .await
            .by(wire);
        let moves =
            json!({ "userId": id, "email": format!("{id}@duck.example"), "sendCode": link });
        own.ask(Operation::SetEmail, moves).await.unwrap();
        let message = last();
        let verify = json!({ "userId": id, "verificationCode": typed(&message) });
        own.ask(Operation::VerifyEmail, verify).await.unwrap();
        assert_eq!(last().to, format!("{id}@mouse.example"));
        let email = read(admin.by(wire), &id).await["email"].take();
        let want = json!({ "email": format!("{id}@duck.example"), "isVerified": true });
        assert_eq!(email, want, "{wire:?}");
    }
}
