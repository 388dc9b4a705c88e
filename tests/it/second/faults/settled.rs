//! An attempt that was reserved is given back if nothing was judged, or if what was right could not
//! be written.

use sesame::domain::{Attempts, Operation};

use super::calls::Call;
use super::{Code, FAULTS, Run, login_page};
use crate::support::app::App;
use crate::support::faults::{Fault, Rule};
use crate::support::second::{SECOND, login};

/// Makes each call with a code while its requests of one kind fail, and returns nothing that it
/// leaves counted.
async fn settle(rule: impl Fn(Call) -> Rule, want: &str) {
    let calls = [Call::creates_with_codes(), Call::sets_with_codes()].concat();
    for call in calls {
        let app = App::emulated(&SECOND).await;
        let page = login_page(&app).await;
        let run = Run::arrange(call, page, "mini").await;
        app.faults.inject(rule(call));

        let answer = run.make().await;

        let about = format!("{call:?} {:?}", rule(call));
        assert_eq!(answer.outcome(), want, "{about}");
        let Attempts { made, failures, .. } = app.factors_of(&run.user.user_id).await.attempts;
        assert_eq!((made, failures), (1, 0), "{about}");
        run.finish_settled(&answer, &about).await;
    }
}

impl Run<'_> {
    /// The call again: a code that is not used up is right.
    async fn finish_settled(&self, first: &crate::support::answer::Answer, about: &str) {
        let app = self.page.app;
        app.faults.clear();
        let is_used = self.check_whole(about).await;
        self.repeat(first, is_used, about).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_session_is_not_written_is_given_back() {
    for fault in [
        Fault::Reset,
        Fault::ApplyThenReset,
        Fault::Conflict,
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(500, "InternalServerError"),
    ] {
        let rule = |_: Call| fault.times(1000).for_action("TransactWriteItems");
        settle(rule, "code 14").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_fails_once_is_sent_again() {
    for fault in [
        Fault::Reset,
        Fault::ApplyThenReset,
        Fault::Cut,
        Fault::Conflict,
        Fault::Silence,
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(500, "InternalServerError"),
    ] {
        let rule = |_: Call| fault.once().for_action("TransactWriteItems");
        settle(rule, "ok").await;
    }
}

/// The reservation is carried out, and all of its answers are lost.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_may_be_counted_is_given_back() {
    let rule = |call: Call| {
        // The attempt at the password, and its end.
        let before = match call.operation {
            Operation::CreateSession => 1,
            _ => 0,
        };
        Fault::ApplyThenReset
            .times(3)
            .for_action("UpdateItem")
            .after(before)
    };
    settle(rule, "code 14").await;
}

/// A wrong code counts once, whatever is lost.
#[tokio::test(start_paused = true)]
async fn a_wrong_code_counts_once() {
    for code in [Code::Totp, Code::Recovery] {
        for (n, (fault, times)) in FAULTS.into_iter().enumerate() {
            for skipped in 0..3 {
                let app = App::emulated(&SECOND).await;
                let page = login_page(&app).await;
                let mini = app.user_with("mini", &[code.kind()]).await;
                let wrong = match code {
                    Code::Totp => crate::support::second::WRONG.to_owned(),
                    _ => crate::support::second::unknown_recovery_code(),
                };
                let message = login(&mini, code.check(&wrong));
                app.faults.clear();
                app.faults.inject(fault.times(times).after(skipped));

                let answer = page.call_json(Operation::CreateSession, message).await;

                app.faults.clear();
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
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
