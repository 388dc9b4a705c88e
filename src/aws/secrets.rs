//! The server keys, and the secret of AWS Secrets Manager that may have them.

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::api::{Api, ApiClient};
use super::client::{Endpoint, retries, timeouts};
use super::failure::failure_of;
use crate::domain::{KeyName, Timestamp};
use crate::error::Error;
use crate::lock::lock;
use crate::token::ServerKeys;

/// <https://docs.aws.amazon.com/general/latest/gr/asm.html>
const SECRETS_MANAGER: Api = Api {
    service: "Secrets Manager",
    operation: "GetSecretValue",
    host: "secretsmanager",
    signing_name: "secretsmanager",
    path: "/",
    target: Some("secretsmanager.GetSecretValue"),
    content_type: "application/x-amz-json-1.1",
    timeouts,
    retries,
    keeps_reasons: true,
};

/// How old what was read of a secret may be.
const MAX_AGE: Duration = Duration::from_mins(5);
/// How soon a secret is read again after an attempt: for an unknown key after one for another, and
/// because of its age after one that failed.
const PAUSE: Duration = Duration::from_secs(10);

/// The setting of the keys from which tokens and codes are derived, and under which secrets are
/// sealed.
#[derive(Clone, Debug)]
pub enum ServerKeySetting {
    None,
    Keys(Arc<ServerKeys>),
    /// The name or ARN of a secret of AWS Secrets Manager whose text is the keys.
    Secret(String),
}

impl ServerKeySetting {
    /// Where the service gets the keys from. A secret is in the region of `endpoint`, and read over
    /// `http`; a `url` replaces Secrets Manager's own.
    pub fn open(
        &self,
        endpoint: &Endpoint,
        url: Option<String>,
        http: SharedHttpClient,
    ) -> KeySource {
        match self {
            Self::None => KeySource::None,
            Self::Keys(keys) => KeySource::Keys(Arc::clone(keys)),
            Self::Secret(id) => KeySource::Secret(Box::new(Secret {
                id: id.clone(),
                client: ApiClient::new(
                    &SECRETS_MANAGER,
                    Endpoint {
                        url,
                        ..endpoint.clone()
                    },
                    http,
                ),
                state: Mutex::default(),
                reading: tokio::sync::Mutex::default(),
            })),
        }
    }
}

/// Where the service gets its [`ServerKeys`] from.
#[derive(Debug)]
pub enum KeySource {
    /// The service has no key.
    None,
    Keys(Arc<ServerKeys>),
    Secret(Box<Secret>),
}

/// The keys, as far as they are known.
#[derive(Debug)]
pub struct KeysRead {
    /// `None`: the service has none.
    pub keys: Option<Arc<ServerKeys>>,
    /// Why the secret could not be read again. The keys are those of before.
    pub stale: Option<Error>,
}

/// A secret of AWS Secrets Manager whose text is the keys.
///
/// The first call that needs a key makes the client and reads the secret, so that no start waits
/// for either. The process keeps what was read for five minutes.
#[derive(Debug)]
pub struct Secret {
    id: String,
    client: ApiClient,
    state: Mutex<State>,
    /// Held by the call that reads the secret.
    reading: tokio::sync::Mutex<()>,
}

/// The newest content of a secret that was read, and the times of reading.
#[derive(Debug, Default)]
struct State {
    read: Option<Read>,
    /// The last attempt that was made because of the age of what was read.
    renewed_at: Option<Timestamp>,
    /// The last attempt that was made for an unknown key.
    asked_at: Option<Timestamp>,
    /// How often a first read has failed, and the last failure.
    failures: u64,
    failure: Option<Arc<Error>>,
}

#[derive(Clone, Debug)]
struct Read {
    keys: Arc<ServerKeys>,
    at: Timestamp,
}

impl KeySource {
    /// The keys. The first call reads the secret, and so does one that finds it read more than five
    /// minutes ago; calls meanwhile get the keys of before.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Internal`]: the secret was never read, and can't be, or its
    /// text is not a list of keys.
    pub async fn get(&self, now: Timestamp) -> Result<KeysRead, Error> {
        match self {
            Self::None => Ok(KeysRead::fresh(None)),
            Self::Keys(keys) => Ok(KeysRead::fresh(Some(keys))),
            Self::Secret(secret) => secret.get(now).await,
        }
    }

    /// The keys, for a call that needs the key of this name. If they lack it, the secret is read again
    /// at once, but at most every ten seconds.
    ///
    /// # Errors
    ///
    /// Those of [`Self::get`].
    pub async fn get_with(&self, name: KeyName, now: Timestamp) -> Result<KeysRead, Error> {
        match self {
            Self::Secret(secret) => secret.get_with(name, now).await,
            Self::None | Self::Keys(_) => self.get(now).await,
        }
    }
}

impl KeysRead {
    fn fresh(keys: Option<&Arc<ServerKeys>>) -> Self {
        Self {
            keys: keys.cloned(),
            stale: None,
        }
    }
}

impl Secret {
    async fn get(&self, now: Timestamp) -> Result<KeysRead, Error> {
        let Some(at_hand) = self.at_hand() else {
            return self.first(now).await;
        };
        if !lock(&self.state).is_due(now) {
            return Ok(KeysRead::fresh(Some(&at_hand)));
        }
        // Another call is reading it: the keys of before are good enough.
        let Ok(_reading) = self.reading.try_lock() else {
            return Ok(KeysRead::fresh(Some(&at_hand)));
        };
        if !lock(&self.state).begin_renewal(now) {
            return Ok(KeysRead::fresh(self.at_hand().as_ref()));
        }
        Ok(self.renewed(at_hand, now).await)
    }

    async fn get_with(&self, name: KeyName, now: Timestamp) -> Result<KeysRead, Error> {
        let Some(at_hand) = self.at_hand() else {
            return self.first(now).await;
        };
        if at_hand.with_name(name).is_some() {
            return Ok(KeysRead::fresh(Some(&at_hand)));
        }
        // Whoever reads it now may find the key.
        let _reading = self.reading.lock().await;
        let at_hand = self.at_hand().unwrap_or(at_hand);
        if at_hand.with_name(name).is_some() || !lock(&self.state).begin_search(now) {
            return Ok(KeysRead::fresh(Some(&at_hand)));
        }
        Ok(self.renewed(at_hand, now).await)
    }

    /// The keys of a secret that was never read. Of calls at the same time, one reads it, and the
    /// others share what comes of it.
    async fn first(&self, now: Timestamp) -> Result<KeysRead, Error> {
        let failures = lock(&self.state).failures;
        let _reading = self.reading.lock().await;
        if let Some(keys) = self.at_hand() {
            return Ok(KeysRead::fresh(Some(&keys)));
        }
        if let Some(failure) = lock(&self.state).failure_after(failures) {
            return Err(failure);
        }
        match self.read().await {
            Ok(keys) => Ok(KeysRead::fresh(Some(&self.keep(keys, now)))),
            Err(error) => Err(lock(&self.state).failed(error)),
        }
    }

    /// Reads the secret again. If that fails, the keys at hand stay in use.
    async fn renewed(&self, at_hand: Arc<ServerKeys>, now: Timestamp) -> KeysRead {
        match self.read().await {
            Ok(keys) => KeysRead::fresh(Some(&self.keep(keys, now))),
            Err(error) => KeysRead {
                keys: Some(at_hand),
                stale: Some(error),
            },
        }
    }

    fn at_hand(&self) -> Option<Arc<ServerKeys>> {
        let state = lock(&self.state);
        state.read.as_ref().map(|read| Arc::clone(&read.keys))
    }

    fn keep(&self, keys: ServerKeys, at: Timestamp) -> Arc<ServerKeys> {
        let keys = Arc::new(keys);
        lock(&self.state).read = Some(Read {
            keys: Arc::clone(&keys),
            at,
        });
        keys
    }

    async fn read(&self) -> Result<ServerKeys, Error> {
        let request = json!({ "SecretId": self.id }).to_string();
        let answer = self.client.send(request).await?;
        let answer = answer.map_err(|error| failure_of(SECRETS_MANAGER.operation, &error))?;
        // The parser's errors quote parts of what it reads.
        let value: SecretValue = serde_json::from_slice(&answer.0)
            .map_err(|_| Error::Internal("the answer for the secret is no JSON".into()))?;
        let text = Zeroizing::new(value.secret_string.unwrap_or_default());
        ServerKeys::parse(&text)
            .map_err(|invalid| Error::Internal(format!("the secret is no key: {invalid}").into()))
    }
}

/// The answer for a secret, which has no text if it is binary.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
}

impl State {
    /// Whether what was read is older than it may be, and no attempt to read it again was just made.
    fn is_due(&self, now: Timestamp) -> bool {
        let is_old = |read: &Read| are_apart(read.at, now, MAX_AGE);
        self.read.as_ref().is_some_and(is_old) && may_try(self.renewed_at, now)
    }

    /// Notes an attempt because of age, if one is due. One that is cut off counts too.
    fn begin_renewal(&mut self, now: Timestamp) -> bool {
        let is_due = self.is_due(now);
        if is_due {
            self.renewed_at = Some(now);
        }
        is_due
    }

    /// Notes an attempt for an unknown key, if one may be made.
    fn begin_search(&mut self, now: Timestamp) -> bool {
        let may_try = may_try(self.asked_at, now);
        if may_try {
            self.asked_at = Some(now);
        }
        may_try
    }

    fn failed(&mut self, error: Error) -> Error {
        self.failures += 1;
        let error = Arc::new(error);
        self.failure = Some(Arc::clone(&error));
        again(error)
    }

    /// The last failure, if there was one after so many.
    fn failure_after(&self, failures: u64) -> Option<Error> {
        let failure = self.failure.as_ref().filter(|_| self.failures > failures);
        failure.cloned().map(again)
    }
}

/// The cause of an error that several calls share.
#[derive(Debug)]
struct SharedCause(Arc<Error>);

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(cause) => write!(f, "{cause}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl std::error::Error for SharedCause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()?.source()
    }
}

/// The same error, for one more call.
fn again(error: Arc<Error>) -> Error {
    let is_unavailable = matches!(*error, Error::Unavailable(_));
    let cause = Box::new(SharedCause(error));
    if is_unavailable {
        Error::Unavailable(cause)
    } else {
        Error::Internal(cause)
    }
}

fn may_try(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| are_apart(last, now, PAUSE))
}

/// Whether so much time is between two times, whichever is later: a clock may be set back.
fn are_apart(one: Timestamp, other: Timestamp, span: Duration) -> bool {
    let between = one.until(other).or_else(|| other.until(one));
    between.is_some_and(|between| between >= span)
}
