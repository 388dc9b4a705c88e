//! The providers of e-mail and SMS, which keep messages instead of sending them.

use std::time::SystemTime;

use sesame::aws::{Endpoint, MessageUrls, Messenger};
use sesame::domain::{MessagePolicy, Timestamp};
use sesame::emulator::{Outbox, OutboxKeys, SentMessage};

use super::faults::Faults;

const REGION: &str = "eu-central-1";
const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "a-secret-of-the-providers";
const SESSION_TOKEN: &str = "a-session-of-the-providers";

/// Both providers, which check signatures. Clones have the same messages and faults.
#[derive(Clone, Debug)]
pub struct Providers {
    pub outbox: Outbox,
    /// The client over which the service reaches them: each request is an attempt to send a
    /// message.
    pub faults: Faults,
}

impl Providers {
    pub fn new() -> Self {
        let outbox = Outbox::new(keys(), clock, |_: &SentMessage| {});
        Self {
            faults: Faults::around(outbox.http_client()),
            outbox,
        }
    }

    pub fn messenger(&self, policy: &MessagePolicy) -> Messenger {
        let http = self.faults.http_client();
        Messenger::new(policy, &endpoint(), MessageUrls::default(), http)
    }
}

/// What the providers expect requests to be signed with.
pub fn keys() -> OutboxKeys {
    OutboxKeys {
        region: REGION.to_owned(),
        access_key_id: KEY_ID.to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: Some(SESSION_TOKEN.to_owned()),
    }
}

/// The region and the credentials with which the providers are reached.
pub fn endpoint() -> Endpoint {
    let token = Some(SESSION_TOKEN.to_owned());
    Endpoint::with_keys(REGION.to_owned(), None, KEY_ID, SECRET, token)
}

/// The clock by which the SDK signs, whatever the time of a test is.
#[allow(
    clippy::disallowed_methods,
    reason = "the SDK signs by the clock of this machine"
)]
pub fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_millis(since.unwrap().as_millis().try_into().unwrap())
}
