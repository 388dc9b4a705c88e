//! Codes that are used at once.
//!
//! Each request to the database takes its time, so that all of these calls have read before the
//! first of them writes.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{Account, FactorKind, Operation, User, UserSearch};
use sesame::store::{Alongside, ChangeOutcome};

use super::uses::{Code, Login, has, login_page};
use crate::linearizability::runs;
use crate::support::answer::Outcome;
use crate::support::app::{App, NOW, header};
use crate::support::client::Client;
use crate::support::dice::Dice;
use crate::support::faults::Fault;
use crate::support::second::{RECOVERY_CODES, SECOND, login, recovery_hash};

/// Lets each request to the database take as long as the others.
pub fn slow(app: &App) {
    app.faults.clear();
    app.faults
        .inject(Fault::Delay(Duration::from_millis(5)).times(usize::MAX));
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

fn count(outcomes: &[Outcome], wanted: &str) -> usize {
    let is_it = |one: &&Outcome| one.as_ref().err().map_or("ok", String::as_str) == wanted;
    outcomes.iter().filter(is_it).count()
}

#[tokio::test(start_paused = true)]
async fn one_of_fifty_uses_a_code() {
    for code in Code::ALL {
        for (sessions, processes) in [(1, 1), (1, 4), (5, 1), (5, 4)] {
            // A code that was sent is one of its session's alone.
            if code.method().is_none() || sessions == 1 {
                use_fifty_times(code, sessions, processes).await;
            }
        }
    }
}

async fn use_fifty_times(code: Code, sessions: usize, processes: usize) {
    let about = format!("{code:?} {sessions} {processes}");
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let mini = app.user_with("mini", &[code.kind()]).await;
    let processes: Vec<App> = (0..processes).map(|_| app.beside(&SECOND)).collect();
    let mut logins = Vec::new();
    for _ in 0..sessions {
        logins.push(Login::new(page, &mini, code).await);
    }
    slow(&app);

    let uses = (0..50).map(|n| {
        let login = &logins[n % sessions];
        let client = processes[n % processes.len()].client();
        let message = login.set(&code.check(&login.code));
        client
            .bearing(page.token.unwrap())
            .ask(Operation::SetSession, message)
    });
    let uses = join_all(uses).await;

    app.faults.clear();
    let wrong = count(&uses, code.wrong());
    assert_eq!(count(&uses, "ok"), 1, "{about} {uses:?}");
    assert!(wrong <= 4, "{about} {uses:?}");
    assert_eq!(count(&uses, code.locked()), 49 - wrong, "{about} {uses:?}");
    let factors = app.factors_of(&mini.user_id).await;
    let attempts = factors.attempts;
    assert_eq!(attempts.made, 1 + wrong as u64, "{about}");
    assert!(attempts.failures as usize <= wrong, "{about} {attempts:?}");
    let mut with_factor = 0;
    for login in &logins {
        with_factor += usize::from(has(&app, &login.id, code).await);
    }
    assert_eq!(with_factor, 1, "{about}");
    if code == Code::Recovery {
        assert_eq!(factors.recovery_codes.len(), 2, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_recovery_codes_at_once_are_both_right() {
    for offset in 0..24 {
        for sessions in [1, 2] {
            let app = App::emulated(&SECOND).await;
            let page = login_page(&app).await;
            let mini = app.user_with("mini", &[FactorKind::RecoveryCodes]).await;
            let one = Login::new(page, &mini, Code::Recovery).await;
            let other = Login::new(page, &mini, Code::Recovery).await;
            let other = if sessions == 1 { &one } else { &other };
            slow(&app);
            let first = async {
                pause(8).await;
                let message = one.set(&Code::Recovery.check(RECOVERY_CODES[0]));
                page.ask(Operation::SetSession, message).await
            };
            let second = async {
                pause(offset).await;
                let message = other.set(&Code::Recovery.check(RECOVERY_CODES[1]));
                page.ask(Operation::SetSession, message).await
            };

            let (first, second) = tokio::join!(first, second);

            app.faults.clear();
            let about = format!("{offset} {sessions} {first:?} {second:?}");
            assert!(first.is_ok() && second.is_ok(), "{about}");
            let factors = app.factors_of(&mini.user_id).await;
            let left = recovery_hash(&mini.user_id, RECOVERY_CODES[2]);
            assert_eq!(factors.recovery_codes, [left].into(), "{about}");
            let attempts = factors.attempts;
            assert_eq!((attempts.made, attempts.failures), (2, 0), "{about}");
        }
    }
}

fn keyed(client: Client<'_>, message: &Value) -> Request {
    let request = client.json(Operation::CreateSession, message.clone());
    header(request, "idempotency-key", "a key of this test")
}

/// Whoever repeats a create before the first one is answered, gets its session, and its code.
#[tokio::test(start_paused = true)]
async fn a_keyed_create_meets_its_repetition() {
    for code in Code::ALL {
        for offset in 0..24 {
            let app = App::emulated(&SECOND).await;
            let page = login_page(&app).await;
            let mini = app.user_with("mini", &[code.kind()]).await;
            let mut message = login(&mini, json!({}));
            match code.of(&mini.user_id) {
                Some(text) => message = login(&mini, code.check(&text)),
                None => message["challenges"] = code.returned(),
            }
            slow(&app);
            let first = async {
                pause(8).await;
                page.send(keyed(page, &message)).await.result()
            };
            let second = async {
                pause(offset).await;
                page.send(keyed(page, &message)).await.result()
            };

            let (first, second) = tokio::join!(first, second);

            app.faults.clear();
            let about = format!("{code:?} {offset} {first:?} {second:?}");
            assert!(first.is_ok() && first == second, "{about}");
            let first = first.unwrap();
            let attempts = app.factors_of(&mini.user_id).await.attempts;
            assert_eq!(attempts.failures, 0, "{about}");
            if code.method().is_some() {
                let returned = first["challenges"][code.name()].as_str().unwrap();
                let message = json!({
                    "sessionId": first["sessionId"],
                    "checks": code.check(returned),
                });
                page.ask(Operation::SetSession, message).await.unwrap();
            }
            assert!(
                has(&app, first["sessionId"].as_str().unwrap(), code).await,
                "{about}"
            );
        }
    }
}

/// Changes a user as a call would, over a database that is slow, until the change is made.
async fn change(app: &App, user: &User, change: fn(&mut Account)) {
    let search = UserSearch::Id(user.user_id.clone());
    let none = Alongside::default();
    for _ in 0..8 {
        let seen = app.faulty.read_user(&search).await.unwrap().unwrap();
        let mut after = seen.account.clone();
        change(&mut after);
        let after = after.changed(NOW);
        let changed = app.faulty.change_account(&seen, &after, false, &none).await;
        if changed.unwrap() == ChangeOutcome::Done {
            return;
        }
    }
    panic!("the user changes all the time");
}

/// A change of a user, and the second factors that it leaves.
type Change = (fn(&mut Account), &'static [FactorKind]);

#[tokio::test(start_paused = true)]
async fn pointer_and_factors_agree_when_the_last_recovery_code_meets_a_change() {
    let changes: [Change; 4] = [
        (
            |account| account.factors.otp_email = Some(NOW),
            &[FactorKind::Totp, FactorKind::OtpEmail],
        ),
        (|account| account.factors.totp = None, &[]),
        (
            |account| account.factors = std::mem::take(&mut account.factors).removed(),
            &[],
        ),
        (
            |account| {
                let id = account.user.user_id.clone();
                let new = RECOVERY_CODES[1..]
                    .iter()
                    .map(|code| recovery_hash(&id, code));
                account.factors.recovery_codes = new.collect();
            },
            &[FactorKind::Totp, FactorKind::RecoveryCodes],
        ),
    ];
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let mut met = 0;
    for seed in 0..runs(40) {
        for (n, (make, kinds)) in changes.into_iter().enumerate() {
            let about = format!("seed {seed} change {n}");
            let both = [FactorKind::Totp, FactorKind::RecoveryCodes];
            let mini = app.user_with(&format!("{seed}-{n}"), &both).await;
            app.change_user(&mini.user_id, |account| {
                let last = recovery_hash(&account.user.user_id, RECOVERY_CODES[0]);
                account.factors.recovery_codes = [last].into();
            })
            .await;
            let login = Login::new(page, &mini, Code::Recovery).await;
            app.faults.clear();
            let mut dice = Dice::new(seed * 10 + n as u64);
            for _ in 0..16 {
                let delay = Duration::from_millis(dice.below(8));
                app.faults.inject(Fault::Delay(delay).once());
            }
            let (before, wait) = (dice.below(12), dice.below(12));
            let check = async {
                pause(before).await;
                let message = login.set(&Code::Recovery.check(&login.code));
                page.ask(Operation::SetSession, message).await
            };
            let other = async {
                pause(wait).await;
                change(&app, &mini, make).await;
            };

            let (checked, ()) = tokio::join!(check, other);

            app.faults.clear();
            let outcome = checked.err().unwrap_or("ok".to_owned());
            let is_known = ["ok", Code::Recovery.wrong(), "COMMAND-84rgg"].contains(&&*outcome);
            assert!(is_known, "{about} {outcome}");
            met += usize::from(outcome == "ok");
            let search = UserSearch::Id(mini.user_id.clone());
            let stored = app.store.read_user(&search).await.unwrap().unwrap();
            let of_pointer: Vec<_> = stored.kinds().unwrap().iter().collect();
            let of_item: Vec<_> = stored.account.factors.kinds().iter().collect();
            assert_eq!(of_pointer, of_item, "{about} {outcome}");
            assert_eq!(of_item, kinds, "{about} {outcome}");
            let is_used = has(&app, &login.id, Code::Recovery).await;
            assert_eq!(is_used, outcome == "ok", "{about}");
        }
    }
    assert!(met > 0, "the code was never right");
}
