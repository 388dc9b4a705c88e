use serde_json::json;
use sesame::domain::{FactorKind, Operation, OtpMethod};

use crate::support::app::{App, NOW};
use crate::support::second::{RECOVERY_CODES, SECOND, login, totp};

#[tokio::test]
async fn a_login_with_a_password_and_a_code_of_an_app_is_at_sequence_five() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let code = totp(&mini.user_id, NOW);
    let client = app.client();

    let checks = json!({ "totp": { "code": code } });
    let created = client
        .ask(Operation::CreateSession, login(&mini, checks.clone()))
        .await
        .unwrap();

    assert_eq!(created["details"]["sequence"], "5", "{created}");
    let again = client
        .ask(Operation::CreateSession, login(&mini, checks))
        .await;
    assert_eq!(again.unwrap_err(), "EVENT-8isk2");
    let factors = app.factors_of(&mini.user_id).await;
    assert_eq!(factors.attempts.failures, 1);
    assert_eq!(factors.attempts.made, 2);
}

#[tokio::test]
async fn codes_are_sent_and_checked_once() {
    let app = App::emulated(&SECOND).await;
    let kinds = [
        FactorKind::OtpEmail,
        FactorKind::OtpSms,
        FactorKind::RecoveryCodes,
    ];
    let mini = app.user_with("mini", &kinds).await;
    let client = app.client();
    for (method, name) in [(OtpMethod::Email, "otpEmail"), (OtpMethod::Sms, "otpSms")] {
        let mut message = login(&mini, json!({}));
        message["challenges"] = json!({ name: {} });
        let created = client.ask(Operation::CreateSession, message).await.unwrap();
        assert_eq!(created["details"]["sequence"], "5", "{created}");
        let code = app.sent_code(&mini.user_id, method);
        let set = |token: &serde_json::Value| {
            json!({
                "sessionId": created["sessionId"],
                "sessionToken": token,
                "checks": { name: { "code": code } },
            })
        };
        let checked = client
            .ask(Operation::SetSession, set(&created["sessionToken"]))
            .await
            .unwrap();
        assert_eq!(checked["details"]["sequence"], "7", "{checked}");
        let again = client
            .ask(Operation::SetSession, set(&checked["sessionToken"]))
            .await;
        assert_eq!(again.unwrap_err(), "CODE-woT0xc");
    }
    let checks = json!({ "recoveryCode": { "code": RECOVERY_CODES[0].to_lowercase() } });
    client
        .ask(Operation::CreateSession, login(&mini, checks.clone()))
        .await
        .unwrap();
    let again = client
        .ask(Operation::CreateSession, login(&mini, checks))
        .await;
    assert_eq!(again.unwrap_err(), "DOMAIN-6uvh0");
    let left = app.factors_of(&mini.user_id).await.recovery_codes;
    assert_eq!(left.len(), 2);
}
