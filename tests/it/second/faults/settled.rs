//! An attempt that was reserved is given back if nothing was judged, or if what was right could not
//! be written.

use std::time::Duration;

use sesame::domain::{Attempts, Operation};

use super::calls::Call;
use super::{Code, FAULTS, Run, login_page};
use crate::support::answer::Answer;
use crate::support::app::App;
use crate::support::faults::{Fault, Rule};
use crate::support::second::{SECOND, WRONG, login, unknown_recovery_code};

/// Makes a call with a code while requests fail, after which no attempt may be counted as a failure.
async fn settle(call: Call, rule: Rule, want: &str) {
    let about = format!("{call:?} {rule:?}");
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let run = Run::arrange(call, page, "mini").await;
    app.faults.inject(rule);

    let answer = run.make().await;

    assert_eq!(answer.outcome(), want, "{about}");
    let Attempts { made, failures, .. } = app.factors_of(&run.user.user_id).await.attempts;
    assert_eq!((made, failures), (1, 0), "{about}");
    run.finish_settled(&answer, &about).await;
}

async fn settle_all(faults: &[Fault], times: usize, want: &str) {
    for call in [Call::creates_with_codes(), Call::sets_with_codes()].concat() {
        for fault in faults {
            let rule = fault.times(times).for_action("TransactWriteItems");
            settle(call, rule, want).await;
        }
    }
}

impl Run<'_> {
    /// The call again: a code that is not used up is right.
    async fn finish_settled(&self, first: &Answer, about: &str) {
        let app = self.page.app;
        app.faults.clear();
        let is_used = self.check_whole(about).await;
        self.repeat(first, is_used, about).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_session_is_not_written_is_given_back() {
    let faults = [
        Fault::Reset,
        Fault::ApplyThenReset,
        Fault::Conflict,
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(500, "InternalServerError"),
    ];
    settle_all(&faults, 1000, "code 14").await;
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_fails_once_is_sent_again() {
    let faults = [
        Fault::Reset,
        Fault::ApplyThenReset,
        Fault::Cut,
        Fault::Conflict,
        Fault::Silence,
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(500, "InternalServerError"),
    ];
    settle_all(&faults, 1, "ok").await;
}

/// The reservation is carried out, and all of its answers are lost.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_may_be_counted_is_given_back() {
    // A create updates the attempts at the password too.
    for call in Call::sets_with_codes() {
        let lost = Fault::ApplyThenReset.times(3);
        settle(call, lost.for_action("UpdateItem"), "code 14").await;
    }
}

/// A wrong code counts once, whatever is lost.
#[tokio::test(start_paused = true)]
async fn a_wrong_code_counts_once() {
    for code in [Code::Totp, Code::Recovery] {
        for (n, (fault, times)) in FAULTS.into_iter().enumerate() {
            for skipped in 0..5 {
                let app = App::emulated(&SECOND).await;
                let page = login_page(&app).await;
                let mini = app.user_with("mini", &[code.kind()]).await;
                let wrong = match code {
                    Code::Totp => WRONG.to_owned(),
                    _ => unknown_recovery_code(),
                };
                let message = login(&mini, code.check(&wrong));
                app.faults.clear();
                app.faults.inject(fault.times(times).after(skipped));

                let answer = page.call_json(Operation::CreateSession, message).await;

                app.faults.clear();
                tokio::time::sleep(Duration::from_millis(100)).await;
                let about = format!("{code:?} {n} {skipped} {}", answer.outcome());
                let attempts = app.factors_of(&mini.user_id).await.attempts;
                assert!(attempts.made <= 1, "{about} {attempts:?}");
                let is_judged = answer.outcome() == code.wrong();
                assert!(is_judged || answer.outcome() == "code 14", "{about}");
                if is_judged {
                    assert_eq!(attempts.failures, 1, "{about}");
                }
                assert_eq!(app.sessions_of(&mini.user_id).await.len(), 0, "{about}");
            }
        }
    }
}
