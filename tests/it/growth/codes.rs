//! What codes ask of the database, as `docs/cost.md` says it.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::Operation::{
    AddHumanUser, CreateInviteCode, PasswordReset, ResendEmailCode, ResendInviteCode,
    ResendPhoneCode, SendEmailCode, SetEmail, SetPassword, SetPhone, VerifyEmail, VerifyInviteCode,
    VerifyPhone,
};
use sesame::domain::{Operation, Timestamp};

use super::meter::Consumed;
use super::metered::{COST, ID, Metered, NEW_PASSWORD, row};
use super::service::{NOW, PASSWORD};

/// What comes before a call that is metered.
enum Before {
    Nothing,
    /// A call that returns a code, which the metered call brings.
    Code(Operation, Value),
    Call(Operation, Value),
}

/// A call whose cost the page has.
struct Case {
    name: &'static str,
    before: Before,
    rpc: Operation,
    body: Value,
    /// After the call before.
    later: Duration,
}

fn case(name: &'static str, before: Before, rpc: Operation, body: Value) -> Case {
    Case {
        name,
        before,
        rpc,
        body,
        later: Duration::from_mins(2),
    }
}

/// Within a minute of the call before.
fn at_once(case: Case) -> Case {
    Case {
        later: Duration::ZERO,
        ..case
    }
}

/// The calls for a user whose address and number are not verified.
fn unverified() -> Vec<Case> {
    use Before::{Call, Code, Nothing};

    let none = json!({});
    let returned = json!({ "returnCode": {} });
    let wrong = json!({ "verificationCode": "WRNGWRNG" });
    let sent = || Call(SendEmailCode, json!({}));
    let phone = json!({ "phone": "+41790000001" });
    let mut returned_phone = phone.clone();
    returned_phone["returnCode"] = none.clone();
    vec![
        case("SendEmailCode", Nothing, SendEmailCode, none.clone()),
        case(
            "SendEmailCode, returned",
            Nothing,
            SendEmailCode,
            returned.clone(),
        ),
        at_once(case(
            "SendEmailCode again within a minute",
            sent(),
            SendEmailCode,
            none.clone(),
        )),
        case("ResendEmailCode", sent(), ResendEmailCode, none.clone()),
        case(
            "ResendPhoneCode",
            Call(SetPhone, phone.clone()),
            ResendPhoneCode,
            none.clone(),
        ),
        case(
            "VerifyEmail with a wrong code",
            sent(),
            VerifyEmail,
            wrong.clone(),
        ),
        case(
            "VerifyEmail with the right one",
            Code(SendEmailCode, returned),
            VerifyEmail,
            none.clone(),
        ),
        case(
            "VerifyPhone with the right one",
            Code(SetPhone, returned_phone),
            VerifyPhone,
            none,
        ),
        case(
            "SetPhone to another number, by a code",
            Nothing,
            SetPhone,
            phone,
        ),
    ]
}

/// The calls for a user whose address is verified.
fn verified() -> Vec<Case> {
    use Before::{Call, Code, Nothing};

    let none = json!({});
    let returned = json!({ "returnCode": {} });
    let password = json!({ "newPassword": { "password": NEW_PASSWORD } });
    let mut wrong = password.clone();
    wrong["verificationCode"] = json!("WRNGWRNG");
    let email = json!({ "email": "minnie@mouse.com" });
    let mut returned_email = email.clone();
    returned_email["returnCode"] = none.clone();
    vec![
        case(
            "SendEmailCode for a verified address",
            Nothing,
            SendEmailCode,
            none.clone(),
        ),
        case(
            "SetEmail to another address, by a code",
            Nothing,
            SetEmail,
            email,
        ),
        case(
            "VerifyEmail of an address that waits, with a notice",
            Code(SetEmail, returned_email),
            VerifyEmail,
            none.clone(),
        ),
        case("PasswordReset", Nothing, PasswordReset, none.clone()),
        case(
            "PasswordReset, returned",
            Nothing,
            PasswordReset,
            returned.clone(),
        ),
        at_once(case(
            "PasswordReset again within a minute",
            Call(PasswordReset, none.clone()),
            PasswordReset,
            none,
        )),
        case(
            "SetPassword with a wrong code",
            Call(PasswordReset, json!({})),
            SetPassword,
            wrong,
        ),
        case(
            "SetPassword with the right one, with a notice",
            Code(PasswordReset, returned),
            SetPassword,
            password.clone(),
        ),
        case(
            "SetPassword without a code, with a notice",
            Nothing,
            SetPassword,
            password,
        ),
    ]
}

/// The calls for a user without a password.
fn invited() -> Vec<Case> {
    use Before::{Call, Code, Nothing};

    let none = json!({});
    let invited = || Call(CreateInviteCode, json!({}));
    let returned = json!({ "returnCode": {} });
    let wrong = json!({ "verificationCode": "WRNGWRNG" });
    vec![
        case("CreateInviteCode", Nothing, CreateInviteCode, none.clone()),
        case(
            "ResendInviteCode",
            invited(),
            ResendInviteCode,
            none.clone(),
        ),
        case(
            "VerifyInviteCode with a wrong code",
            invited(),
            VerifyInviteCode,
            wrong,
        ),
        case(
            "VerifyInviteCode with the right one",
            Code(CreateInviteCode, returned),
            VerifyInviteCode,
            none,
        ),
    ]
}

/// A user with an address, which is verified or not, and with a password or without.
fn human(is_verified: bool, has_password: bool) -> Value {
    let mut human = json!({
        "userId": ID,
        "username": "user-7",
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": "7@mouse.com", "isVerified": is_verified },
    });
    if has_password {
        human["password"] = json!({ "password": PASSWORD });
    }
    human
}

/// The row of a call for a user who was added as `human` says it.
async fn metered(human: &Value, case: Case) -> String {
    let service = Metered::sending().await;
    let with_id = |mut body: Value| {
        body["userId"] = json!(ID);
        body
    };
    service.call_at(NOW, AddHumanUser, human.clone()).await;
    let mut body = with_id(case.body);
    match case.before {
        Before::Nothing => {}
        Before::Call(rpc, before) => {
            service.call_at(NOW, rpc, with_id(before)).await;
        }
        Before::Code(rpc, before) => {
            let (_, answer) = service.call_at(NOW, rpc, with_id(before)).await;
            let names = ["verificationCode", "inviteCode", "emailCode", "phoneCode"];
            let code = names.iter().find_map(|name| answer[name].as_str());
            body["verificationCode"] = json!(code.unwrap());
        }
    }
    // So that the minute in which who calls is remembered doesn't end with the wait.
    let at: Timestamp = NOW.plus(case.later);
    let get = json!({ "userId": ID });
    service.call_at(at, Operation::GetUserByID, get).await;
    let (consumed, (status, answer)) = service.try_at(at, case.rpc, body).await;
    let want = if case.name.contains("wrong") {
        400
    } else {
        200
    };
    assert_eq!(status, want, "{}: {answer}", case.name);
    row(case.name, &consumed, &Consumed::default())
}

/// The rows of `docs/cost.md`, in their order.
#[tokio::test]
async fn each_call_on_codes_costs_what_the_page_says() {
    let mut rows = Vec::new();
    for (name, email) in [
        ("AddHumanUser, with a code sent", json!({ "sendCode": {} })),
        (
            "AddHumanUser, with a code returned",
            json!({ "returnCode": {} }),
        ),
    ] {
        let service = Metered::sending().await;
        let mut human = human(false, true);
        human["email"] = email;
        human["email"]["email"] = json!("7@mouse.com");
        let (consumed, _) = service.call_at(NOW, AddHumanUser, human).await;
        rows.push(row(name, &consumed, &Consumed::default()));
    }
    for (human, cases) in [
        (human(false, true), unverified()),
        (human(true, true), verified()),
        (human(false, false), invited()),
    ] {
        for case in cases {
            rows.push(metered(&human, case).await);
        }
    }

    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}
