//! An answer of the service, and what tests read of it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An answer in JSON, or what went wrong: the error's id, or `code 3` and the like where it has
/// none.
pub type Outcome = Result<Value, String>;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The error's id, or its code where it has none; `ok` if it is none.
    pub fn outcome(&self) -> String {
        self.result().err().unwrap_or_else(|| "ok".to_owned())
    }

    /// What was answered in JSON, or what went wrong.
    pub fn result(&self) -> Outcome {
        let body = self.json();
        if self.status.is_success() {
            return Ok(body);
        }
        let detail = &body["details"][0];
        let id = detail["id"].as_str().or(detail["debug"]["id"].as_str());
        Err(match (id, &body["code"]) {
            (Some(id), _) => id.to_owned(),
            (None, Value::String(name)) => format!("code {}", code_by_name(name)),
            (None, code) => format!("code {code}"),
        })
    }

    pub fn sequence(&self) -> String {
        self.json()["details"]["sequence"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The id of the session that was created.
    pub fn id(&self) -> String {
        self.json()["sessionId"].as_str().unwrap().to_owned()
    }

    pub fn token(&self) -> String {
        self.json()["sessionToken"].as_str().unwrap().to_owned()
    }
}

/// Whether it is unknown if the call was carried out, or will be.
pub fn is_unknown(outcome: &Outcome) -> bool {
    matches!(
        outcome.as_ref().map_err(String::as_str),
        Err("code 4" | "code 14")
    )
}

/// Reads a 64-bit number, which proto3's JSON writes as a string and omits if it is 0.
pub fn number(value: &Value) -> u64 {
    value.as_str().map_or(0, |text| text.parse().unwrap())
}

/// Reads a date as milliseconds since 1970.
pub fn millis(date: &Value) -> i64 {
    let date = OffsetDateTime::parse(date.as_str().unwrap(), &Rfc3339).unwrap();
    i64::try_from(date.unix_timestamp_nanos() / 1_000_000).unwrap()
}

/// The number of a code that Connect has by name.
pub fn code_by_name(name: &str) -> i32 {
    const CODES: [&str; 17] = [
        "ok",
        "canceled",
        "unknown",
        "invalid_argument",
        "deadline_exceeded",
        "not_found",
        "already_exists",
        "permission_denied",
        "resource_exhausted",
        "failed_precondition",
        "aborted",
        "out_of_range",
        "unimplemented",
        "internal",
        "unavailable",
        "data_loss",
        "unauthenticated",
    ];
    let at = CODES.iter().position(|code| *code == name);
    i32::try_from(at.unwrap_or_else(|| panic!("no code is called {name}"))).unwrap()
}
