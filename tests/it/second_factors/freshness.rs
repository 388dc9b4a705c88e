//! How recently, and how strongly, a user has to have proved who he is to change what he logs in with.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{FactorKind, Operation, Timestamp, User};

use super::{administrator, outcome};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Client;
use crate::support::second::SECOND;

const STALE: &str = "SESAME-Fres1";
const WEAK: &str = "AUTHZ-Kl3p0";

/// Just younger than `FRESH_SECONDS`, and just as old.
const FRESH: Duration = Duration::from_millis(599_999);
const OLD: Duration = Duration::from_mins(10);

/// A change, the factors of a user who can make it beside a password, and what it is answered to that
/// user and to one with a password alone.
struct Row {
    call: Operation,
    message: Value,
    kinds: &'static [FactorKind],
    want: &'static str,
    of_password: &'static str,
}

fn rows() -> Vec<Row> {
    use FactorKind::{OtpEmail, OtpSms, RecoveryCodes, Totp};
    use Operation as Call;

    let row = |call, message, kinds, want, of_password| Row {
        call,
        message,
        kinds,
        want,
        of_password,
    };
    let none = || json!({});
    let email = json!({ "email": "new@mouse.example" });
    let phone = json!({ "phone": "+41790000000" });
    let human = |field: &str, value: &Value| json!({ "human": { field: value } });
    let pending = "COMMAND-3Mif9s";
    let code = json!({ "code": "123456" });
    let count = json!({ "count": 2 });
    let all = &[Totp, OtpEmail, OtpSms, RecoveryCodes][..];
    vec![
        row(Call::RegisterTOTP, none(), &[OtpEmail], "ok", "ok"),
        row(
            Call::VerifyTOTPRegistration,
            code,
            &[OtpEmail],
            pending,
            pending,
        ),
        row(Call::RemoveTOTP, none(), all, "ok", "COMMAND-Hd9sd"),
        row(Call::AddOTPSMS, none(), &[Totp], "ok", "ok"),
        row(Call::RemoveOTPSMS, none(), all, "ok", "COMMAND-Sr3h3"),
        row(Call::AddOTPEmail, none(), &[OtpSms], "ok", "ok"),
        row(Call::RemoveOTPEmail, none(), all, "ok", "COMMAND-b312D"),
        row(
            Call::GenerateRecoveryCodes,
            count,
            &[Totp],
            "ok",
            "SESAME-Frec1",
        ),
        row(Call::RemoveRecoveryCodes, none(), all, "ok", "ok"),
        row(Call::SetEmail, email.clone(), all, "ok", "ok"),
        row(Call::SetPhone, phone.clone(), all, "ok", "ok"),
        row(Call::RemovePhone, none(), all, "ok", "ok"),
        row(
            Call::UpdateHumanUser,
            json!({ "email": email }),
            all,
            "ok",
            "ok",
        ),
        row(
            Call::UpdateHumanUser,
            json!({ "phone": phone }),
            all,
            "ok",
            "ok",
        ),
        row(
            Call::UpdateHumanUser,
            json!({ "phone": {} }),
            all,
            "ok",
            "ok",
        ),
        row(Call::UpdateUser, human("email", &email), all, "ok", "ok"),
        row(Call::UpdateUser, human("phone", &phone), all, "ok", "ok"),
    ]
}

/// When the password and a second factor were proved in a session, so long ago, and what is answered
/// to it; `None`: the row says it. The last is the one that may, because a change changes the rest.
type Session = (
    Option<Duration>,
    Option<(&'static str, Duration)>,
    Option<&'static str>,
);

const OF_SECOND: [Session; 9] = [
    (Some(Duration::ZERO), None, Some(WEAK)),
    (Some(OLD), None, Some(WEAK)),
    (Some(OLD), Some(("totp", Duration::ZERO)), Some(STALE)),
    (
        Some(OLD),
        Some(("recoveryCode", Duration::ZERO)),
        Some(STALE),
    ),
    (Some(Duration::ZERO), Some(("totp", OLD)), Some(STALE)),
    (Some(Duration::ZERO), Some(("otpSms", OLD)), Some(STALE)),
    (Some(OLD), Some(("otpEmail", OLD)), Some(STALE)),
    // It can't come about.
    (None, Some(("totp", Duration::ZERO)), Some(WEAK)),
    (Some(FRESH), Some(("totp", FRESH)), None),
];

const OF_PASSWORD: [Session; 2] = [(Some(OLD), None, Some(STALE)), (Some(FRESH), None, None)];

async fn ask(client: Client<'_>, row: &Row, user: &User) -> String {
    let mut message = row.message.clone();
    message["userId"] = json!(user.user_id.as_str());
    outcome(&client.ask(row.call, message).await)
}

/// Makes a call with each session of a user, whose proofs are that old at [`NOW`].
async fn check(app: &App, row: &Row, user: &User, sessions: &[Session], want: &str) {
    let created = app.client().log_in(user, PASSWORD).await;
    let token = created.token();
    for (password, second, refusal) in sessions {
        let ago = |span: Duration| -> Timestamp { NOW.minus(span) };
        let password = password.map(|span| ("password", ago(span)));
        let second = second.map(|(name, span)| (name, ago(span)));
        let proofs: Vec<_> = password.into_iter().chain(second).collect();
        app.set_proofs_at(&created, &proofs).await;

        let got = ask(app.client().bearing(&token), row, user).await;
        let want = refusal.unwrap_or(want);
        assert_eq!(got, want, "{:?} {} {proofs:?}", row.call, row.message);
    }
}

#[tokio::test]
async fn each_change_takes_fresh_proofs_of_the_strongest_kind() {
    let app = App::emulated(&SECOND).await;
    for (n, row) in rows().iter().enumerate() {
        let user = app.user_with(&format!("second-{n}"), row.kinds).await;
        check(&app, row, &user, &OF_SECOND, row.want).await;
        let user = app.user_with(&format!("password-{n}"), &[]).await;
        check(&app, row, &user, &OF_PASSWORD, row.of_password).await;
    }
}

/// Whoever may by a permission proves nothing.
#[tokio::test]
async fn an_administrator_makes_each_change_at_any_time() {
    let app = App::emulated(&SECOND).await;
    let admin = administrator(&app).await.later(OLD * 10);
    for (n, row) in rows().iter().enumerate() {
        let user = app.user_with(&format!("second-{n}"), row.kinds).await;
        let got = ask(admin, row, &user).await;
        assert_eq!(got, row.want, "{:?} {}", row.call, row.message);
    }
}

/// A second factor that was proved again counts, not the one that was proved first.
#[tokio::test]
async fn the_newest_second_factor_counts() {
    let app = App::emulated(&SECOND).await;
    let user = app.user_with("mini", &[FactorKind::Totp]).await;
    let created = app.client().log_in(&user, PASSWORD).await;
    let token = created.token();
    let old = NOW.minus(OLD);
    let proofs = [("password", NOW), ("totp", old), ("otpEmail", NOW)];
    app.set_proofs_at(&created, &proofs).await;

    let message = json!({ "userId": user.user_id.as_str() });
    let client = app.client().bearing(&token);
    let added = client.ask(Operation::AddOTPEmail, message).await;
    assert_eq!(outcome(&added), "ok");
}
