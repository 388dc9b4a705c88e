//! Passwords that are known from breaches, by the range API of Have I Been Pwned: it is asked by the
//! beginning of a hash, so it learns neither the password nor its hash.
//! <https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange>

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use crate::aws::{Roots, fetch};
use crate::domain::Password;
use crate::error::Cause;
use crate::host::is_safe;

/// Where breached passwords are looked up, and what happens if that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachedPasswords {
    pub url: RangeUrl,
    pub on_failure: OnFailure,
}

/// Whether a password that can't be looked up is refused or accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    Refuse,
    Accept,
}

/// The URL behind which the beginning of a hash is appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeUrl(String);

impl RangeUrl {
    /// Lambda has 4 KB for all variables of a function.
    const MAX_LENGTH: usize = 200;

    /// Reads a URL that ends in `/`: `https:`, or `http:` to a loopback address or `localhost`.
    pub fn parse(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        // What stands behind a `#` would never be sent.
        let is_folder = text.ends_with('/') && !text.contains(['?', '#']);
        let is_folder = is_folder && text.len() <= Self::MAX_LENGTH;
        (is_safe(&url) && is_folder).then(|| Self(text.to_owned()))
    }
}

/// The time for a whole look-up.
const TIMEOUT: Duration = Duration::from_secs(2);
/// An answer has some 800 to 1,000 lines of 40 bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

impl BreachedPasswords {
    /// Whether the NFC form of a password is known from a breach.
    ///
    /// # Errors
    ///
    /// The service gave no answer within two seconds, or one that isn't of its API.
    pub async fn know(&self, password: &Password) -> Result<bool, Cause> {
        let composed = password.composed();
        // Without a salt, the whole hash is as good to guess at as the password.
        let hash = Sha1::digest(composed.as_ref().unwrap_or(password).as_bytes());
        let hash: Zeroizing<[u8; 20]> = Zeroizing::new(hash.into());
        let mut digits = Zeroizing::new(String::with_capacity(40));
        for byte in hash.iter() {
            write!(digits, "{byte:02X}")?;
        }
        let (beginning, rest) = digits.split_at(5);
        let answer = tokio::time::timeout(TIMEOUT, self.ask(beginning));
        let answer = answer.await.map_err(|_| "no answer within two seconds")??;
        has_entry(std::str::from_utf8(&answer)?, rest)
    }

    async fn ask(&self, beginning: &str) -> Result<Bytes, Cause> {
        let request = http::Request::get(format!("{}{beginning}", self.url.0))
            .header(USER_AGENT, concat!("sesame/", env!("CARGO_PKG_VERSION")))
            // Otherwise the length of the answer would tell the beginning of the hash.
            .header("Add-Padding", "true")
            .body(())?;
        let answer = fetch(Roots::System, request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the answer's status is {}", answer.status()).into());
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES);
        Ok(body.collect().await?.to_bytes())
    }
}

/// Whether an answer has an entry for a hash that goes on like this. An entry that was seen zero
/// times is padding.
fn has_entry(answer: &str, rest: &str) -> Result<bool, Cause> {
    if answer.is_empty() {
        return Err("the answer has no entry".into());
    }
    let mut is_there = false;
    for line in answer.lines() {
        let (digits, count) = line.split_once(':').unwrap_or_default();
        let is_hash = digits.len() == 35 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        if !is_hash || !is_count {
            return Err("the answer has a line that isn't an entry".into());
        }
        let is_padding = count.bytes().all(|byte| byte == b'0');
        is_there |= digits.eq_ignore_ascii_case(rest) && !is_padding;
    }
    Ok(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_url_is_safe_and_ends_in_a_slash() {
        for (text, good) in [
            ("https://api.pwnedpasswords.com/range/", true),
            ("https://mirror.example:8443/", true),
            ("http://127.0.0.1:8000/range/", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://api.pwnedpasswords.com/range/", false),
            ("https://api.pwnedpasswords.com/range", false),
            ("https://x.example/range/?to=/", false),
            ("https://x.example/range/#/", false),
            ("http://127.0.0.1:99999/", false),
            ("https://user:password@x.example/", false),
            ("ftp://127.0.0.1/", false),
            ("/range/", false),
            ("none", false),
        ] {
            assert_eq!(RangeUrl::parse(text).is_some(), good, "{text}");
        }
    }

    #[test]
    fn an_answer_has_entries_and_nothing_else() {
        let rest = "1D72CD07550416C216D8AD296BF5C0AE8E0";
        let entry = |count: &str| format!("{rest}:{count}");
        let other = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2";
        for (answer, want) in [
            (entry("10"), Some(true)),
            (format!("{other}\r\n{}\r\n", entry("1")), Some(true)),
            (entry("1").to_lowercase(), Some(true)),
            (other.to_owned(), Some(false)),
            (entry("0"), Some(false)),
            (entry("00"), Some(false)),
            (format!("{}\n{}", entry("0"), entry("3")), Some(true)),
            (String::new(), None),
            ("\n".to_owned(), None),
            (format!("{}\n\n{other}", entry("1")), None),
            (entry(""), None),
            (entry("-1"), None),
            (entry("1 "), None),
            (entry("1:2"), None),
            (rest.to_owned(), None),
            (format!("{}:1", &rest[1..]), None),
            (format!("0{rest}:1"), None),
            (format!("{}Z:1", &rest[1..]), None),
            ("<html>".to_owned(), None),
        ] {
            assert_eq!(has_entry(&answer, rest).ok(), want, "{answer}");
        }
    }
}
