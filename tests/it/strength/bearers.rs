//! What a session is good for by whose token its user makes calls.

use serde_json::{Value, json};
use sesame::domain::{Operation, User};

use super::calls::{Group, calls};
use super::{Has, USERS};
use crate::support::answer::Answer;
use crate::support::app::{App, PASSWORD};
use crate::support::client::Client;
use crate::support::keys::KEYS;

pub const UNAUTHENTICATED: &str = "code 16";
pub const WEAK: &str = "AUTHZ-Kl3p0";
const FORBIDDEN: &str = "AUTH-5mWD2";
/// The call got past all that the session decides.
const PASSES: &str = "passes";

/// What a session is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Good {
    /// It proves nothing.
    None,
    /// It lacks a factor.
    Weak,
    /// It proves a user who has to set up a first second factor.
    ToSetUp,
    Full,
}

/// Whether it has the strongest proofs that the user can give: one with neither a second factor nor
/// recovery codes, one with recovery codes alone, and one with a second factor.
type Strongest = [bool; 3];

/// Sessions by what was proved in them, and what they are good for: for a user without a second
/// factor, if one is optional and if it is required, and for a user with one, likewise.
const SESSIONS: [(&[&str], [Good; 4], Strongest); 12] = {
    use Good::{Full, None, ToSetUp, Weak};
    [
        (&[], [None, None, None, None], [false; 3]),
        (
            &["password"],
            [Full, ToSetUp, Weak, Weak],
            [true, false, false],
        ),
        (
            &["password", "totp"],
            [Full, Full, Full, Full],
            [true, true, true],
        ),
        (
            &["password", "otpSms"],
            [Full, Full, Full, Full],
            [true, true, true],
        ),
        (
            &["password", "otpEmail"],
            [Full, Full, Full, Full],
            [true, true, true],
        ),
        (
            &["password", "recoveryCode"],
            [Full, Full, Full, Full],
            [true, true, true],
        ),
        (
            &["password", "totp", "otpSms", "otpEmail", "recoveryCode"],
            [Full, Full, Full, Full],
            [true, true, true],
        ),
        (&["passkey"], [Full, Full, Full, Full], [true, true, true]),
        (
            &["password", "u2f"],
            [Full, Full, Full, Full],
            [true, true, true],
        ),
        (&["u2f"], [Weak, ToSetUp, Weak, Weak], [false; 3]),
        // Neither can come about.
        (&["totp"], [Weak, ToSetUp, Weak, Weak], [false; 3]),
        (&["recoveryCode"], [Weak, ToSetUp, Weak, Weak], [false; 3]),
    ]
};

/// What a call is answered to a session, which has the strongest proofs or not.
fn want(group: Group, good: Good, is_strongest: bool) -> &'static str {
    match (group, good, is_strongest) {
        (_, Good::None, _) => UNAUTHENTICATED,
        (Group::Own, _, _) => "ok",
        (_, Good::Weak, _) | (Group::SetUp | Group::Change, Good::Full, false) => WEAK,
        (Group::BeforeSetUp, _, _) => "ok",
        (Group::SetUp, _, true)
        | (Group::Other, Good::Full, _)
        | (Group::Change, Good::Full, true) => PASSES,
        (_, Good::ToSetUp, _) => WEAK,
        (Group::Administration, Good::Full, _) => FORBIDDEN,
    }
}

/// Calls on sessions: what they are answered to a session that is good for nothing, weak, good to set
/// up a factor, and full.
const OF_SESSIONS: [(Call, [&str; 4]); 9] = [
    (Call::GetOwn, [UNAUTHENTICATED, "ok", "ok", "ok"]),
    (Call::GetOwnByToken, [UNAUTHENTICATED, "ok", "ok", "ok"]),
    (Call::SetOwn, [UNAUTHENTICATED, "ok", "ok", "ok"]),
    (Call::GetOther, [UNAUTHENTICATED, WEAK, WEAK, "ok"]),
    (Call::GetOtherByToken, [UNAUTHENTICATED, WEAK, WEAK, "ok"]),
    (Call::SetOther, [UNAUTHENTICATED, WEAK, WEAK, "ok"]),
    (Call::DeleteGone, [UNAUTHENTICATED, WEAK, "ok", "ok"]),
    (Call::DeleteOther, [UNAUTHENTICATED, WEAK, "ok", "ok"]),
    (Call::DeleteOwn, [UNAUTHENTICATED, "ok", "ok", "ok"]),
];

/// A call on the session whose token is the bearer, or on another one of the same user.
#[derive(Clone, Copy, Debug)]
enum Call {
    GetOwn,
    GetOwnByToken,
    SetOwn,
    GetOther,
    GetOtherByToken,
    SetOther,
    /// One that is not there.
    DeleteGone,
    DeleteOther,
    DeleteOwn,
}

/// A session and its newest token.
struct Held {
    id: String,
    token: String,
}

impl Held {
    fn new(created: &Answer) -> Self {
        Self {
            id: created.id(),
            token: created.token(),
        }
    }

    async fn get(&self, client: Client<'_>, token: Option<&str>) -> String {
        let mut message = json!({ "sessionId": self.id });
        if let Some(token) = token {
            message["sessionToken"] = json!(token);
        }
        outcome(client, Operation::GetSession, message).await
    }

    async fn set(&mut self, client: Client<'_>) -> String {
        let message = json!({
            "sessionId": self.id, "sessionToken": self.token, "metadata": { "a": "MQ==" },
            "lifetime": "3600s",
        });
        match client.ask(Operation::SetSession, message).await {
            Ok(answer) => {
                answer["sessionToken"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut self.token);
                "ok".to_owned()
            }
            Err(error) => error,
        }
    }

    async fn delete(&self, client: Client<'_>) -> String {
        let message = json!({ "sessionId": self.id });
        outcome(client, Operation::DeleteSession, message).await
    }
}

async fn outcome(client: Client<'_>, rpc: Operation, message: Value) -> String {
    let outcome = client.ask(rpc, message).await;
    outcome.err().unwrap_or_else(|| "ok".to_owned())
}

/// Makes a call, and says whether it was a matter of the session.
async fn made(client: Client<'_>, rpc: Operation, message: Value, want: &str) -> String {
    let got = outcome(client, rpc, message).await;
    let is_refused = [UNAUTHENTICATED, WEAK, FORBIDDEN].contains(&&*got);
    if want == PASSES && !is_refused {
        PASSES.to_owned()
    } else {
        got
    }
}

/// The modes of access, and what creating a session is answered in each.
const CREATES: [(&str, [&str; 4]); 3] = [
    ("token", [UNAUTHENTICATED, WEAK, WEAK, FORBIDDEN]),
    ("authenticated", [UNAUTHENTICATED, WEAK, WEAK, "ok"]),
    ("public", [UNAUTHENTICATED, WEAK, WEAK, "ok"]),
];

/// A user, and a service for each mode of access.
struct Table {
    apps: Vec<(App, [&'static str; 4])>,
    mini: User,
    other: Held,
}

impl Table {
    async fn new(mfa: &str) -> Self {
        let mut apps: Vec<(App, _)> = Vec::new();
        for (access, creates) in CREATES {
            // Otherwise what was set up would be a factor for the next rows.
            let own = [("MFA", mfa), ("ACCESS", access), ("SECOND_FACTORS", "totp")];
            let settings = [&KEYS[..], &own].concat();
            let app = match apps.first() {
                None => App::emulated(&settings).await,
                Some((first, _)) => first.beside(&settings),
            };
            apps.push((app, creates));
        }
        let public = &apps[2].0;
        let mini = public.user_with("mini", &[]).await;
        let other = Held::new(&public.client().log_in(&mini, PASSWORD).await);
        Self { apps, mini, other }
    }

    /// A login at a service where anyone may create sessions.
    async fn log_in(&self) -> Answer {
        self.apps[2].0.client().log_in(&self.mini, PASSWORD).await
    }

    /// A session in which these factors were proved.
    async fn proved(&self, proofs: &[&str]) -> Held {
        let created = self.log_in().await;
        self.apps[2].0.set_proofs(&created, proofs).await;
        Held::new(&created)
    }

    /// Makes every call with the token of a session in which these factors were proved: those on
    /// sessions in these modes of access.
    async fn check(&mut self, row: &Row<'_>, modes: &[usize]) {
        let Row { good, what, .. } = row;
        let own = self.proved(row.proofs).await;
        self.check_calls(&own.token, row).await;
        for (app, creates) in &self.apps {
            let client = app.client().bearing(&own.token);
            let created = client.create_json(&json!({})).await;
            assert_eq!(created.outcome(), creates[*good as usize], "{what}");
        }
        for mode in modes {
            let mut own = self.proved(row.proofs).await;
            for (call, wants) in OF_SESSIONS {
                let got = self.call(*mode, call, &mut own).await;
                assert_eq!(got, wants[*good as usize], "{call:?} {mode} {what}");
            }
        }
    }

    /// Makes a call on a session at the service of a mode.
    async fn call(&mut self, n: usize, call: Call, own: &mut Held) -> String {
        let bearer = own.token.clone();
        let Self { apps, mini, other } = self;
        let client = apps[n].0.client().bearing(&bearer);
        match call {
            Call::GetOwn => own.get(client, None).await,
            Call::GetOwnByToken => own.get(client, Some(&bearer)).await,
            Call::SetOwn => own.set(client).await,
            Call::GetOther => other.get(client, None).await,
            Call::GetOtherByToken => other.get(client, Some(&other.token)).await,
            Call::SetOther => other.set(client).await,
            Call::DeleteGone => {
                let gone = Held {
                    id: sesame::domain::SessionId::generate().to_string(),
                    token: String::new(),
                };
                gone.delete(client).await
            }
            Call::DeleteOther => {
                let got = other.delete(client).await;
                if got == "ok" {
                    *other = Held::new(&apps[2].0.client().log_in(mini, PASSWORD).await);
                }
                got
            }
            Call::DeleteOwn => own.delete(client).await,
        }
    }

    /// Makes each call about the user, and looks at what is logged of it.
    async fn check_calls(&self, token: &str, row: &Row<'_>) {
        let what = &row.what;
        let app = &self.apps[0].0;
        let client = app.client().bearing(token);
        app.logged();
        for (group, call, message) in row.calls(&self.mini) {
            let want = want(group, row.good, row.is_strongest);
            let got = made(client, call, message, want).await;
            assert_eq!(got, want, "{call:?} {what}");
            let logged = app.logged();
            let outcome = logged.last().unwrap()["outcome"].as_str().unwrap();
            assert_eq!(outcome == "too_weak", want == WEAK, "{call:?} {what}");
        }
    }
}

/// A user and a session, and what the one is good for to the other.
struct Row<'a> {
    proofs: &'a [&'a str],
    /// The one of each group of calls that is made; `None`: all are.
    chosen: Option<usize>,
    good: Good,
    is_strongest: bool,
    what: String,
}

impl Row<'_> {
    fn calls(&self, user: &User) -> Vec<(Group, Operation, Value)> {
        let mut calls = calls(user.user_id.as_str(), user.login_name.as_str());
        if let Some(chosen) = self.chosen {
            let of = |group: Group| calls.iter().filter(move |call| call.0 == group);
            let groups = GROUPS.into_iter();
            let one = groups.map(|group| of(group).nth(chosen % of(group).count()));
            calls = one.map(|call| call.unwrap().clone()).collect();
        }
        calls
    }
}

const GROUPS: [Group; 6] = [
    Group::Own,
    Group::BeforeSetUp,
    Group::SetUp,
    Group::Other,
    Group::Change,
    Group::Administration,
];

/// Goes through the rows of all users with what is `chosen`.
async fn check(mfa: &str, chosen: Has) {
    let mut table = Table::new(mfa).await;
    let users = USERS.into_iter().filter(|(_, has)| *has == chosen);
    let first = if mfa == "optional" { 0 } else { 16 };
    for (user, (kinds, has)) in users.enumerate() {
        table.apps[2].0.set_kinds(&table.mini, kinds).await;
        for (session, (proofs, goods, strongest)) in SESSIONS.into_iter().enumerate() {
            let row = Row {
                proofs,
                // So many users have a second factor that each call and each mode comes by with a weak
                // session and with a full one, in the two modes together.
                chosen: (has == Has::SecondFactor).then_some(first + user + session),
                good: match (has, mfa) {
                    (Has::Password | Has::Passkey, "optional") => goods[0],
                    (Has::Password, _) => goods[1],
                    (Has::SecondFactor, "optional") => goods[2],
                    (Has::SecondFactor | Has::Passkey, _) => goods[3],
                },
                is_strongest: match kinds {
                    [] => strongest[0],
                    ["recovery_codes"] => strongest[1],
                    _ => strongest[2],
                },
                what: format!("{kinds:?} {proofs:?} {mfa}"),
            };
            let modes = match row.chosen {
                None => vec![0, 1, 2],
                Some(chosen) => vec![chosen % 3],
            };
            table.check(&row, &modes).await;
        }
    }
}

#[tokio::test]
async fn the_calls_of_users_with_a_password_alone_where_that_is_enough() {
    check("optional", Has::Password).await;
}

#[tokio::test]
async fn the_calls_of_users_with_a_password_alone_where_more_is_required() {
    check("required", Has::Password).await;
}

#[tokio::test]
async fn the_calls_of_users_with_a_passkey_where_a_second_factor_is_optional() {
    check("optional", Has::Passkey).await;
}

#[tokio::test]
async fn the_calls_of_users_with_a_passkey_where_a_second_factor_is_required() {
    check("required", Has::Passkey).await;
}

#[tokio::test]
async fn the_calls_of_users_with_a_second_factor_where_it_is_optional() {
    check("optional", Has::SecondFactor).await;
}

#[tokio::test]
async fn the_calls_of_users_with_a_second_factor_where_it_is_required() {
    check("required", Has::SecondFactor).await;
}
