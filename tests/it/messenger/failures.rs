//! Providers that refuse, throttle, fail or don't answer.

use std::time::Duration;

use sesame::error::{Error, chain};
use tokio::time::Instant;

use super::{CODE, NUMBER, TO, assert_is_email, email, policy, sms};
use crate::support::faults::Fault;
use crate::support::providers::Providers;

/// All that one message may take.
const LIMIT: Duration = Duration::from_secs(6);

/// Longer than a try may take.
const LATE: Duration = Duration::from_secs(4);

#[tokio::test(start_paused = true)]
async fn a_message_has_a_second_try_unless_it_is_refused_for_good() {
    // The fault, how often, whether the message is sent in the end, how often it was tried and how
    // often it arrived.
    for (fault, times, is_sent, tries, arrived) in [
        (Fault::Reset, 1, true, 2, 1),
        (Fault::Reset, 2, false, 2, 0),
        (Fault::ApplyThenReset, 1, true, 2, 2),
        (Fault::Cut, 1, true, 2, 2),
        (Fault::Silence, 1, true, 2, 1),
        (Fault::Silence, 2, false, 2, 0),
        (Fault::Delay(LATE), 1, true, 2, 1),
        (Fault::ApplyThenWait(LATE), 2, false, 2, 2),
        (
            Fault::Answer(429, "TooManyRequestsException"),
            1,
            true,
            2,
            1,
        ),
        (Fault::Answer(429, "Odd"), 2, false, 2, 0),
        (Fault::Answer(400, "ThrottlingException"), 1, true, 2, 1),
        (Fault::Answer(500, "InternalServerException"), 1, true, 2, 1),
        (
            Fault::Answer(500, "InternalServerException"),
            2,
            false,
            2,
            0,
        ),
        (Fault::Answer(503, ""), 1, true, 2, 1),
        (Fault::Answer(599, "Odd"), 1, true, 2, 1),
        (Fault::Answer(400, "BadRequestException"), 1, false, 1, 0),
        (Fault::Answer(400, "MessageRejected"), 1, false, 1, 0),
        (
            Fault::Answer(400, "AccountSuspendedException"),
            1,
            false,
            1,
            0,
        ),
        (
            Fault::Answer(402, "ServiceQuotaExceededException"),
            1,
            false,
            1,
            0,
        ),
        (Fault::Answer(403, "AccessDeniedException"), 1, false, 1, 0),
        (Fault::Answer(404, "NotFoundException"), 1, false, 1, 0),
    ] {
        for channel in ["email", "sms"] {
            let providers = Providers::new();
            let messenger = providers.messenger(&policy());
            providers.faults.inject(fault.times(times));
            let begun = Instant::now();

            let outcome = match channel {
                "email" => messenger.email(&email()).await,
                _ => messenger.sms(&sms()).await,
            };

            let row = format!("{channel}: {fault:?}, {times} times: {outcome:?}");
            assert!(begun.elapsed() <= LIMIT, "{row}");
            assert_eq!(outcome.is_ok(), is_sent, "{row}");
            assert_eq!(providers.faults.requests().len(), tries, "{row}");
            assert_eq!(providers.outbox.messages().len(), arrived, "{row}");
            if let Err(error) = outcome {
                assert_is_unavailable(&error);
            }
        }
    }
}

fn assert_is_unavailable(error: &Error) {
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    let row = error.row();
    assert_eq!((row.code.number, row.http.as_u16()), (14, 503));
    assert_eq!(error.retry_after(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_message_takes_six_seconds_at_most() {
    for fault in [
        Fault::Silence,
        Fault::Delay(LATE),
        Fault::ApplyThenWait(LATE),
    ] {
        let providers = Providers::new();
        providers.faults.inject(fault.times(9));
        let begun = Instant::now();

        let failed = providers.messenger(&policy()).email(&email()).await;

        let took = begun.elapsed();
        assert!((Duration::from_secs(5)..=LIMIT).contains(&took), "{took:?}");
        assert_is_unavailable(&failed.unwrap_err());
        assert_eq!(providers.faults.requests().len(), 2, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_message_is_sent_after_an_outage() {
    let providers = Providers::new();
    let messenger = providers.messenger(&policy());
    // More than the quota of retries lasts for.
    let outage = 400;
    providers.faults.inject(Fault::Reset.times(outage));
    while providers.faults.requests().len() < outage {
        messenger.email(&email()).await.unwrap_err();
    }

    messenger.email(&email()).await.unwrap();

    let sent = providers.outbox.messages();
    assert_eq!(sent.len(), 1);
    assert_is_email(&sent[0]);
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_an_address_or_what_was_sent() {
    for fault in [
        Fault::Reset,
        Fault::Silence,
        Fault::Cut,
        Fault::Answer(400, "MessageRejected"),
        Fault::Answer(500, "mini@mouse.com"),
        Fault::Answer(500, "H7K2M9QX +41790000001"),
    ] {
        let providers = Providers::new();
        let messenger = providers.messenger(&policy());
        providers.faults.inject(fault.times(4));

        let by_mail = messenger.email(&email()).await.unwrap_err();
        let by_sms = messenger.sms(&sms()).await.unwrap_err();

        for error in [by_mail, by_sms] {
            let Error::Unavailable(cause) = &error else {
                panic!("{error:?}");
            };
            let shown = format!("{error:?} {error} {} {cause:?}", chain(&**cause));
            for secret in [TO, "mouse", NUMBER, CODE, "injected"] {
                assert!(!shown.contains(secret), "{shown}");
            }
            if let Fault::Answer(400, code) = fault {
                assert!(shown.contains(code), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn debug_shows_neither_addresses_nor_content_nor_keys() {
    let providers = Providers::new();
    let messenger = providers.messenger(&policy());
    messenger.email(&email()).await.unwrap();
    messenger.sms(&sms()).await.unwrap();

    let shown = format!(
        "{messenger:?} {:?} {:?} {:?} {:?} {:?}",
        providers.outbox,
        providers.outbox.messages(),
        email(),
        sms(),
        crate::support::providers::keys(),
    );
    for secret in [TO, NUMBER, CODE, "a-secret-of", "a-session-of"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
