//! What second factors ask of the database, as `docs/cost.md` says it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::Operation::{CreateSession, GetSession, SetSession};
use sesame::domain::{FactorKind, Operation, UserId, UserSearch};
use sesame::store::{Alongside, ChangeOutcome};
use sesame::token::ServerKey;

use super::meter::Consumed;
use super::metered::{COST, ID, Metered, row};
use super::service::{NOW, PASSWORD};
use crate::support::second::{
    RECOVERY_CODES, SERVER_KEY, WRONG, give, recovery_hash, totp, unknown_recovery_code,
};

/// What comes before a call that is metered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A login by password.
    Login,
    /// A login that asks for a code, which the metered call brings or asks for again.
    Challenge(&'static str, &'static str),
}

/// A call whose cost the page has.
struct Case {
    name: &'static str,
    kinds: &'static [FactorKind],
    before: Before,
    rpc: Operation,
    /// Its checks beside the user and the password, and its challenges.
    body: Value,
}

const ALL: &[FactorKind] = &[
    FactorKind::Totp,
    FactorKind::OtpEmail,
    FactorKind::OtpSms,
    FactorKind::RecoveryCodes,
];

fn case(name: &'static str, before: Before, rpc: Operation, body: Value) -> Case {
    Case {
        name,
        kinds: ALL,
        before,
        rpc,
        body,
    }
}

fn checks(checks: Value) -> Value {
    Value::from_iter([("checks", checks)])
}

fn challenges(challenges: Value) -> Value {
    Value::from_iter([("challenges", challenges)])
}

fn user_id() -> UserId {
    UserId::parse(ID.to_owned()).unwrap()
}

fn cases() -> Vec<Case> {
    use Before::{Challenge, Login, Nothing};

    let none = json!({});
    let app = json!({ "totp": { "code": totp(&user_id(), NOW) } });
    let wrong = json!({ "totp": { "code": WRONG } });
    let recovery = json!({ "recoveryCode": { "code": RECOVERY_CODES[0] } });
    let unknown = json!({ "recoveryCode": { "code": unknown_recovery_code() } });
    let sent = json!({ "otpEmail": {} });
    let by_sms = json!({ "otpSms": {} });
    let returned = json!({ "otpEmail": { "returnCode": {} } });
    vec![
        Case {
            kinds: &[],
            ..case(
                "login without second factors",
                Nothing,
                CreateSession,
                none.clone(),
            )
        },
        case(
            "login of a user who has some, by the password alone",
            Nothing,
            CreateSession,
            none.clone(),
        ),
        case(
            "login with a code of an app",
            Nothing,
            CreateSession,
            checks(app.clone()),
        ),
        case(
            "login with a wrong code of an app",
            Nothing,
            CreateSession,
            checks(wrong.clone()),
        ),
        case(
            "login with a recovery code, with a notice",
            Nothing,
            CreateSession,
            checks(recovery.clone()),
        ),
        case(
            "login, with a code sent",
            Nothing,
            CreateSession,
            challenges(sent.clone()),
        ),
        case(
            "login, with a code returned",
            Nothing,
            CreateSession,
            challenges(returned.clone()),
        ),
        case(
            "GetSession of a user with second factors",
            Login,
            GetSession,
            none.clone(),
        ),
        case(
            "SetSession with a code of an app",
            Login,
            SetSession,
            checks(app),
        ),
        case(
            "SetSession with a wrong code of an app",
            Login,
            SetSession,
            checks(wrong),
        ),
        case(
            "SetSession with a code by e-mail",
            Challenge("otpEmail", "code"),
            SetSession,
            none.clone(),
        ),
        case(
            "SetSession with a code by SMS",
            Challenge("otpSms", "code"),
            SetSession,
            none.clone(),
        ),
        case(
            "SetSession with a recovery code, with a notice",
            Login,
            SetSession,
            checks(recovery.clone()),
        ),
        Case {
            kinds: &[FactorKind::Totp],
            ..case(
                "SetSession with the last recovery code, with a notice",
                Login,
                SetSession,
                checks(recovery),
            )
        },
        case(
            "SetSession with a wrong recovery code",
            Login,
            SetSession,
            checks(unknown),
        ),
        case(
            "SetSession, with a code sent by e-mail",
            Login,
            SetSession,
            challenges(sent),
        ),
        case(
            "SetSession, with a code sent by SMS",
            Login,
            SetSession,
            challenges(by_sms),
        ),
        case(
            "SetSession, with a code returned",
            Login,
            SetSession,
            challenges(returned),
        ),
        case(
            "SetSession, with a code asked for again within a minute",
            Challenge("otpEmail", "again"),
            SetSession,
            none,
        ),
    ]
}

impl Metered {
    /// Gives the user the factors of a case. One who has none of them but an app gets one recovery
    /// code.
    async fn equip(&self, kinds: &[FactorKind]) {
        let id = user_id();
        let key = ServerKey::parse(SERVER_KEY.into()).unwrap();
        let seen = self.store.read_user(&UserSearch::Id(id.clone())).await;
        let seen = seen.unwrap().unwrap();
        let mut after = seen.account.clone();
        for kind in kinds {
            give(&mut after.factors, *kind, &id, &key);
        }
        if kinds == [FactorKind::Totp] {
            let last = recovery_hash(&id, RECOVERY_CODES[0]);
            after.factors.recovery_codes = BTreeSet::from([last]);
        }
        let (after, none) = (after.changed(NOW), Alongside::default());
        let changed = self.store.change_account(&seen, &after, false, &none).await;
        assert_eq!(changed.unwrap(), ChangeOutcome::Done);
    }
}

/// The message of a create by user id and password.
fn login() -> Value {
    json!({ "checks": { "user": { "userId": ID }, "password": { "password": PASSWORD } } })
}

async fn metered(case: Case) -> String {
    let service = Metered::sending().await;
    service.add(ID).await;
    if !case.kinds.is_empty() {
        service.equip(case.kinds).await;
    }
    let mut body = json!({});
    if case.rpc == CreateSession {
        body = login();
    }
    match case.before {
        Before::Nothing => {}
        Before::Login => {
            let (_, created) = service.call_at(NOW, CreateSession, login()).await;
            body["sessionId"] = created["sessionId"].clone();
        }
        Before::Challenge(name, then) => {
            let mut first = login();
            let by_sms = json!({ "returnCode": true });
            let by_email = json!({ "returnCode": {} });
            let returned = if name == "otpSms" { by_sms } else { by_email };
            let is_again = then == "again";
            let delivery = if is_again { json!({}) } else { returned };
            first["challenges"] = json!({ name: delivery });
            let (_, created) = service.call_at(NOW, CreateSession, first).await;
            body["sessionId"] = created["sessionId"].clone();
            if is_again {
                body["challenges"] = json!({ name: {} });
            } else {
                body["checks"] = json!({ name: { "code": created["challenges"][name] } });
            }
        }
    }
    for (field, more) in case.body.as_object().unwrap() {
        for (name, value) in more.as_object().unwrap() {
            body[field][name] = value.clone();
        }
    }
    let at = NOW.plus(Duration::from_secs(1));
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
async fn each_call_with_second_factors_costs_what_the_page_says() {
    let mut rows = Vec::new();
    for case in cases() {
        rows.push(metered(case).await);
    }

    let cells = |row: &str| row.split_once(" | ").unwrap().1.to_owned();
    assert_eq!(cells(&rows[0]), cells(&rows[1]), "of the password alone");
    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}
