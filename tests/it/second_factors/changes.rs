//! The lives of factors, by each protocol.

use std::collections::BTreeSet;

use serde_json::json;
use sesame::domain::Operation;

use super::totp_codes::{code_of, wrong_code};
use super::{
    MINUTE, add, administrator, as_user, ask, factors, generate, log_in, methods, outcome,
    register, set_up, start, steps, totp, verify,
};
use crate::support::app::NOW;
use crate::support::client::Wire;

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(kind, state): &(&str, &str)| ((*kind).to_owned(), (*state).to_owned());
    wanted.iter().map(owned).collect()
}

#[tokio::test]
async fn an_authenticator_app_is_a_factor_once_it_is_verified() {
    let app = start().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        let id = add(admin, &format!("{wire:?}")).await;
        let all = json!({ "states": ["AUTH_FACTOR_STATE_READY", "AUTH_FACTOR_STATE_NOT_READY"] });

        let message = json!({ "userId": id });
        let registered = admin.ask(Operation::RegisterTOTP, message).await.unwrap();
        let secret = registered["secret"].as_str().unwrap();
        let uri = registered["uri"].as_str().unwrap();
        assert_eq!(registered["details"]["sequence"], "2", "{wire:?}");
        assert!(uri.starts_with("otpauth://totp/Sesame:"), "{uri}");
        let parameters = "?algorithm=SHA1&digits=6&issuer=Sesame&period=30&secret=";
        assert!(uri.ends_with(&format!("{parameters}{secret}")), "{uri}");
        assert_eq!(methods(admin, &id).await, ["PASSWORD"], "{wire:?}");
        assert_eq!(factors(admin, &id, json!({})).await, [], "{wire:?}");
        let pending = pairs(&[("otp", "NOT_READY")]);
        assert_eq!(factors(admin, &id, all.clone()).await, pending, "{wire:?}");
        // What isn't verified is demanded of nobody, and proves nothing.
        assert_eq!(log_in(admin, &id, json!({})).await.err(), None);
        let early = log_in(admin, &id, totp(secret, NOW)).await;
        assert_eq!(outcome(&early), "COMMAND-3Mif9s", "{wire:?}");

        let wrong = verify(admin, &id, &wrong_code(secret, NOW)).await;
        assert_eq!(wrong, "EVENT-8isk2", "{wire:?}");
        assert_eq!(verify(admin, &id, &code_of(secret, NOW)).await, "ok");
        assert_eq!(methods(admin, &id).await, ["PASSWORD", "TOTP"], "{wire:?}");
        let ready = pairs(&[("otp", "READY")]);
        assert_eq!(factors(admin, &id, json!({})).await, ready, "{wire:?}");
        for (rpc, want) in [
            (Operation::RegisterTOTP, "COMMAND-do9se"),
            (Operation::RemoveOTPSMS, "COMMAND-Sr3h3"),
        ] {
            assert_eq!(ask(admin, rpc, &id).await, want, "{wire:?}");
        }
        let again = verify(admin, &id, &code_of(secret, steps(1))).await;
        assert_eq!(again, "COMMAND-qx4ls", "{wire:?}");
        // The code that verified the registration is used up.
        let used = log_in(admin, &id, totp(secret, NOW)).await;
        assert_eq!(outcome(&used), "EVENT-8isk2", "{wire:?}");
        let next = log_in(admin, &id, totp(secret, steps(1))).await;
        assert_eq!(outcome(&next), "ok", "{wire:?}");

        assert_eq!(ask(admin, Operation::RemoveTOTP, &id).await, "ok");
        assert_eq!(methods(admin, &id).await, ["PASSWORD"], "{wire:?}");
        let removed = ask(admin, Operation::RemoveTOTP, &id).await;
        assert_eq!(removed, "COMMAND-Hd9sd", "{wire:?}");
        let gone = verify(admin, &id, &code_of(secret, NOW)).await;
        assert_eq!(gone, "COMMAND-3Mif9s", "{wire:?}");
    }
}

#[tokio::test]
async fn codes_go_to_a_verified_address_alone() {
    let app = start().await;
    for wire in Wire::ALL {
        for (add_rpc, remove, field, method, exists, none, unverified) in [
            (
                Operation::AddOTPSMS,
                Operation::RemoveOTPSMS,
                "otpSms",
                "OTP_SMS",
                "COMMAND-Ad3g2",
                "COMMAND-Sr3h3",
                "COMMAND-MKL2s",
            ),
            (
                Operation::AddOTPEmail,
                Operation::RemoveOTPEmail,
                "otpEmail",
                "OTP_EMAIL",
                "COMMAND-Q54j2",
                "COMMAND-b312D",
                "COMMAND-KLJ2d",
            ),
        ] {
            let about = format!("{wire:?} {method}");
            let admin = administrator(&app).await.by(wire);
            let id = add(admin, &about.replace(' ', "-")).await;
            assert_eq!(ask(admin, remove, &id).await, none, "{about}");
            assert_eq!(ask(admin, add_rpc, &id).await, "ok", "{about}");
            assert_eq!(ask(admin, add_rpc, &id).await, exists, "{about}");
            assert_eq!(methods(admin, &id).await, ["PASSWORD", method], "{about}");
            let ready = pairs(&[(field, "READY")]);
            assert_eq!(factors(admin, &id, json!({})).await, ready, "{about}");
            assert_eq!(ask(admin, remove, &id).await, "ok", "{about}");
            assert_eq!(ask(admin, remove, &id).await, none, "{about}");

            let mut other = super::human(&app, &format!("{wire:?}-{method}-unverified"));
            other["email"]["isVerified"] = json!(false);
            other.as_object_mut().unwrap().remove("phone");
            let other = admin.ask(Operation::AddHumanUser, other).await.unwrap();
            let other = other["userId"].as_str().unwrap();
            assert_eq!(ask(admin, add_rpc, other).await, unverified, "{about}");
        }
    }
}

#[tokio::test]
async fn recovery_codes_are_shown_once_and_replaced() {
    let app = start().await;
    for wire in Wire::ALL {
        let admin = administrator(&app).await.by(wire);
        let id = add(admin, &format!("{wire:?}")).await;
        for (count, want) in [
            (-1, "COMMAND-7c0nx"),
            (0, "COMMAND-7c0nx"),
            (11, "COMMAND-8f2k9"),
            (50, "COMMAND-8f2k9"),
            (51, "code 3"),
        ] {
            let got = generate(admin, &id, count).await;
            assert_eq!(got.err().as_deref(), Some(want), "{wire:?} {count}");
        }
        let first = generate(admin, &id, 10).await.unwrap();
        let distinct: BTreeSet<_> = first.iter().collect();
        assert_eq!(distinct.len(), 10, "{wire:?}");
        for code in &first {
            let groups: Vec<_> = code.split('-').map(str::len).collect();
            assert_eq!(groups, [4; 6], "{code}");
        }
        let listed = methods(admin, &id).await;
        assert_eq!(listed, ["PASSWORD", "RECOVERY_CODE"], "{wire:?}");
        assert_eq!(factors(admin, &id, json!({})).await, [], "{wire:?}");
        // They demand nothing.
        assert_eq!(log_in(admin, &id, json!({})).await.err(), None);

        let second = generate(admin, &id, 1).await.unwrap();
        let check = |code: &str| json!({ "recoveryCode": { "code": code } });
        for (code, want) in [
            (&first[0], "DOMAIN-6uvh0"),
            (&second[0], "ok"),
            // It was the only one.
            (&second[0], "COMMAND-84rgg"),
        ] {
            let got = log_in(admin, &id, check(code)).await;
            assert_eq!(outcome(&got), want, "{wire:?}");
        }
        assert_eq!(methods(admin, &id).await, ["PASSWORD"], "{wire:?}");

        generate(admin, &id, 3).await.unwrap();
        for _ in 0..2 {
            assert_eq!(ask(admin, Operation::RemoveRecoveryCodes, &id).await, "ok");
        }
        assert_eq!(methods(admin, &id).await, ["PASSWORD"], "{wire:?}");
    }
}

#[tokio::test]
async fn a_registration_lasts_ten_minutes_and_ten_tries() {
    let app = start().await;
    let admin = administrator(&app).await;
    for (name, later, want) in [
        ("in-time", super::STEP * 19, "ok"),
        ("late", MINUTE * 10, "COMMAND-3Mif9s"),
    ] {
        let id = add(admin, name).await;
        let secret = register(admin, &id).await;
        let later = admin.later(later);
        let got = verify(later, &id, &code_of(&secret, later.now)).await;
        assert_eq!(got, want, "{name}");
    }
    let id = add(admin, "tries").await;
    let secret = register(admin, &id).await;
    let right = code_of(&secret, NOW);
    for wrong in ["1", "12345", "1234567", "abcdef", "１２３４５６"] {
        let got = verify(admin, &id, wrong).await;
        assert_eq!(got, "EVENT-8isk2", "{wrong}");
    }
    for _ in 5..10 {
        let got = verify(admin, &id, &wrong_code(&secret, NOW)).await;
        assert_eq!(got, "EVENT-8isk2");
    }
    assert_eq!(verify(admin, &id, &right).await, "COMMAND-3Mif9s");
    // Begun anew, it has ten tries again, and another secret.
    let other = register(admin, &id).await;
    assert_ne!(other, secret);
    assert_eq!(verify(admin, &id, &code_of(&other, NOW)).await, "ok");
}

#[tokio::test]
async fn of_many_tries_at_once_no_more_than_ten_are_judged() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let secret = register(admin, &id).await;
    let tries = (0..30).map(async |_| verify(admin, &id, &wrong_code(&secret, NOW)).await);
    let got = futures_util::future::join_all(tries).await;

    let judged = got.iter().filter(|one| *one == "EVENT-8isk2").count();
    let refused = got.iter().filter(|one| *one == "COMMAND-3Mif9s").count();
    assert_eq!((judged, refused), (10, 20), "{got:?}");
}

#[tokio::test]
async fn the_newest_secret_is_the_one_that_is_verified() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let first = register(admin, &id).await;
    let second = register(admin, &id).await;

    assert_ne!(first, second);
    let old = verify(admin, &id, &code_of(&first, NOW)).await;
    assert_eq!(old, "EVENT-8isk2");
    assert_eq!(verify(admin, &id, &code_of(&second, NOW)).await, "ok");
}

#[tokio::test]
async fn a_pending_registration_can_be_removed_and_ends_no_session() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let own = as_user(app.client(), &id, json!({})).await;
    let secret = register(admin, &id).await;

    assert_eq!(ask(admin, Operation::RemoveTOTP, &id).await, "ok");

    assert!(super::is_alive(own, &id).await);
    let gone = verify(admin, &id, &code_of(&secret, NOW)).await;
    assert_eq!(gone, "COMMAND-3Mif9s");
}

#[tokio::test]
async fn factors_are_listed_by_kind_and_state() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    for rpc in [
        Operation::AddOTPSMS,
        Operation::AddOTPEmail,
        Operation::RegisterTOTP,
    ] {
        assert_eq!(ask(admin, rpc, &id).await, "ok");
    }
    let (pending, email, sms) = (
        ("otp", "NOT_READY"),
        ("otpEmail", "READY"),
        ("otpSms", "READY"),
    );
    for (message, want) in [
        (json!({}), vec![email, sms]),
        (
            json!({ "states": ["AUTH_FACTOR_STATE_NOT_READY"] }),
            vec![pending],
        ),
        (json!({ "states": ["AUTH_FACTOR_STATE_REMOVED"] }), vec![]),
        (json!({ "states": [0] }), vec![]),
        (
            json!({ "states": ["AUTH_FACTOR_STATE_NOT_READY", "AUTH_FACTOR_STATE_READY"] }),
            vec![pending, email, sms],
        ),
        (json!({ "authFactors": ["OTP_SMS"] }), vec![sms]),
        (json!({ "authFactors": ["OTP", "OTP_EMAIL"] }), vec![email]),
        (json!({ "authFactors": ["U2F"] }), vec![]),
        (
            json!({ "authFactors": ["OTP"], "states": [1, 2] }),
            vec![pending],
        ),
    ] {
        let got = factors(admin, &id, message.clone()).await;
        assert_eq!(got, pairs(&want), "{message}");
    }
    for wire in Wire::ALL {
        for message in [json!({ "states": [4] }), json!({ "authFactors": [4] })] {
            let mut message = message;
            message["userId"] = json!(id);
            let rpc = Operation::ListAuthenticationFactors;
            let got = admin.by(wire).ask(rpc, message.clone()).await;
            assert_eq!(outcome(&got), "code 3", "{wire:?} {message}");
        }
    }
    let late = admin.later(MINUTE * 10);
    let message = json!({ "states": ["AUTH_FACTOR_STATE_NOT_READY"] });
    assert_eq!(factors(late, &id, message).await, []);
}

#[tokio::test]
async fn of_two_who_verify_one_registration_one_succeeds() {
    let app = start().await;
    let admin = administrator(&app).await;
    for n in 0..4 {
        let id = add(admin, &format!("mini-{n}")).await;
        let secret = register(admin, &id).await;
        let code = code_of(&secret, NOW);
        let (one, other) = tokio::join!(verify(admin, &id, &code), verify(admin, &id, &code));

        let won = [&one, &other].into_iter().filter(|got| *got == "ok");
        assert_eq!(won.count(), 1, "{one} {other}");
        let lost = [&one, &other].into_iter().find(|got| *got != "ok").unwrap();
        let losing = ["COMMAND-qx4ls", "COMMAND-3Mif9s", "code 10"];
        assert!(losing.contains(&&**lost), "{lost}");
    }
}

#[tokio::test]
async fn a_password_reset_leaves_factors_and_their_demands() {
    let app = start().await;
    let admin = administrator(&app).await;
    let id = add(admin, "mini").await;
    let secret = set_up(admin, &id).await;
    generate(admin, &id, 2).await.unwrap();
    reset(admin, &id).await;

    let listed = methods(admin, &id).await;
    assert_eq!(listed, ["PASSWORD", "TOTP", "RECOVERY_CODE"]);
    let right = log_in(admin, &id, totp(&secret, steps(1))).await;
    assert_eq!(outcome(&right), "ok");
}

/// Whoever registered somebody else's address must keep no way in.
#[tokio::test]
async fn a_reset_that_verifies_the_address_removes_all_factors() {
    let app = start().await;
    let admin = administrator(&app).await;
    let mut human = super::human(&app, "mini");
    human["email"]["isVerified"] = json!(false);
    let added = admin.ask(Operation::AddHumanUser, human).await.unwrap();
    let id = added["userId"].as_str().unwrap().to_owned();
    set_up(admin, &id).await;
    assert_eq!(ask(admin, Operation::AddOTPSMS, &id).await, "ok");
    generate(admin, &id, 2).await.unwrap();
    reset(admin, &id).await;

    assert_eq!(methods(admin, &id).await, ["PASSWORD"]);
}

/// Sets the same password again by a code.
async fn reset(admin: super::Client<'_>, id: &str) {
    let message = json!({ "userId": id, "returnCode": {} });
    let asked = admin.ask(Operation::PasswordReset, message).await.unwrap();
    let message = json!({
        "userId": id,
        "newPassword": { "password": crate::support::app::PASSWORD },
        "verificationCode": asked["verificationCode"],
    });
    admin.ask(Operation::SetPassword, message).await.unwrap();
}
