//! Codes that are asked for and tried at once.
//!
//! Each request to the database takes its time, so that all of these calls have read before the
//! first of them writes.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use sesame::domain::{Code, Operation, day_of};
use sesame::store::MessageCounter;

use super::kind::{Kind, WRONG_SHORT};
use super::table::change_address;
use super::{
    MINUTE, NEW_PASSWORD, SECOND, administrator, log_in, new_address, new_number, outcome, read,
    reset, sending,
};
use crate::support::answer::Outcome;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::faults::Fault;

/// Lets each request to the database take as long as the others.
fn slow(app: &App) {
    app.faults.clear();
    app.faults
        .inject(Fault::Delay(Duration::from_millis(5)).times(usize::MAX));
}

fn count(outcomes: &[Outcome], wanted: &str) -> usize {
    outcomes.iter().filter(|one| outcome(one) == wanted).count()
}

#[tokio::test(start_paused = true)]
async fn fifty_tries_at_once_are_five_comparisons() {
    for kind in Kind::ALL {
        let app = sending().await;
        let admin = administrator(&app).await;
        let id = kind.user(admin, "mini").await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        slow(&app);

        let tries = (0..50).map(|_| kind.enter(admin, &id, WRONG_SHORT));
        let tries = join_all(tries).await;

        assert_eq!(count(&tries, kind.wrong()), 50, "{kind:?}");
        let stored = kind.stored(&app, &id).await.active.unwrap();
        assert_eq!(stored.tries, Code::MAX_TRIES, "{kind:?}");
        app.faults.clear();
        let right = kind.enter(admin, &id, code.short()).await;
        assert_eq!(outcome(&right), kind.wrong(), "{kind:?}");
    }
}

/// Of fifty guesses, the right one is the sixth: all six are on their way before one is compared.
#[tokio::test(start_paused = true)]
async fn a_right_guess_behind_five_wrong_ones_at_once_is_wrong() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::Email;
    let id = kind.user(admin, "mini").await;
    kind.ask(admin, &id).await;
    let code = kind.code(&app, &id).await;
    slow(&app);
    let wrong = (0..5).map(|_| kind.enter(admin, &id, WRONG_SHORT));
    let wrong = join_all(wrong);
    let right = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        kind.enter(admin, &id, code.short()).await
    };

    let (wrong, right) = tokio::join!(wrong, right);

    assert_eq!(count(&wrong, kind.wrong()), 5);
    assert_eq!(outcome(&right), kind.wrong());
}

#[tokio::test(start_paused = true)]
async fn one_of_fifty_uses_a_code() {
    for kind in Kind::ALL {
        for is_short in [true, false] {
            let app = sending().await;
            let admin = administrator(&app).await;
            let id = kind.user(admin, "mini").await;
            kind.ask(admin, &id).await;
            let code = kind.code(&app, &id).await;
            let text = if is_short { code.short() } else { code.long() };
            let before = kind.stored(&app, &id).await.version;
            slow(&app);

            let entered = (0..50).map(|_| kind.enter(admin, &id, text));
            let entered = join_all(entered).await;

            let about = format!("{kind:?} short {is_short}");
            let outcomes = (count(&entered, "ok"), count(&entered, kind.wrong()));
            assert_eq!(outcomes, (1, 49), "{about} {entered:?}");
            let after = kind.stored(&app, &id).await;
            assert_eq!(after.active, None, "{about}");
            // Each try that was counted has written, and so has the one that used the code.
            let written = after.version - before;
            let most = if is_short { 6 } else { 1 };
            assert!((1..=most).contains(&written), "{about} {written}");
        }
    }
}

/// Of fifty who set different passwords by one code, one does, and hers is the password.
#[tokio::test(start_paused = true)]
async fn one_of_fifty_sets_the_password() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    kind.ask(admin, &id).await;
    let code = kind.code(&app, &id).await;
    slow(&app);
    let password = |n: usize| format!("{NEW_PASSWORD} {n}");

    let set = (0..50).map(|n| {
        let message = reset(&id, &password(n), code.long());
        admin.ask(Operation::SetPassword, message)
    });
    let set = join_all(set).await;

    assert_eq!(count(&set, "ok"), 1, "{set:?}");
    app.faults.clear();
    let winner = set.iter().position(Result::is_ok).unwrap();
    assert_eq!(log_in(admin, &id, &password(winner)).await, "ok");
    assert_ne!(log_in(admin, &id, PASSWORD).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn requests_for_one_code_at_once_are_one_message() {
    for kind in Kind::ALL {
        let app = sending().await;
        let admin = administrator(&app).await;
        let id = kind.user(admin, "mini").await;
        slow(&app);

        // The first code, and the same one after a minute.
        for n in 1..3 {
            let admin = admin.later(MINUTE * (n - 1));
            let asked = join_all((0..8).map(|_| kind.try_ask(admin, &id))).await;

            assert_eq!(count(&asked, "ok"), 8, "{kind:?} {asked:?}");
            let sent = app.outbox();
            assert_eq!(sent.len(), n as usize, "{kind:?}");
            let stored = kind.stored(&app, &id).await;
            let code = kind.code(&app, &id).await;
            assert!(
                sent.iter()
                    .all(|message| message.text.contains(code.short()))
            );
            // What was counted for the others was taken back.
            let destination = stored.active.unwrap().target.destinations().next().unwrap();
            for counter in [MessageCounter::To(&destination), MessageCounter::Deployment] {
                let (store, day) = (&app.store, day_of(NOW));
                let is_more = store.count_message(counter, n, day).await.unwrap();
                let is_less = !store.count_message(counter, n + 1, day).await.unwrap();
                assert!(!is_more && !is_less, "{kind:?} {counter:?}");
                store.uncount_message(counter, day).await.unwrap();
            }
        }
    }
}

/// A request and the use of a code at once: the code is used, or the one that there is was not yet.
#[tokio::test(start_paused = true)]
async fn a_request_that_meets_the_use_of_a_code_makes_none_of_the_used_one() {
    for kind in Kind::ALL {
        let app = sending().await;
        let admin = administrator(&app).await;
        let id = kind.user(admin, "mini").await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        let later = admin.later(MINUTE);
        slow(&app);

        let (asked, used) = tokio::join!(
            kind.try_ask(later, &id),
            kind.enter(later, &id, code.long()),
        );

        assert_eq!(outcome(&used), "ok", "{kind:?} {asked:?}");
        app.faults.clear();
        let again = kind.enter(later, &id, code.long()).await;
        assert_eq!(outcome(&again), kind.wrong(), "{kind:?}");
    }
}

/// A reset, a login, a change and a lock at once: afterwards the user has the password of a call
/// that succeeded, and the code is used exactly if the reset did.
#[tokio::test(start_paused = true)]
async fn a_reset_meets_a_login_a_change_and_a_lock() {
    for order in 0..24_u64 {
        let app = sending().await;
        let admin = administrator(&app).await;
        let kind = Kind::MailReset;
        let id = kind.user(admin, "mini").await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        let later = admin.later(SECOND);
        slow(&app);
        let wait = |call: u64| tokio::time::sleep(Duration::from_millis((order / (call + 1)) % 7));
        let reset = async {
            wait(0).await;
            let message = reset(&id, NEW_PASSWORD, code.short());
            later.ask(Operation::SetPassword, message).await
        };
        let change = async {
            wait(1).await;
            let message = json!({
                "userId": id,
                "newPassword": { "password": "a third horse" },
                "currentPassword": PASSWORD,
            });
            later.ask(Operation::SetPassword, message).await
        };
        let lock = async {
            wait(2).await;
            let message = json!({ "userId": id });
            admin.ask(Operation::LockUser, message).await
        };
        let login = async {
            wait(3).await;
            log_in(admin, &id, PASSWORD).await
        };

        let (reset, change, lock, _) = tokio::join!(reset, change, lock, login);

        app.faults.clear();
        let about = format!("{order}: {reset:?} {change:?} {lock:?}");
        let (reset, change) = (outcome(&reset), outcome(&change));
        assert_eq!(outcome(&lock), "ok", "{about}");
        assert!(
            ["ok", "CODE-woT0xc", "SESSION-Gj4ko"].contains(&&*reset),
            "{about}"
        );
        let message = json!({ "userId": id });
        admin.ask(Operation::UnlockUser, message).await.unwrap();
        let mut right = Vec::new();
        for password in [PASSWORD, NEW_PASSWORD, "a third horse"] {
            if log_in(admin, &id, password).await == "ok" {
                right.push(password);
            }
        }
        // The first of them ends what the other one proves itself by.
        let expected = match (&*reset, &*change) {
            ("ok", "ok") => panic!("{about}"),
            ("ok", _) => NEW_PASSWORD,
            (_, "ok") => "a third horse",
            _ => PASSWORD,
        };
        assert_eq!(right, [expected], "{about}");
        let stored = kind.stored(&app, &id).await;
        assert_eq!(stored.active.is_none(), reset == "ok", "{about}");
    }
}

/// An address changes while a code that was sent to the former one is used: whichever is first, the
/// user has the new address in the end, and it is verified only if the change says so.
#[tokio::test(start_paused = true)]
async fn a_code_is_used_while_its_address_changes() {
    for kind in Kind::ALL {
        let app = sending().await;
        let admin = administrator(&app).await;
        for offset in 0..24 {
            app.faults.clear();
            let id = kind.user(admin, &offset.to_string()).await;
            kind.ask(admin, &id).await;
            let code = kind.code(&app, &id).await;
            slow(&app);
            let pause = |millis| tokio::time::sleep(Duration::from_millis(millis));
            let change = async {
                pause(offset).await;
                change_address(admin, kind, &id).await;
            };
            let enter = async {
                pause(8).await;
                kind.enter(admin, &id, code.long()).await
            };

            let ((), entered) = tokio::join!(change, enter);

            let about = format!("{kind:?} {offset} {entered:?}");
            let is_known = ["ok", kind.wrong()].contains(&&*outcome(&entered));
            assert!(is_known, "{about}");
            app.faults.clear();
            let mut user = read(admin, &id).await;
            let (shown, want) = match kind {
                Kind::Phone | Kind::SmsReset => (
                    user["phone"].take(),
                    json!({ "phone": new_number(&id), "isVerified": true }),
                ),
                Kind::MailReset => (
                    user["email"].take(),
                    json!({ "email": new_address(&id), "isVerified": true }),
                ),
                Kind::Email | Kind::Invite => {
                    (user["email"].take(), json!({ "email": new_address(&id) }))
                }
            };
            assert_eq!(shown, want, "{about}");
        }
    }
}
