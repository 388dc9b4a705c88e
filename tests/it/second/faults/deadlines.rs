//! Calls that end before they are done.

use std::time::Duration;

use super::calls::Call;
use super::{Run, login_page};
use crate::second::at_once::slow;
use crate::support::app::{App, header};
use crate::support::client::Wire;
use crate::support::second::SECOND;

fn calls() -> Vec<Call> {
    [Call::creates_with_codes(), Call::sets_with_codes()].concat()
}

/// A client that doesn't wait for the answer has used its code or not, and a right one is never counted
/// as a failure.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_leaves_no_failure() {
    let mut late = 0;
    for call in calls() {
        let app = App::emulated(&SECOND).await;
        let page = login_page(&app).await.by(Wire::ConnectJson);
        // Each request takes five milliseconds.
        for wait in (1..36).step_by(3) {
            let run = Run::arrange(call, page, &wait.to_string()).await;
            slow(&app);
            let request = header(run.request(), "connect-timeout-ms", &wait.to_string());

            let answer = page.send(request).await;

            app.faults.clear();
            tokio::time::sleep(Duration::from_millis(100)).await;
            let about = format!("{call:?} {wait} {}", answer.outcome());
            let is_late = answer.outcome() == "code 4";
            assert!(is_late || answer.outcome() == "ok", "{about}");
            late += usize::from(is_late);
            let is_used = run.check_whole(&about).await;
            assert!(is_used || is_late, "{about}");
            let attempts = app.factors_of(&run.user.user_id).await.attempts;
            assert_eq!(attempts.failures, 0, "{about}");
            assert!(attempts.made <= 1, "{about}");
        }
    }
    assert!(late > 0);
}

/// A call that the function has no more time for is dropped wherever it is.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_nothing_half_done() {
    let mut dropped = 0;
    for call in calls() {
        let app = App::emulated(&SECOND).await;
        let page = login_page(&app).await;
        for wait in (1..36).step_by(3) {
            let run = Run::arrange(call, page, &wait.to_string()).await;
            slow(&app);
            let mut request = run.request();
            request.context.budget = Some(Duration::from_millis(wait));

            let answer = page.send(request).await;

            app.faults.clear();
            tokio::time::sleep(Duration::from_millis(100)).await;
            let about = format!("{call:?} {wait} {}", answer.outcome());
            let is_used = run.check_whole(&about).await;
            if answer.outcome() == "ok" {
                assert!(is_used, "{about}");
            } else {
                dropped += 1;
            }
            let attempts = app.factors_of(&run.user.user_id).await.attempts;
            assert!(attempts.made <= 1 && attempts.failures <= 1, "{about}");
            run.repeat(&answer, is_used, &about).await;
        }
    }
    assert!(dropped > 0);
}
