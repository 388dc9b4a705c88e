//! Requests are signed with the credentials of the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use sesame::aws::{Endpoint, MessageUrls, Messenger};
use sesame::emulator::{Outbox, OutboxKeys};
use sesame::error::Error;

use super::{assert_is_email, email, policy, sms};
use crate::support::faults::Faults;
use crate::support::providers::{clock, endpoint, keys};

/// An outbox that expects these keys, and a messenger for it that signs as `endpoint` has it.
fn over(keys: OutboxKeys, endpoint: &Endpoint) -> (Outbox, Faults, Messenger) {
    let outbox = Outbox::new(keys, clock, |_| {});
    let faults = Faults::around(outbox.http_client());
    let http = faults.http_client();
    let messenger = Messenger::new(&policy(), endpoint, MessageUrls::default(), http);
    (outbox, faults, messenger)
}

fn signing_as(keys: &OutboxKeys) -> Endpoint {
    Endpoint::with_keys(
        keys.region.clone(),
        None,
        &keys.access_key_id,
        &keys.secret_access_key,
        keys.session_token.clone(),
    )
}

#[tokio::test]
async fn a_message_is_signed_with_a_session_token_and_without_one() {
    for session_token in [keys().session_token, None] {
        let keys = OutboxKeys {
            session_token,
            ..keys()
        };
        let (outbox, _, messenger) = over(keys.clone(), &signing_as(&keys));

        messenger.email(&email()).await.unwrap();
        messenger.sms(&sms()).await.unwrap();

        let sent = outbox.messages();
        assert_eq!(sent.len(), 2);
        assert_is_email(&sent[0]);
    }
}

#[tokio::test]
async fn a_message_that_is_signed_with_other_keys_is_refused_once() {
    let wrong: [fn(&mut OutboxKeys); 5] = [
        |keys| keys.access_key_id.push('x'),
        |keys| keys.secret_access_key.push('x'),
        |keys| keys.region = "eu-west-1".to_owned(),
        |keys| keys.session_token = None,
        |keys| keys.session_token = Some("another session".to_owned()),
    ];
    for (at, change) in wrong.into_iter().enumerate() {
        let mut wrong = keys();
        change(&mut wrong);
        let (outbox, faults, messenger) = over(keys(), &signing_as(&wrong));

        let by_mail = messenger.email(&email()).await.unwrap_err();
        let by_sms = messenger.sms(&sms()).await.unwrap_err();

        for error in [by_mail, by_sms] {
            let Error::Unavailable(cause) = &error else {
                panic!("{error:?}");
            };
            assert!(cause.to_string().contains("HTTP 403"), "{at}: {cause}");
        }
        assert!(outbox.messages().is_empty(), "{at}");
        assert_eq!(faults.requests().len(), 2, "{at}");
    }
}

/// A function lives longer than its credentials.
#[tokio::test]
#[allow(
    clippy::disallowed_methods,
    reason = "the SDK compares the end of credentials with the clock of this machine"
)]
async fn credentials_that_expire_are_asked_for_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let provider = provide_credentials_fn(move || {
        let before = counter.fetch_add(1, Ordering::Relaxed);
        async move {
            let OutboxKeys {
                access_key_id,
                secret_access_key,
                session_token,
                ..
            } = keys();
            let now = SystemTime::now();
            // The first are over at once, and those after them last for an hour.
            let (id, end) = match before {
                0 => ("AKIDFIRST".to_owned(), now),
                _ => (access_key_id, now + Duration::from_hours(1)),
            };
            let token = session_token.filter(|_| before > 0);
            Ok(Credentials::new(
                id,
                secret_access_key,
                token,
                Some(end),
                "test",
            ))
        }
    });
    let endpoint = Endpoint {
        credentials: SharedCredentialsProvider::new(provider),
        ..endpoint()
    };
    let (outbox, _, messenger) = over(keys(), &endpoint);

    // Those that the provider gave first are not known.
    messenger.email(&email()).await.unwrap_err();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    messenger.email(&email()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    messenger.email(&email()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(outbox.messages().len(), 2);
}
