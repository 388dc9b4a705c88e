//! What the calls on second factors ask of the database, as `docs/cost.md` says it.

use serde_json::{Value, json};
use sesame::domain::Operation::{
    self, AddOTPEmail, AddOTPSMS, GenerateRecoveryCodes, ListAuthenticationFactors, RegisterTOTP,
    RemoveOTPEmail, RemoveOTPSMS, RemovePhone, RemoveRecoveryCodes, RemoveTOTP,
    VerifyTOTPRegistration,
};

use super::meter::Consumed;
use super::metered::{COST, ID, Metered, human, row};
use super::service::NOW;
use crate::second_factors::totp_codes::{code_of, wrong_code};

/// The calls in the order in which they are made of one user, and what is paid for each.
const CALLS: [(&str, Operation); 12] = [
    ("RegisterTOTP", RegisterTOTP),
    (
        "VerifyTOTPRegistration with a wrong code",
        VerifyTOTPRegistration,
    ),
    (
        "VerifyTOTPRegistration with the right one, with a notice",
        VerifyTOTPRegistration,
    ),
    ("AddOTPEmail, with a notice", AddOTPEmail),
    ("AddOTPSMS, with a notice", AddOTPSMS),
    (
        "GenerateRecoveryCodes of ten, with a notice",
        GenerateRecoveryCodes,
    ),
    ("ListAuthenticationFactors", ListAuthenticationFactors),
    ("RemoveOTPSMS, with a notice", RemoveOTPSMS),
    ("RemoveOTPEmail, with a notice", RemoveOTPEmail),
    ("RemoveRecoveryCodes, with a notice", RemoveRecoveryCodes),
    ("RemoveTOTP, with a notice", RemoveTOTP),
    (
        "RemovePhone with codes by SMS, with two notices",
        RemovePhone,
    ),
];

/// The rows of `docs/cost.md`, in their order.
#[tokio::test]
async fn each_call_on_second_factors_costs_what_the_page_says() {
    let service = Metered::sending().await;
    service
        .call_at(NOW, Operation::AddHumanUser, human(ID, true))
        .await;
    let mut secret = String::new();
    let mut rows = Vec::new();
    for (name, rpc) in CALLS {
        let mut body = json!({ "userId": ID });
        let is_wrong = name.contains("wrong");
        match rpc {
            VerifyTOTPRegistration if is_wrong => body["code"] = json!(wrong_code(&secret, NOW)),
            VerifyTOTPRegistration => body["code"] = json!(code_of(&secret, NOW)),
            GenerateRecoveryCodes => body["count"] = json!(10),
            RemovePhone => {
                let again = json!({ "userId": ID });
                service.call_at(NOW, AddOTPSMS, again).await;
            }
            _ => {}
        }
        let (consumed, (status, answer)): (_, (_, Value)) = service.try_at(NOW, rpc, body).await;
        let want = if is_wrong { 400 } else { 200 };
        assert_eq!(status, want, "{name}: {answer}");
        if let Some(made) = answer["secret"].as_str() {
            made.clone_into(&mut secret);
        }
        rows.push(row(name, &consumed, &Consumed::default()));
    }

    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}
