//! Answers whose call ends before it is done.

use std::time::Duration;

use super::{Flow, Run, login_page};
use crate::support::app::{App, header};
use crate::support::client::Wire;
use crate::support::faults::Fault;
use crate::web_authn::sessions::keys;

/// What each request to the database takes, in milliseconds.
const REQUEST: u64 = 5;

fn slow(app: &App) {
    app.faults.clear();
    let delay = Fault::Delay(Duration::from_millis(REQUEST));
    app.faults.inject(delay.times(usize::MAX));
}

/// A client that doesn't wait can't have a challenge judged without its being consumed.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_has_its_answer_consumed() {
    let mut late = 0;
    for flow in Flow::ALL {
        for is_right in [true, false] {
            let app = keys().await;
            let page = login_page(&app).await.by(Wire::ConnectJson);
            for wait in (1..30).step_by(3) {
                let run = Run::arrange(flow, is_right, page, &wait.to_string()).await;
                slow(&app);
                let request = header(run.request(), "connect-timeout-ms", &wait.to_string());

                let answer = page.send(request).await;

                app.faults.clear();
                tokio::time::sleep(Duration::from_millis(100)).await;
                let outcome = answer.outcome();
                let about = format!("{flow:?} {is_right} {wait} {outcome}");
                let is_late = outcome == "code 4";
                assert!(is_late || outcome == run.judgement(), "{about}");
                late += usize::from(is_late);
                let is_done = run.check_whole(&about).await;
                // Session and credential are read first, at once. (The first call has its account read,
                // too.)
                let is_judged = wait > 2 * REQUEST;
                assert!(is_done || !is_judged, "{about}");
            }
        }
    }
    assert!(late > 0);
}

/// A call that the function has no more time for is dropped wherever it is.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_nothing_half_done() {
    let mut dropped = 0;
    for flow in Flow::ALL {
        for is_right in [true, false] {
            let app = keys().await;
            let page = login_page(&app).await;
            for wait in (1..30).step_by(3) {
                let run = Run::arrange(flow, is_right, page, &wait.to_string()).await;
                slow(&app);
                let mut request = run.request();
                request.context.budget = Some(Duration::from_millis(wait));

                let answer = page.send(request).await;

                app.faults.clear();
                tokio::time::sleep(Duration::from_millis(100)).await;
                let outcome = answer.outcome();
                let about = format!("{flow:?} {is_right} {wait} {outcome}");
                let is_done = run.check_whole(&about).await;
                if outcome == run.judgement() {
                    assert!(is_done, "{about}");
                } else {
                    dropped += 1;
                    run.repeat(is_done, &about).await;
                }
            }
        }
    }
    assert!(dropped > 0);
}
