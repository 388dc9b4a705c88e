//! What users change of their own factors.

use serde_json::{Value, json};
use sesame::domain::{Operation, Timestamp};

use super::totp_codes::code_of;
use super::{
    MINUTE, STEP, add, administrator, as_user, ask, generate, is_alive, methods, outcome, register,
    set_up, start, start_with, steps, totp, verify,
};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Client;

const STALE: &str = "SESAME-Fres1";
const WEAK: &str = "AUTHZ-Kl3p0";
const LAST: &str = "SESAME-Flst1";

/// The changes of factors, and of the addresses that their codes go to.
fn changes(app: &App, name: &str) -> Vec<(Operation, Value)> {
    let email = format!("new-{}", super::address(app, name));
    let phone = json!({ "phone": "+41790000000" });
    let of_human = |field: &str, value: &Value| json!({ "human": { field: value } });
    vec![
        (Operation::AddOTPEmail, json!({})),
        (Operation::GenerateRecoveryCodes, json!({ "count": 2 })),
        (Operation::SetEmail, json!({ "email": email })),
        (Operation::SetPhone, phone.clone()),
        (
            Operation::UpdateHumanUser,
            json!({ "email": { "email": email } }),
        ),
        (
            Operation::UpdateUser,
            of_human("email", &json!({ "email": email })),
        ),
        (Operation::UpdateHumanUser, json!({ "phone": phone })),
        (Operation::UpdateUser, of_human("phone", &phone)),
        (Operation::UpdateHumanUser, json!({ "phone": {} })),
        (Operation::RemovePhone, json!({})),
    ]
}

async fn change(client: Client<'_>, id: &str, rpc: Operation, mut message: Value) -> String {
    message["userId"] = json!(id);
    outcome(&client.ask(rpc, message).await)
}

/// Checks more in a session, and returns a client with the new token.
async fn prove<'a>(client: Client<'a>, session: &Value, checks: Value) -> Client<'a> {
    let message = json!({
        "sessionId": session["sessionId"], "sessionToken": client.token.unwrap(), "checks": checks,
    });
    let changed = client.ask(Operation::SetSession, message).await.unwrap();
    let token = changed["sessionToken"].as_str().unwrap().to_owned();
    client.bearing(token.leak())
}

/// The password was checked at the time of the tests, and the app nine minutes later.
#[tokio::test]
async fn each_proof_of_the_strongest_kind_has_to_be_fresh() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let secret = set_up(admin, &id).await;
    let created = super::log_in(app.client(), &id, json!({})).await.unwrap();
    let token = created["sessionToken"].as_str().unwrap().to_owned();
    let password = app.client().bearing(token.leak());
    let at = password.later(MINUTE * 9);
    let both = prove(at, &created, totp(&secret, at.now)).await;
    let older = both.later(MINUTE * 10);
    // The token with the password alone is replaced by then.
    let half = as_user(app.client(), &id, json!({})).await;
    for (rpc, message) in changes(&app, "mini") {
        let weak = change(half, &id, rpc, message.clone()).await;
        assert_eq!(weak, WEAK, "{rpc:?} {message}");
        let old = change(older, &id, rpc, message.clone()).await;
        assert_eq!(old, STALE, "{rpc:?} {message}");
    }
    // What changes no factor takes no proof.
    let name = json!({ "profile": { "givenName": "Minnie", "familyName": "Mouse" } });
    let named = change(older, &id, Operation::UpdateHumanUser, name).await;
    assert_eq!(named, "ok");

    let renewed = prove(
        older,
        &created,
        json!({ "password": { "password": PASSWORD } }),
    )
    .await;
    for (rpc, message) in changes(&app, "mini") {
        let got = change(renewed, &id, rpc, message.clone()).await;
        assert_eq!(got, "ok", "{rpc:?} {message}");
    }
}

/// Recovery codes are a second factor for whoever has them.
#[tokio::test]
async fn who_has_recovery_codes_changes_factors_by_one_of_them() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let codes = generate(admin, &id, 2).await.unwrap();

    let half = as_user(app.client(), &id, json!({})).await;
    assert_eq!(ask(half, Operation::GetUserByID, &id).await, "ok");
    assert_eq!(ask(half, Operation::AddOTPEmail, &id).await, WEAK);
    let check = json!({ "recoveryCode": { "code": codes[0] } });
    let full = as_user(app.client(), &id, check).await;
    assert_eq!(ask(full, Operation::AddOTPEmail, &id).await, "ok");
}

/// A user with all that there is, and the secret of the app.
async fn user_with_all(admin: Client<'_>, name: &str) -> (String, String) {
    let id = add(admin, name).await;
    let secret = set_up(admin, &id).await;
    for rpc in [Operation::AddOTPSMS, Operation::AddOTPEmail] {
        assert_eq!(ask(admin, rpc, &id).await, "ok");
    }
    generate(admin, &id, 3).await.unwrap();
    (id, secret)
}

fn removals() -> Vec<(Operation, Value)> {
    vec![
        (Operation::RemoveTOTP, json!({})),
        (Operation::RemoveOTPSMS, json!({})),
        (Operation::RemoveOTPEmail, json!({})),
        (Operation::RemoveRecoveryCodes, json!({})),
        (Operation::GenerateRecoveryCodes, json!({ "count": 1 })),
        (Operation::RemovePhone, json!({})),
        (Operation::UpdateHumanUser, json!({ "phone": {} })),
    ]
}

#[tokio::test]
async fn a_removal_ends_all_sessions_but_the_users_own() {
    let app = start().await;
    let admin = administrator(&app).await;
    for (n, (rpc, message)) in removals().into_iter().enumerate() {
        for is_own in [true, false] {
            let about = format!("{rpc:?} {message} {is_own}");
            let (id, secret) = user_with_all(admin, &format!("mini-{n}-{is_own}")).await;
            let half = as_user(app.client(), &id, json!({})).await;
            let at = app.client().later(STEP);
            let other = as_user(at, &id, totp(&secret, steps(1))).await;
            let at = app.client().later(STEP * 2);
            let own = as_user(at, &id, totp(&secret, steps(2))).await;
            let by = if is_own { own } else { admin };
            let got = change(by, &id, rpc, message.clone()).await;
            assert_eq!(got, "ok", "{about}");

            assert!(!is_alive(half, &id).await, "{about}");
            assert!(!is_alive(other, &id).await, "{about}");
            assert_eq!(is_alive(own, &id).await, is_own, "{about}");
        }
    }
}

#[tokio::test]
async fn what_takes_no_factor_away_ends_no_session() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let session = as_user(app.client(), &id, json!({})).await;
    for (rpc, message) in [
        (Operation::RegisterTOTP, json!({})),
        (Operation::RemoveTOTP, json!({})),
        (Operation::RemoveRecoveryCodes, json!({})),
        (Operation::GenerateRecoveryCodes, json!({ "count": 2 })),
        (Operation::RemovePhone, json!({})),
        (Operation::AddOTPEmail, json!({})),
    ] {
        let got = change(admin, &id, rpc, message).await;
        assert_eq!(got, "ok", "{rpc:?}");
        assert!(is_alive(session, &id).await, "{rpc:?}");
    }
    set_up(admin, &id).await;
    assert!(is_alive(session, &id).await);
    let listed = methods(admin, &id).await;
    assert_eq!(listed, ["PASSWORD", "TOTP", "OTP_EMAIL", "RECOVERY_CODE"]);
    // Now it lacks a factor.
    assert_eq!(ask(session, Operation::GetUserByID, &id).await, WEAK);
}

#[tokio::test]
async fn codes_by_sms_go_with_the_number() {
    let app = start().await;
    let admin = administrator(&app).await;
    for (n, (rpc, message)) in [
        (Operation::RemovePhone, json!({})),
        (Operation::UpdateHumanUser, json!({ "phone": {} })),
    ]
    .into_iter()
    .enumerate()
    {
        let (id, _) = user_with_all(admin, &format!("mini-{n}")).await;
        assert_eq!(change(admin, &id, rpc, message).await, "ok");
        let listed = methods(admin, &id).await;
        let want = ["PASSWORD", "TOTP", "OTP_EMAIL", "RECOVERY_CODE"];
        assert_eq!(listed, want, "{rpc:?}");
    }
}

/// They go to the one that is verified.
#[tokio::test]
async fn codes_by_e_mail_stay_with_another_address() {
    let app = start().await;
    let admin = administrator(&app).await;
    let (id, _) = user_with_all(admin, "mini").await;
    let new = format!("new-{}", super::address(&app, "mini"));
    for message in [
        json!({ "email": new, "returnCode": {} }),
        json!({ "email": new, "isVerified": true }),
    ] {
        let got = change(admin, &id, Operation::SetEmail, message).await;
        assert_eq!(got, "ok");
        let listed = methods(admin, &id).await;
        assert!(listed.contains(&"OTP_EMAIL".to_owned()), "{listed:?}");
    }
}

#[tokio::test]
async fn where_a_second_factor_is_required_users_keep_the_last_one() {
    for (mode, want) in [("required", LAST), ("optional", "ok")] {
        let app = start_with("MFA", mode).await;
        let admin = administrator(&app).await;
        // With recovery codes alone a login would find no second factor to ask for.
        let id = add(admin, "mini").await;
        let secret = set_up(admin, &id).await;
        generate(admin, &id, 2).await.unwrap();
        let own = as_user(app.client(), &id, totp(&secret, steps(1))).await;
        assert_eq!(ask(own, Operation::AddOTPSMS, &id).await, "ok");
        assert_eq!(ask(own, Operation::RemoveTOTP, &id).await, "ok", "{mode}");
        let last = ask(own, Operation::RemoveOTPSMS, &id).await;
        assert_eq!(last, want, "{mode}");

        let id = add(admin, "minnie").await;
        assert_eq!(ask(admin, Operation::AddOTPSMS, &id).await, "ok");
        let got = ask(admin, Operation::RemoveOTPSMS, &id).await;
        assert_eq!(got, "ok", "an administrator can, {mode}");
    }
}

#[tokio::test]
async fn where_a_second_factor_is_required_the_number_of_the_last_one_stays() {
    for (mode, want) in [("required", LAST), ("optional", "ok")] {
        let app = start_with("MFA", mode).await;
        let admin = administrator(&app).await;
        for (n, (rpc, message)) in [
            (Operation::RemovePhone, json!({})),
            (Operation::UpdateHumanUser, json!({ "phone": {} })),
        ]
        .into_iter()
        .enumerate()
        {
            let id = add(admin, &format!("mini-{n}")).await;
            let secret = set_up(admin, &id).await;
            assert_eq!(ask(admin, Operation::AddOTPSMS, &id).await, "ok");
            let own = as_user(app.client(), &id, totp(&secret, steps(1))).await;
            assert_eq!(ask(own, Operation::RemoveTOTP, &id).await, "ok");
            let got = change(own, &id, rpc, message.clone()).await;
            assert_eq!(got, want, "{rpc:?} {mode}");
            let by_admin = change(admin, &id, rpc, message).await;
            assert_eq!(by_admin, "ok", "{rpc:?} {mode}");
        }
    }
}

/// A session with the password alone is good for setting the first one up.
#[tokio::test]
async fn where_a_second_factor_is_required_users_set_up_the_first_one() {
    let app = start_with("MFA", "required").await;
    let admin = administrator(&app).await;
    for rpc in [
        Operation::RegisterTOTP,
        Operation::AddOTPSMS,
        Operation::AddOTPEmail,
    ] {
        let id = add(admin, &format!("{rpc:?}")).await;
        let own = as_user(app.client(), &id, json!({})).await;
        for (rpc, message) in [
            (Operation::GenerateRecoveryCodes, json!({ "count": 2 })),
            (Operation::RemoveRecoveryCodes, json!({})),
            (Operation::RemoveTOTP, json!({})),
            (Operation::RemovePhone, json!({})),
            (Operation::SetPhone, json!({ "phone": "+41790000000" })),
            (Operation::ListAuthenticationFactors, json!({})),
        ] {
            assert_eq!(change(own, &id, rpc, message).await, WEAK, "{rpc:?}");
        }
        let late = own.later(MINUTE * 10);
        assert_eq!(ask(late, rpc, &id).await, STALE, "{rpc:?}");
        if rpc == Operation::RegisterTOTP {
            let secret = register(own, &id).await;
            assert_eq!(verify(own, &id, &code_of(&secret, NOW)).await, "ok");
        } else {
            assert_eq!(ask(own, rpc, &id).await, "ok", "{rpc:?}");
        }
        // The second one takes the first.
        for rpc in [Operation::AddOTPSMS, Operation::AddOTPEmail] {
            assert_eq!(ask(own, rpc, &id).await, WEAK, "{rpc:?}");
        }
    }
}

#[tokio::test]
async fn recovery_codes_of_ones_own_take_a_second_factor() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let own = as_user(app.client(), &id, json!({})).await;
    let early = generate(own, &id, 2).await;
    assert_eq!(early.err().as_deref(), Some("SESAME-Frec1"));
    let secret = set_up(own, &id).await;
    let full = as_user(app.client(), &id, totp(&secret, steps(1))).await;
    assert_eq!(generate(full, &id, 2).await.unwrap().len(), 2);
    // One of them doesn't give the right to others for ever: the new ones replace them.
    assert_eq!(generate(full, &id, 2).await.unwrap().len(), 2);
}

/// An administrator's unlock clears the failures at codes as well as those at passwords.
#[tokio::test]
async fn an_unlock_forgives_wrong_codes() {
    let app = start_with("MAX_FACTOR_ATTEMPTS", "1").await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let secret = set_up(admin, &id).await;
    assert_eq!(
        ask(admin, Operation::UnlockUser, &id).await,
        "COMMAND-olb9vb0oca"
    );
    let log_in = async |code: &str, at: Timestamp| {
        let check = json!({ "totp": { "code": code } });
        outcome(&super::log_in(app.client().at(at), &id, check).await)
    };
    let wrong = super::totp_codes::wrong_code(&secret, NOW);
    assert_eq!(log_in(&wrong, NOW).await, "EVENT-8isk2");
    let right = code_of(&secret, steps(1));
    assert_eq!(log_in(&right, NOW).await, "COMMAND-SF3fg");

    assert_eq!(ask(admin, Operation::UnlockUser, &id).await, "ok");

    assert_eq!(log_in(&right, NOW).await, "ok");
}
