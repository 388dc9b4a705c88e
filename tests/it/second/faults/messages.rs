//! A provider that refuses a message, or loses its answer.

use std::time::Duration;

use serde_json::json;
use sesame::domain::{Operation, SentOnDay, day_of};
use sesame::store::MessageCounter;

use super::calls::{Asked, Call};
use super::{NOW, Run, login_page};
use crate::support::app::App;
use crate::support::faults::Fault;
use crate::support::second::SECOND;

/// Session and token are as they were, and the message counts against nothing.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_leaves_all_as_it_was() {
    let faults = [
        Fault::Reset,
        Fault::ApplyThenReset,
        Fault::Silence,
        Fault::Answer(400, "MessageRejected"),
        Fault::Answer(403, "AccessDeniedException"),
        Fault::Answer(429, "TooManyRequestsException"),
        Fault::Answer(500, "InternalServiceErrorException"),
    ];
    let calls = [
        Call::creates_with_challenges(),
        Call::sets_with_challenges(),
    ]
    .concat();
    let sends = |call: &Call| {
        call.challenge
            .is_some_and(|(_, asked)| asked == Asked::Sent)
    };
    for call in calls.into_iter().filter(sends) {
        for fault in faults {
            let app = App::emulated(&SECOND).await;
            let page = login_page(&app).await;
            let run = Run::arrange(call, page, "mini").await;
            let before = run.stored().await;
            app.providers.faults.inject(fault.times(1000));
            let started = tokio::time::Instant::now();

            let answer = run.make().await;

            let about = format!("{call:?} {fault:?} {}", answer.outcome());
            assert!(started.elapsed() < Duration::from_secs(19), "{about}");
            assert_eq!(answer.outcome(), "code 14", "{about}");
            assert!(answer.headers.contains_key("retry-after"), "{about}");
            assert_eq!(run.stored().await, before, "{about}");
            assert!(!run.check_whole(&about).await, "{about}");
            let factors = app.factors_of(&run.user.user_id).await;
            assert_eq!(factors.attempts.failures, 0, "{about}");
            for sent in [factors.sent.email, factors.sent.sms] {
                assert_eq!(SentOnDay::on(sent, day_of(NOW)), 0, "{about}");
            }
            let (all, day) = (MessageCounter::Deployment, day_of(NOW));
            let is_none = app.store.count_message(all, 1, day).await.unwrap();
            assert!(is_none, "{about}");
            app.store.uncount_message(all, day).await.unwrap();
            run.finish(&answer, &about).await;
        }
    }
}

impl Run<'_> {
    /// The user's sessions as they are stored.
    async fn stored(&self) -> Vec<String> {
        let mut all = Vec::new();
        for id in self.sessions().await {
            let id = id.parse().unwrap();
            let session = self.page.app.store.get_session(id).await.unwrap();
            all.push(format!("{session:?}"));
        }
        all
    }
}

/// The message is on its way, and the session is not written: its code fits nothing.
#[tokio::test(start_paused = true)]
async fn a_code_whose_session_is_not_written_fits_nothing() {
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let call = Call::sets_with_challenges()[0];
    let (code, _) = call.challenge.unwrap();
    let run = Run::arrange(call, page, "mini").await;
    // The message of the deployment is counted in the same table before.
    let write = Fault::Reset.times(1000).for_action("UpdateItem").after(1);
    app.faults.inject(write.on(&app.store.tables().sessions));
    let answer = run.make().await;
    assert_eq!(answer.outcome(), "code 14");
    let first = app.sent_code(&run.user.user_id, code.method().unwrap());
    app.faults.clear();

    assert_eq!(run.make().await.outcome(), "ok");

    let check = json!({
        "sessionId": run.login.as_ref().unwrap().id,
        "checks": code.check(&first),
    });
    let checked = page.ask(Operation::SetSession, check).await;
    assert_eq!(checked.unwrap_err(), code.wrong());
}
