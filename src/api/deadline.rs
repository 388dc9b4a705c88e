use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName};
use tokio::time::timeout;

use crate::api::{Protocol, Request};
use crate::error::{DeadlineOwner, Error};
use crate::service::{Context, Reply};

const GRPC: HeaderName = HeaderName::from_static("grpc-timeout");
const CONNECT: HeaderName = HeaderName::from_static("connect-timeout-ms");

/// How long the answer to a request may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// The time that the transport allows. After it, the call is dropped.
    transport: Option<Duration>,
    /// The time that the client waits, from the start of the call on.
    client: Option<Duration>,
}

impl Deadlines {
    /// Reads the deadlines of a request.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: the client's timeout can't be read.
    pub fn read(protocol: Protocol, request: &Request) -> Result<Self, Error> {
        Ok(Self {
            transport: request.context.budget,
            client: client_timeout(protocol, &request.headers)?,
        })
    }

    /// Ends `call` in time, and makes an error of a panic, which `log_panics` has logged.
    ///
    /// A client's deadline does not end a call whose password attempt is pending. If it did, the
    /// attempt would stay counted as a failure even if the password is right. Such a call runs to
    /// its end, and its response is still `DEADLINE_EXCEEDED`.
    pub async fn enforce(
        self,
        context: &Context,
        call: impl Future<Output = Result<Reply, Error>>,
    ) -> Result<Reply, Error> {
        let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
        let late = || Err(Error::DeadlineExceeded(DeadlineOwner::Client));
        let outcome = async {
            let Some(client) = self.client else {
                return call.await;
            };
            // `timeout` polls the call once before it looks at the clock.
            let left = client.saturating_sub(context.started.elapsed());
            if left.is_zero() {
                return Ok(late());
            }
            if let Ok(outcome) = timeout(left, &mut call).await {
                return outcome;
            }
            if context.record.read().attempt_pending {
                call.await?.ok();
            }
            Ok(late())
        };
        let outcome = match self.transport {
            None => outcome.await,
            Some(transport) => match timeout(transport, outcome).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(Error::DeadlineExceeded(DeadlineOwner::Server)),
            },
        };
        outcome.unwrap_or_else(|_| Err(Error::Internal("panic".into())))
    }
}

/// How long the client waits for the answer, if it says so.
fn client_timeout(protocol: Protocol, headers: &HeaderMap) -> Result<Option<Duration>, Error> {
    let (name, parse): (_, fn(&str) -> Option<Duration>) = match protocol {
        Protocol::Json => return Ok(None),
        Protocol::Connect(_) => (CONNECT, connect),
        Protocol::Grpc | Protocol::GrpcWeb(_) => (GRPC, grpc),
    };
    let Some(value) = headers.get(&name) else {
        return Ok(None);
    };
    match value.to_str().ok().and_then(parse) {
        None => Err(Error::Malformed(format!("{name} is malformed"))),
        timeout => Ok(timeout),
    }
}

/// Reads up to eight digits and a unit.
fn grpc(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let value = number(digits, 8)?;
    match unit {
        "H" => Some(Duration::from_secs(value * 60 * 60)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

/// Reads up to ten digits, which are milliseconds.
fn connect(text: &str) -> Option<Duration> {
    number(text, 10).map(Duration::from_millis)
}

fn number(digits: &str, max_digits: usize) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && digits.len() <= max_digits).then(|| digits.parse().ok())?
}

#[test]
fn a_timeout_is_a_number_and_in_grpc_a_unit() {
    for (text, want) in [
        ("20S", Some(Duration::from_secs(20))),
        ("19942m", Some(Duration::from_millis(19_942))),
        ("1H", Some(Duration::from_hours(1))),
        ("2M", Some(Duration::from_mins(2))),
        ("5u", Some(Duration::from_micros(5))),
        ("7n", Some(Duration::from_nanos(7))),
        ("0n", Some(Duration::ZERO)),
        ("99999999H", Some(Duration::from_hours(99_999_999))),
        ("999999999S", None),
        ("S", None),
        ("", None),
        ("20", None),
        ("20s", None),
        ("-1S", None),
        ("+1S", None),
        ("1.5S", None),
        ("20ß", None),
    ] {
        assert_eq!(grpc(text), want, "{text:?}");
    }
    for (text, want) in [
        ("20000", Some(Duration::from_secs(20))),
        ("0", Some(Duration::ZERO)),
        ("9999999999", Some(Duration::from_millis(9_999_999_999))),
        ("99999999999", None),
        ("", None),
        ("1m", None),
        ("-1", None),
    ] {
        assert_eq!(connect(text), want, "{text:?}");
    }
}
