//! AWS Signature Version 4 as the side that checks it.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::uri::Authority;
use sha2::{Digest as _, Sha256};
use time::{Date, Month};

use super::refusal::Refusal;
use crate::domain::{Timestamp, hide_in_debug};

/// The credentials that requests are signed with, and the region that they are signed for.
#[derive(Clone)]
pub struct OutboxKeys {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

hide_in_debug!(OutboxKeys);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the time of a signature may be from the clock.
const MAX_SKEW: Duration = Duration::from_mins(15);

const MISSING: Refusal = Refusal::forbidden(
    "MissingAuthenticationTokenException",
    "the request is not signed",
);
const INCOMPLETE: Refusal = Refusal::forbidden(
    "IncompleteSignatureException",
    "the Authorization header or the X-Amz-Date header is malformed",
);
const UNKNOWN_KEY: Refusal = Refusal::forbidden(
    "UnrecognizedClientException",
    "the access key or the security token is not known",
);
const WRONG_SCOPE: Refusal = Refusal::forbidden(
    "InvalidSignatureException",
    "the signature is for another day, region or service",
);
const UNSIGNED_HEADER: Refusal = Refusal::forbidden(
    "InvalidSignatureException",
    "a header that has to be signed is not",
);
const EXPIRED: Refusal = Refusal::forbidden(
    "InvalidSignatureException",
    "the signature is not of this time",
);
const WRONG: Refusal = Refusal::forbidden(
    "InvalidSignatureException",
    "the signature does not match the request",
);

impl OutboxKeys {
    /// Checks that a request was signed with these credentials, for this service and at this time.
    pub fn verify(
        &self,
        request: &Request<Bytes>,
        service: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let authorization = header(request, AUTHORIZATION.as_str()).ok_or(MISSING)?;
        let given = Authorization::parse(authorization).ok_or(INCOMPLETE)?;
        let time = header(request, "x-amz-date").ok_or(INCOMPLETE)?;
        let signed_at = parse_time(time).ok_or(INCOMPLETE)?;
        let day = &time[..DAY];

        let (id, scope) = given.credential.split_once('/').ok_or(INCOMPLETE)?;
        if id != self.access_key_id
            || header(request, "x-amz-security-token") != self.session_token.as_deref()
        {
            return Err(UNKNOWN_KEY);
        }
        if scope != format!("{day}/{}/{service}/aws4_request", self.region) {
            return Err(WRONG_SCOPE);
        }
        let is_required = |name: &str| {
            name.starts_with("x-amz-") || [CONTENT_TYPE, HOST].iter().any(|of| of == name)
        };
        let names = request.headers().keys().map(http::HeaderName::as_str);
        let mut required = names.filter(|name| is_required(name)).chain(["host"]);
        if !required.all(|name| given.headers.contains(&name)) || !given.headers.is_sorted() {
            return Err(UNSIGNED_HEADER);
        }
        let skew = now.until(signed_at).or_else(|| signed_at.until(now));
        if skew.is_none_or(|skew| skew > MAX_SKEW) {
            return Err(EXPIRED);
        }

        let canonical = canonical_request(request, &given.headers).ok_or(UNSIGNED_HEADER)?;
        let canonical = hex(&Sha256::digest(canonical));
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{canonical}");
        let secret = format!("AWS4{}", self.secret_access_key).into_bytes();
        let parts = [day, &self.region, service, "aws4_request", &text];
        let signature = parts.into_iter().fold(secret, |key, part| mac(&key, part));
        if hex(&signature) == given.signature {
            Ok(())
        } else {
            Err(WRONG)
        }
    }
}

/// The parts of the header.
struct Authorization<'a> {
    credential: &'a str,
    headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let parts = text.strip_prefix(ALGORITHM)?.split(',');
        let mut parts = parts.map(|part| part.trim().split_once('='));
        let mut part = |name| {
            let (key, value) = parts.next()??;
            (key == name).then_some(value)
        };
        let parsed = Self {
            credential: part("Credential")?,
            headers: part("SignedHeaders")?.split(';').collect(),
            signature: part("Signature")?,
        };
        parts.next().is_none().then_some(parsed)
    }
}

/// A header that there is once. One that is not ASCII counts as none.
fn header<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next()?.to_str().ok();
    value.filter(|_| values.next().is_none())
}

/// The length of a day, such as `20261130`, at the beginning of a time.
const DAY: usize = 8;

/// Parses a time such as `20261130T021400Z`.
fn parse_time(text: &str) -> Option<Timestamp> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let is_number = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if day.len() != DAY || time.len() != 6 || !is_number(day) || !is_number(time) {
        return None;
    }
    let number = |text: &str| text.parse::<u8>().ok();
    let month = Month::try_from(number(&day[4..6])?).ok()?;
    let date = Date::from_calendar_date(day[..4].parse().ok()?, month, number(&day[6..])?).ok()?;
    let time = date.with_hms(
        number(&time[..2])?,
        number(&time[2..4])?,
        number(&time[4..])?,
    );
    let seconds = time.ok()?.assume_utc().unix_timestamp();
    Some(Timestamp::from_millis(seconds * 1000))
}

/// The form of a request that is signed. `None`: a header is missing.
fn canonical_request(request: &Request<Bytes>, headers: &[&str]) -> Option<String> {
    let uri = request.uri();
    let mut query: Vec<_> = uri.query().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    let (method, path, query) = (request.method(), encode(uri.path()), query.join("&"));
    let mut text = format!("{method}\n{path}\n{query}\n");
    for name in headers {
        let _ = writeln!(text, "{name}:{}", canonical_header(request, name)?);
    }
    let hash = hex(&Sha256::digest(request.body()));
    let _ = write!(text, "\n{}\n{hash}", headers.join(";"));
    Some(text)
}

/// The values of a header, without spaces that mean nothing.
fn canonical_header(request: &Request<Bytes>, name: &str) -> Option<String> {
    let mut values = Vec::new();
    for value in request.headers().get_all(name) {
        let words: Vec<_> = value.to_str().ok()?.split_ascii_whitespace().collect();
        values.push(words.join(" "));
    }
    // A client in this process sends no such header; HTTP/2 has none.
    if values.is_empty() && name == "host" {
        values.push(request.uri().authority().map(Authority::to_string)?);
    }
    (!values.is_empty()).then(|| values.join(","))
}

/// A path whose escapes are escaped once more, as all services but S3 have it.
fn encode(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
