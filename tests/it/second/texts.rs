//! What a message with a code says.

use serde_json::json;
use sesame::domain::{Language, Operation};

use super::check::Check;
use super::{ALL, asked, open, second_with};
use crate::support::app::NOW;
use crate::support::client::Wire;
use crate::support::second::{email, phone};

const TEMPLATE: &str =
    "https://login.example/otp?code={{.Code}}&session={{.SessionID}}&user={{.UserID}}";

#[tokio::test]
async fn a_message_has_the_code_in_the_language_of_its_user() {
    let app = second_with("ORGANIZATION_NAME", "Acme").await;
    for (language, subject, valid, sms) in [
        (
            "en",
            "Your code to sign in to Acme",
            "It is valid for 5 minutes and can be used once.",
            " is your code to sign in to Acme. Valid for 5 minutes. Never tell it to anybody.",
        ),
        (
            "de-CH",
            "Ihr Code für die Anmeldung bei Acme",
            "Er ist 5 Minuten lang gültig und gilt nur einmal.",
            " ist Ihr Code für die Anmeldung bei Acme. Gültig: 5 Minuten. Sagen Sie ihn niemandem.",
        ),
        (
            "fr",
            "Your code to sign in to Acme",
            "It is valid for 5 minutes and can be used once.",
            " is your code to sign in to Acme. Valid for 5 minutes. Never tell it to anybody.",
        ),
    ] {
        let mini = app.user_with(language, &ALL).await;
        app.change_user(&mini.user_id, |account| {
            let tag = Language::parse(language);
            account.profile.language = Some(tag.unwrap());
        })
        .await;
        let mut session = open(app.client(), &mini).await;
        let more = json!({ "challenges": asked(&["otpSms", "otpEmail"]) });
        session.change(app.client(), more).await.unwrap();

        let outbox = app.outbox();
        let [by_sms, by_mail] = &outbox[outbox.len() - 2..] else {
            panic!("two messages");
        };
        assert_eq!(
            (by_sms.channel, &*by_sms.to),
            ("sms", &*phone(&mini.user_id))
        );
        assert_eq!(
            (by_mail.channel, &*by_mail.to),
            ("email", &*email(&mini.user_id))
        );
        let code = Check::OtpSms.right(&app, &mini, NOW);
        assert_eq!(by_sms.text, format!("{code}{sms}"), "{language}");
        let code = Check::OtpEmail.right(&app, &mini, NOW);
        assert_eq!(by_mail.subject, subject, "{language}");
        for part in [valid, &format!("\n\n{code}\n\n"), "Mini Mouse"] {
            assert!(by_mail.text.contains(part), "{part:?} {language}");
        }
        assert!(!by_mail.text.contains("http"), "{language}");
        for part in [code.as_str(), "Mini Mouse"] {
            assert!(by_mail.html.contains(part), "{part:?} {language}");
        }
    }
}

#[tokio::test]
async fn a_link_has_the_code_and_the_session() {
    let app = second_with("ORGANIZATION_NAME", "Acme").await;
    for (n, wire) in Wire::ALL.into_iter().enumerate() {
        let mini = app.user_with(&n.to_string(), &ALL).await;
        let client = app.client().by(wire);
        let mut session = open(client, &mini).await;
        let send = json!({ "sendCode": { "urlTemplate": TEMPLATE } });
        let more = json!({ "challenges": { "otpEmail": send } });
        let changed = session.change(client, more).await.unwrap();
        assert!(changed["challenges"].is_null(), "{changed}");

        let message = app.outbox().pop().unwrap();
        let (_, rest) = message.text.split_once("?code=").unwrap();
        let code = &rest[..8];
        let link = format!(
            "https://login.example/otp?code={code}&session={}&user={}",
            session.id, mini.user_id
        );
        assert!(message.text.contains(&link), "{wire:?}");
        assert!(
            message.html.contains(&link.replace('&', "&amp;")),
            "{wire:?}"
        );
        assert!(
            message.text.contains(&format!("\n\n{code}\n\n")),
            "{wire:?}"
        );
        session
            .change(client, Check::OtpEmail.with(code))
            .await
            .unwrap();
        let got = client
            .ask(Operation::GetSession, session.set(json!({})))
            .await;
        assert!(got.unwrap()["session"]["factors"]["otpEmail"].is_object());
    }
}

/// A recovery code that was used is news for its owner.
#[tokio::test]
async fn the_user_is_told_of_a_used_recovery_code() {
    let app = second_with("ORGANIZATION_NAME", "Acme").await;
    let mini = app.user_with("mini", &ALL).await;
    let mut session = open(app.client(), &mini).await;
    for (n, code) in crate::support::second::RECOVERY_CODES.iter().enumerate() {
        let wrong = Check::RecoveryCode.wrong_code(&app, &mini, NOW);
        let wrong = session
            .attempt(app.client(), Check::RecoveryCode.with(&wrong))
            .await;
        assert!(wrong.is_err());
        assert_eq!(app.outbox().len(), n);

        session
            .change(app.client(), Check::RecoveryCode.with(code))
            .await
            .unwrap();

        assert_eq!(app.outbox().len(), n + 1);
        let message = app.outbox().pop().unwrap();
        assert_eq!(message.to, email(&mini.user_id));
        assert!(!message.text.contains(code));
    }
    let pointer = app.factors_of(&mini.user_id).await.kinds();
    assert!(!pointer.has(Check::RecoveryCode.kind()));
    let again = Check::RecoveryCode.with(Check::RecoveryCode.sample());
    let again = session.attempt(app.client(), again).await.unwrap_err();
    assert_eq!(again.id.as_deref(), Some("COMMAND-84rgg"));
}
