//! Every check, in every state of its code, its user and its session, by whoever asks.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::{
    Account, Address as _, Contact, EmailAddress, Operation, Permission, PhoneNumber, Timestamp,
    User, UserState,
};

use super::check::Check;
use super::{ALL, MINUTE, Opened, open_with, second, with};
use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW};
use crate::support::client::{Client, Wire};
use crate::support::second::{email, give, phone, recovery_hash, unknown_recovery_code};

/// The state of a code, its user and its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Right,
    Wrong,
    Expired,
    Used,
    /// Another session of the user has used the code, or its own code.
    UsedInAnother,
    OtherUsers,
    OtherSessions,
    NoChallenge,
    AddressChanged,
    AddressChangedBack,
    AddressNotVerified,
    Locked,
    NoPassword,
    NoUser,
    Removed,
    UserLocked,
    UserDeactivated,
    Deleted,
    SessionEnded,
}

type Cell = (i32, &'static str);

const OK: Cell = (0, "");
const WRONG_APP: Cell = (3, "EVENT-8isk2");
const WRONG_OTP: Cell = (3, "CODE-woT0xc");
const WRONG_RECOVERY: Cell = (3, "DOMAIN-6uvh0");
const EXPIRED: Cell = (9, "CODE-QvUQ4P");
const NO_CHALLENGE: Cell = (9, "COMMAND-S34gh");
const NO_PROOF: Cell = (9, "SESAME-Fprf1");
const ENDED: Cell = (9, "COMMAND-Hewfq");

/// The answer of each check: of an app's code, of codes by SMS and by e-mail, of a recovery code.
const TABLE: [(Case, [Cell; 4]); 19] = [
    (Case::Right, [OK, OK, OK, OK]),
    (
        Case::Wrong,
        [WRONG_APP, WRONG_OTP, WRONG_OTP, WRONG_RECOVERY],
    ),
    (Case::Expired, [WRONG_APP, EXPIRED, EXPIRED, OK]),
    (
        Case::Used,
        [WRONG_APP, WRONG_OTP, WRONG_OTP, WRONG_RECOVERY],
    ),
    (Case::UsedInAnother, [WRONG_APP, OK, OK, WRONG_RECOVERY]),
    (
        Case::OtherUsers,
        [WRONG_APP, WRONG_OTP, WRONG_OTP, WRONG_RECOVERY],
    ),
    (Case::OtherSessions, [OK, WRONG_OTP, WRONG_OTP, OK]),
    (Case::NoChallenge, [OK, NO_CHALLENGE, NO_CHALLENGE, OK]),
    (Case::AddressChanged, [OK, WRONG_OTP, WRONG_OTP, OK]),
    (Case::AddressChangedBack, [OK, WRONG_OTP, WRONG_OTP, OK]),
    (Case::AddressNotVerified, [OK, WRONG_OTP, WRONG_OTP, OK]),
    (
        Case::Locked,
        [
            (9, "COMMAND-SF3fg"),
            (9, "COMMAND-S6h4R"),
            (9, "COMMAND-S6h4R"),
            (9, "COMMAND-2w6oa"),
        ],
    ),
    (Case::NoPassword, [NO_PROOF, NO_PROOF, NO_PROOF, NO_PROOF]),
    (
        Case::NoUser,
        [
            (3, "COMMAND-8N9ds"),
            (3, "COMMAND-S453v"),
            (3, "COMMAND-S453v"),
            (3, "COMMAND-4m9s2"),
        ],
    ),
    (
        Case::Removed,
        [
            (9, "COMMAND-3Mif9s"),
            (9, "COMMAND-d2r52"),
            (9, "COMMAND-d2r52"),
            (9, "COMMAND-84rgg"),
        ],
    ),
    (Case::UserLocked, [ENDED, ENDED, ENDED, ENDED]),
    (Case::UserDeactivated, [ENDED, ENDED, ENDED, ENDED]),
    (Case::Deleted, [ENDED, ENDED, ENDED, ENDED]),
    (Case::SessionEnded, [ENDED, ENDED, ENDED, ENDED]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anonymous,
    Page,
    /// The user, by the token of the session, which lacks the second factor.
    Own,
}

impl Case {
    fn expected(self, check: Check) -> Cell {
        let (_, cells) = TABLE.iter().find(|(case, _)| *case == self).unwrap();
        cells[Check::ALL.iter().position(|one| *one == check).unwrap()]
    }

    /// Whether the token of the session is good for nothing else, so that it is no bearer.
    fn is_no_bearer(self) -> bool {
        matches!(
            self,
            Self::NoPassword
                | Self::NoUser
                | Self::UserLocked
                | Self::UserDeactivated
                | Self::Deleted
                | Self::SessionEnded
        )
    }
}

/// A code that is about to be checked.
struct Entry {
    user: User,
    session: Opened,
    code: String,
    after: Duration,
}

/// Brings a user, a session and a code into a state.
async fn arrange(case: Case, check: Check, page: Client<'_>, name: &str) -> Entry {
    let app = page.app;
    let user = app.user_with(name, &ALL).await;
    let message = match case {
        Case::NoPassword => json!({ "checks": { "user": { "userId": user.user_id.as_str() } } }),
        Case::NoUser => json!({}),
        _ => Value::Null,
    };
    let mut session = match case {
        Case::NoPassword | Case::NoUser => open_with(page, message).await,
        Case::NoChallenge => super::open(page, &user).await,
        _ => check.open(page, &user).await,
    };
    let has_code = !matches!(case, Case::NoPassword | Case::NoUser | Case::NoChallenge);
    let mut code = match check.method() {
        Some(_) if !has_code => "12345678".to_owned(),
        _ => check.right(app, &user, NOW),
    };
    let mut after = Duration::ZERO;
    match case {
        Case::Wrong => code = check.wrong_code(app, &user, NOW),
        Case::Expired if check == Check::Totp => after = MINUTE,
        Case::Expired => after = MINUTE * 5,
        Case::Used => drop(session.change(page, check.with(&code)).await.unwrap()),
        Case::UsedInAnother => {
            let mut other = check.open(page, &user).await;
            let own = check.right(app, &user, NOW);
            other.change(page, check.with(&own)).await.unwrap();
        }
        Case::OtherUsers => {
            let other = app.user_with(&format!("{name}-other"), &ALL).await;
            check.open(page, &other).await;
            code = match check {
                Check::RecoveryCode => recovery_code_of(app, &other).await,
                _ => check.right(app, &other, NOW),
            };
        }
        Case::OtherSessions => {
            check.open(page, &user).await;
            code = check.right(app, &user, NOW);
        }
        Case::AddressChanged => move_addresses(app, &user, Some("new"), 1).await,
        Case::AddressChangedBack => {
            move_addresses(app, &user, Some("new"), 1).await;
            move_addresses(app, &user, Some(""), 2).await;
        }
        Case::AddressNotVerified => move_addresses(app, &user, None, 1).await,
        Case::Locked => lock(page, &session, &user, check).await,
        Case::Removed => remove(app, &user, check).await,
        Case::UserLocked => assert!(set_state(app, &user, UserState::Locked).await),
        Case::UserDeactivated => assert!(set_state(app, &user, UserState::Inactive).await),
        Case::Deleted => assert!(app.store.delete_user(&user).await.unwrap()),
        Case::SessionEnded => {
            let message = session.set(json!({}));
            page.ask(Operation::DeleteSession, message).await.unwrap();
        }
        Case::Right | Case::NoChallenge | Case::NoPassword | Case::NoUser => {}
    }
    Entry {
        user,
        session,
        code,
        after,
    }
}

async fn remove(app: &App, user: &User, check: Check) {
    let key = app.server_key();
    app.change_user(&user.user_id, |account| {
        account.factors = std::mem::take(&mut account.factors).removed();
        for kind in ALL.into_iter().filter(|kind| *kind != check.kind()) {
            give(&mut account.factors, kind, &user.user_id, &key);
        }
    })
    .await;
}

async fn lock(client: Client<'_>, session: &Opened, user: &User, check: Check) {
    let wrong = check.wrong_code(client.app, user, NOW);
    for _ in 0..5 {
        let tried = session.attempt(client, check.with(&wrong)).await;
        assert_eq!(tried.unwrap_err().id.as_deref(), Some(check.wrong()));
    }
}

/// A recovery code that this user has alone.
async fn recovery_code_of(app: &App, user: &User) -> String {
    let code = unknown_recovery_code();
    let hash = recovery_hash(&user.user_id, &code);
    app.change_user(&user.user_id, |account| {
        account.factors.recovery_codes.insert(hash);
    })
    .await;
    code
}

async fn set_state(app: &App, user: &User, state: UserState) -> bool {
    app.store.set_user_state(user, state).await.unwrap()
}

/// Gives the user addresses with this prefix, verified so many seconds after [`NOW`]; `None`: his own,
/// which aren't verified any more.
async fn move_addresses(app: &App, user: &User, prefix: Option<&str>, seconds: u64) {
    let at = NOW.plus(Duration::from_secs(seconds));
    let change = |account: &mut Account| {
        let profile = &mut account.profile;
        let own = email(&user.user_id);
        let mut digits = phone(&user.user_id);
        if prefix == Some("new") {
            digits = digits.replacen("+4171", "+4172", 1);
        }
        let address = format!("{}{own}", prefix.unwrap_or_default());
        profile.email = Some(Contact {
            address: EmailAddress::parse(&address).unwrap(),
            verified_at: prefix.map(|_| at),
        });
        profile.phone = Some(Contact {
            address: PhoneNumber::parse(&digits).unwrap(),
            verified_at: prefix.map(|_| at),
        });
    };
    app.change_user(&user.user_id, change).await;
}

async fn hold(check: Check) {
    let app = second().await;
    let authenticated = app.beside(&with("ACCESS", "authenticated"));
    let page = app.service(&[Permission::SessionWrite]).await;
    let others = Wire::ALL
        .into_iter()
        .flat_map(|wire| [Version::V2, Version::V2beta].map(|version| (wire, version)));
    for (n, (wire, version)) in others.enumerate() {
        for (m, (case, _)) in TABLE.into_iter().enumerate() {
            let who = match [Who::Anonymous, Who::Page, Who::Own][(n + m) % 3] {
                Who::Own if case.is_no_bearer() => Who::Page,
                who => who,
            };
            let about = format!("{check:?} {case:?} by {who:?} over {wire:?} {version:?}");
            let entry = arrange(case, check, page, &format!("{n}-{m}")).await;
            let client = match who {
                Who::Anonymous => app.client(),
                Who::Page => page,
                Who::Own => authenticated
                    .client()
                    .bearing(entry.session.token.clone().leak()),
            };
            let client = client.over(wire, version).later(entry.after);
            judge(case, check, &entry, client, &about).await;
        }
    }
}

/// Makes the check, and holds the answer and what is stored against the table.
async fn judge(case: Case, check: Check, entry: &Entry, client: Client<'_>, about: &str) {
    let app = client.app;
    let want = if check == Check::RecoveryCode && client.version == Version::V2beta {
        (12, "")
    } else {
        case.expected(check)
    };
    let id = &entry.user.user_id;
    let before = (entry.session.stored(app).await, app.factors_of(id).await);

    let answer = entry.session.attempt(client, check.with(&entry.code)).await;

    let after = (entry.session.stored(app).await, app.factors_of(id).await);
    let error = match answer {
        Ok(changed) => {
            assert_eq!(want, OK, "{about}");
            assert_ne!(
                changed["sessionToken"],
                json!(entry.session.token),
                "{about}"
            );
            assert_eq!(after.0.sequence.0, before.0.sequence.0 + 2, "{about}");
            assert_eq!(after.1.attempts.failures, 0, "{about}");
            return;
        }
        Err(error) => error,
    };
    assert_eq!(
        (error.code, error.id.clone().unwrap_or_default()),
        (want.0, want.1.to_owned()),
        "{about}"
    );
    let seconds = (case == Case::Locked && want.0 == 9).then_some(30);
    assert_eq!(error.retry_seconds, seconds, "{about}");
    assert_eq!(after.0, before.0, "{about}: the session is as it was");
    // What is wrong counts, and nothing else does.
    let counted = u32::from([WRONG_APP, WRONG_OTP, WRONG_RECOVERY].contains(&want));
    let failures = after.1.attempts.failures - before.1.attempts.failures;
    assert_eq!(failures, counted, "{about}");
    assert_eq!(after.1.kinds(), before.1.kinds(), "{about}");
    if want.0 == 12 {
        let names = ["checks.recoveryCode", "field 8 of checks"];
        let is_named = names.iter().any(|name| error.message.contains(name));
        assert!(is_named, "{about}: {}", error.message);
    }
}

#[tokio::test(start_paused = true)]
async fn codes_of_apps() {
    hold(Check::Totp).await;
}

#[tokio::test(start_paused = true)]
async fn codes_by_sms() {
    hold(Check::OtpSms).await;
}

#[tokio::test(start_paused = true)]
async fn codes_by_email() {
    hold(Check::OtpEmail).await;
}

#[tokio::test(start_paused = true)]
async fn recovery_codes() {
    hold(Check::RecoveryCode).await;
}

/// The time up to which a code of each kind is right.
#[tokio::test(start_paused = true)]
async fn codes_end_to_the_millisecond() {
    let app = second().await;
    let page = super::page(&app).await;
    // The step of an app's code began 123 ms before `NOW`, and the next one is its last.
    let end_of_app = Duration::from_millis(60_000 - 123);
    for (check, end, want) in [
        (Check::Totp, end_of_app, "EVENT-8isk2"),
        (Check::OtpSms, MINUTE * 5, "CODE-QvUQ4P"),
        (Check::OtpEmail, MINUTE * 5, "CODE-QvUQ4P"),
    ] {
        for (after, want) in [(super::just_before(end), "ok"), (end, want)] {
            let user = app.user_with(&format!("{check:?}-{want}"), &ALL).await;
            let mut session = check.open(page, &user).await;
            let code = check.right(&app, &user, NOW);
            let checked = session.change(page.later(after), check.with(&code)).await;
            assert_eq!(super::outcome(&checked), want, "{check:?} {after:?}");
        }
    }
    // An app's clock may be a step ahead.
    let early = Timestamp::from_millis(NOW.as_millis() + 30_000);
    for (at, want) in [
        (early, "ok"),
        (early.plus(Duration::from_secs(30)), "EVENT-8isk2"),
    ] {
        let user = app.user_with(&format!("ahead-{want}"), &ALL).await;
        let mut session = Check::Totp.open(page, &user).await;
        let code = Check::Totp.right(&app, &user, at);
        let checked = session.change(page, Check::Totp.with(&code)).await;
        assert_eq!(super::outcome(&checked), want);
    }
}
