//! Sessions and users out of the ordinary.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sesame::domain::{FactorKind, MfaPolicy, MinAcr, Operation, Permission, User, UserRef};

use super::Gates;
use super::bearers::{UNAUTHENTICATED, WEAK};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Client;
use crate::support::second::{SECOND, totp};

const OPTIONAL: MfaPolicy = MfaPolicy::Optional;
const REQUIRED: MfaPolicy = MfaPolicy::Required;

async fn ask(client: Client<'_>, rpc: Operation, user: &User) -> String {
    let message = json!({ "userId": user.user_id.as_str() });
    let outcome = client.ask(rpc, message).await;
    outcome.err().unwrap_or_else(|| "ok".to_owned())
}

/// What a call on the user and one of those that a weak session is good for are answered, and what an
/// authorizer makes of the token.
async fn good_for(app: &App, gates: &Gates, user: &User, token: &str) -> [String; 3] {
    let client = app.client().bearing(token);
    let (decided, _) = gates.decide(token).await;
    [
        ask(client, Operation::GetUserByID, user).await,
        ask(client, Operation::ListAuthenticationMethodTypes, user).await,
        decided,
    ]
}

async fn set(app: &App, id: &str, token: &str, mut message: Value) -> Value {
    message["sessionId"] = json!(id);
    message["sessionToken"] = json!(token);
    let set = app.client().ask(Operation::SetSession, message).await;
    set.unwrap()
}

#[tokio::test]
async fn a_replaced_token_is_as_strong_as_its_session() {
    let app = App::emulated(&SECOND).await;
    let gates = Gates::new(&app, OPTIONAL, MinAcr::None);
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    for (proofs, want) in [
        (
            &[][..],
            [UNAUTHENTICATED, UNAUTHENTICATED, "no_proof_of_user"],
        ),
        (&["password"], [WEAK, "ok", "too_weak"]),
        (&["password", "totp"], ["ok", "ok", "allow"]),
    ] {
        let created = app.client().log_in(&mini, PASSWORD).await;
        app.set_proofs(&created, proofs).await;
        let (id, token) = (created.id(), created.token());
        set(&app, &id, &token, json!({ "metadata": { "a": "MQ==" } })).await;
        let got = good_for(&app, &gates, &mini, &token).await;
        assert_eq!(got, want, "{proofs:?}");
    }
}

/// Whoever planted the session may hold it.
#[tokio::test]
async fn a_token_that_a_second_factor_replaced_is_good_for_nothing() {
    let app = App::emulated(&SECOND).await;
    let gates = Gates::new(&app, OPTIONAL, MinAcr::None);
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let created = app.client().log_in(&mini, PASSWORD).await;
    let (id, token) = (created.id(), created.token());
    let checks = json!({ "checks": { "totp": { "code": totp(&mini.user_id, NOW) } } });
    let checked = set(&app, &id, &token, checks).await;

    let got = good_for(&app, &gates, &mini, &token).await;
    assert_eq!(got, [UNAUTHENTICATED, UNAUTHENTICATED, "invalid_token"]);
    let newest = checked["sessionToken"].as_str().unwrap();
    let got = good_for(&app, &gates, &mini, newest).await;
    assert_eq!(got, ["ok", "ok", "allow"]);
}

#[tokio::test]
async fn a_session_of_a_release_without_second_factors_is_judged_as_all_are() {
    for (mfa, kinds, want) in [
        (OPTIONAL, &[][..], ["ok", "ok", "allow"]),
        (OPTIONAL, &["recovery_codes"], ["ok", "ok", "allow"]),
        (OPTIONAL, &["totp"], [WEAK, "ok", "too_weak"]),
        (OPTIONAL, &["of_a_newer_release"], [WEAK, "ok", "too_weak"]),
        (OPTIONAL, &["passkey"], ["ok", "ok", "allow"]),
        (REQUIRED, &["passkey"], [WEAK, "ok", "too_weak"]),
        // The user may read himself to set up a factor.
        (REQUIRED, &[], ["ok", "ok", "too_weak"]),
        (REQUIRED, &["otp_email"], [WEAK, "ok", "too_weak"]),
    ] {
        let mut app = App::emulated(&[("MFA", mfa.as_str())]).await;
        "stored".clone_into(&mut app.name);
        let gates = Gates::new(&app, mfa, MinAcr::None);
        let tokens = crate::stored::put_released(&app, "0.1.0", "of a login").await;
        let mini = app.login("mini").await;
        app.set_kinds(&mini, kinds).await;

        let got = good_for(&app, &gates, &mini, &tokens[0]).await;
        assert_eq!(got, want, "{mfa:?} {kinds:?}");
    }
}

#[tokio::test]
async fn a_refused_caller_is_told_what_is_missing() {
    let by_default = App::emulated(&SECOND).await;
    let requiring = by_default.beside(&[&SECOND[..], &[("MFA", "required")]].concat());
    let mini = by_default.user_with("mini", &[]).await;
    let created = by_default.client().log_in(&mini, PASSWORD).await;
    let set_up = "mfa required: the user has to set up a second factor";
    for (app, kinds, missing) in [
        (&by_default, &["totp"][..], "mfa required: check totp"),
        (
            &requiring,
            &["otp_email", "otp_sms", "recovery_codes"],
            "mfa required: check otpEmail or otpSms or recoveryCode",
        ),
        (
            &by_default,
            &["of_a_newer_release"],
            "mfa required: check a factor of a newer release",
        ),
        (&requiring, &[], set_up),
        (&requiring, &["recovery_codes"], set_up),
    ] {
        app.set_kinds(&mini, kinds).await;
        let token = created.token();
        let client = app.client().bearing(&token);
        let message = json!({ "userId": mini.user_id.as_str() });
        let refused = client.try_json(Operation::ListIDPLinks, message).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, 7, "{kinds:?}");
        let want = format!("authentication required, {missing} (AUTHZ-Kl3p0)");
        assert_eq!(refused.message, want, "{kinds:?}");
    }
}

async fn pointer_kinds(app: &App, user: &User) -> Vec<String> {
    let key = format!("USER#{}", UserRef::from(&user.user_id));
    let get = app
        .dynamodb()
        .get_item()
        .table_name(&app.store.tables().users);
    let get = get
        .key("pk", AttributeValue::S(key))
        .consistent_read(true)
        .send();
    let item = get.await.unwrap().item.unwrap();
    let Some(AttributeValue::Ss(kinds)) = item.get("factors") else {
        return Vec::new();
    };
    let mut kinds = kinds.clone();
    kinds.sort();
    kinds
}

/// It can't be proved, and no change of other factors forgets it.
#[tokio::test]
async fn a_factor_that_the_pointer_alone_names_is_demanded_all_the_same() {
    let app = App::emulated(&SECOND).await;
    let gates = Gates::new(&app, OPTIONAL, MinAcr::None);
    let admin = [Permission::UserWrite, Permission::UserCredentialWrite];
    let admin = app.service(&admin).await;
    let mini = app.user_with("mini", &[]).await;
    app.set_kinds(&mini, &["totp", "passkey"]).await;

    let check = json!({ "totp": { "code": totp(&mini.user_id, NOW) } });
    let login = crate::support::second::login(&mini, check);
    let proved = app.client().ask(Operation::CreateSession, login).await;
    assert_eq!(proved.unwrap_err(), "COMMAND-3Mif9s");
    for (change, kinds) in [
        (None, &["passkey", "totp"][..]),
        (
            Some(Operation::AddOTPEmail),
            &["otp_email", "passkey", "totp"],
        ),
        (Some(Operation::RemoveOTPEmail), &["passkey", "totp"]),
    ] {
        if let Some(change) = change {
            assert_eq!(ask(admin, change, &mini).await, "ok");
        }
        assert_eq!(pointer_kinds(&app, &mini).await, kinds, "{change:?}");
        let created = app.client().log_in(&mini, PASSWORD).await;
        let got = good_for(&app, &gates, &mini, &created.token()).await;
        assert_eq!(got, [WEAK, "ok", "too_weak"], "{change:?}");
    }
}

/// As after a restore of single items: the next change of a factor mends it.
#[tokio::test]
async fn a_factor_that_the_pointer_lacks_is_named_by_the_next_change() {
    let app = App::emulated(&SECOND).await;
    let admin = [Permission::UserWrite, Permission::UserCredentialWrite];
    let admin = app.service(&admin).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    app.set_kinds(&mini, &[]).await;

    assert_eq!(ask(admin, Operation::AddOTPEmail, &mini).await, "ok");

    assert_eq!(pointer_kinds(&app, &mini).await, ["otp_email", "totp"]);
}
