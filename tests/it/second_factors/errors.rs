//! What calls on second factors refuse, whoever makes them.

use serde_json::json;
use sesame::domain::Operation;

use super::{SERVER_KEY, add, administrator, ask, outcome, set_up, start};
use crate::support::app::App;
use crate::support::client::Wire;

/// The calls whose request has a user alone.
const ON_A_USER: [(Operation, &str); 8] = [
    (Operation::RegisterTOTP, "COMMAND-SqyJz"),
    (Operation::RemoveTOTP, "COMMAND-4g3xq"),
    (Operation::AddOTPSMS, "COMMAND-4g3xq"),
    (Operation::RemoveOTPSMS, "COMMAND-4g3xq"),
    (Operation::AddOTPEmail, "COMMAND-4g3xq"),
    (Operation::RemoveOTPEmail, "COMMAND-4g3xq"),
    (Operation::RemoveRecoveryCodes, "COMMAND-4g3xq"),
    (Operation::ListAuthenticationFactors, "QUERY-Dfbg2"),
];

#[tokio::test]
async fn an_unknown_user_is_told_by_the_call() {
    let app = start().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        for (rpc, want) in ON_A_USER {
            assert_eq!(ask(admin, rpc, "nobody").await, want, "{rpc:?} {wire:?}");
        }
        for (rpc, field) in [
            (Operation::VerifyTOTPRegistration, "code"),
            (Operation::GenerateRecoveryCodes, "count"),
        ] {
            let value = if field == "code" {
                json!("123456")
            } else {
                json!(3)
            };
            let message = json!({ "userId": "nobody", field: value });
            let got = outcome(&admin.ask(rpc, message).await);
            assert_eq!(got, "COMMAND-4g3xq", "{rpc:?} {wire:?}");
        }
    }
}

#[tokio::test]
async fn a_field_over_its_limits_is_refused() {
    let app = start().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        let long = "x".repeat(201);
        for (rpc, _) in ON_A_USER {
            assert_eq!(ask(admin, rpc, &long).await, "code 3", "{rpc:?} {wire:?}");
        }
        for code in ["", &long] {
            let message = json!({ "userId": "nobody", "code": code });
            let got = admin.ask(Operation::VerifyTOTPRegistration, message).await;
            assert_eq!(outcome(&got), "code 3", "{wire:?}");
        }
    }
}

#[tokio::test]
async fn what_seals_a_secret_or_makes_codes_takes_a_server_key() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    for wire in Wire::ALL {
        let admin = admin.by(wire);
        for rpc in [
            Operation::RegisterTOTP,
            Operation::AddOTPSMS,
            Operation::AddOTPEmail,
        ] {
            assert_eq!(ask(admin, rpc, &id).await, "code 12", "{rpc:?} {wire:?}");
        }
        let message = json!({ "userId": id, "code": "123456" });
        let got = admin.ask(Operation::VerifyTOTPRegistration, message).await;
        assert_eq!(outcome(&got), "code 12", "{wire:?}");
        // Recovery codes are random, and what is removed needs no key.
        let message = json!({ "userId": id, "count": 3 });
        let got = admin.ask(Operation::GenerateRecoveryCodes, message).await;
        assert_eq!(outcome(&got), "ok", "{wire:?}");
        for (rpc, want) in [
            (Operation::RemoveTOTP, "COMMAND-Hd9sd"),
            (Operation::RemoveRecoveryCodes, "ok"),
            (Operation::ListAuthenticationFactors, "ok"),
        ] {
            assert_eq!(ask(admin, rpc, &id).await, want, "{rpc:?} {wire:?}");
        }
    }
}

/// Taking one out of the setting stops registrations alone.
#[tokio::test]
async fn a_factor_that_is_switched_off_is_not_set_up_and_stays_good() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    set_up(admin, &id).await;
    for rpc in [Operation::AddOTPSMS, Operation::AddOTPEmail] {
        assert_eq!(ask(admin, rpc, &id).await, "ok");
    }
    for (setting, allowed) in [
        ("totp", Operation::RegisterTOTP),
        ("otp_sms", Operation::AddOTPSMS),
        ("otp_email", Operation::AddOTPEmail),
    ] {
        let app = app.beside(&[SERVER_KEY, ("SECOND_FACTORS", setting)]);
        let admin = administrator(&app).await;
        let other = add(admin, &format!("other-{setting}")).await;
        for rpc in [
            Operation::RegisterTOTP,
            Operation::AddOTPSMS,
            Operation::AddOTPEmail,
        ] {
            let want = if rpc == allowed { "ok" } else { "SESAME-Foff1" };
            for wire in Wire::ALL
                .into_iter()
                .take(if rpc == allowed { 1 } else { 6 })
            {
                let got = ask(admin.by(wire), rpc, &other).await;
                assert_eq!(got, want, "{setting} {rpc:?} {wire:?}");
            }
        }
        let listed = super::methods(admin, &id).await;
        assert_eq!(listed, ["PASSWORD", "TOTP", "OTP_EMAIL", "OTP_SMS"]);
    }
}
