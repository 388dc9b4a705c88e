use std::time::Duration;

use http::{HeaderMap, HeaderName};

use super::Protocol;
use crate::error::Error;

const GRPC: HeaderName = HeaderName::from_static("grpc-timeout");
const CONNECT: HeaderName = HeaderName::from_static("connect-timeout-ms");

/// How long the client waits for the answer, if it says so.
///
/// # Errors
///
/// [`Error::Malformed`]: what it says can't be read.
pub fn client_timeout(protocol: Protocol, headers: &HeaderMap) -> Result<Option<Duration>, Error> {
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
