//! All five calls in JSON, on their own routes and over Connect.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use sesame::api::{Context, Request, Version};
use sesame::domain::Operation;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::app::{Answer, header};

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Route(Version),
    Connect(Version),
}

/// A call of a session, if it is one's.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub session_id: Option<String>,
    pub session_token: Option<String>,
    pub bearer: Option<String>,
    pub idempotency_key: Option<String>,
    pub if_match: Option<String>,
    /// The rest of the message.
    pub body: Value,
}

/// What went wrong: the error's id, or `code 3` and the like where it has none.
pub type Outcome = Result<Value, String>;

impl Way {
    pub fn version(self) -> Version {
        let (Self::Route(version) | Self::Connect(version)) = self;
        version
    }

    pub fn request(self, rpc: Operation, call: &Call) -> Request {
        let version = self.version().as_str();
        let mut body = call.body.clone();
        if body.is_null() {
            body = json!({});
        }
        let id = call.session_id.as_deref().unwrap_or_default();
        let mut query = Vec::new();
        let (method, path) = match (self, rpc) {
            (Self::Connect(_), rpc) => {
                if let Some(id) = &call.session_id {
                    body["sessionId"] = json!(id);
                }
                let rpc = rpc.as_str();
                let path = format!("/zitadel.session.{version}.SessionService/{rpc}");
                (Method::POST, path)
            }
            (_, Operation::CreateSession) => (Method::POST, format!("/{version}/sessions")),
            (_, Operation::ListSessions) => (Method::POST, format!("/{version}/sessions/search")),
            (_, Operation::SetSession) => (Method::PATCH, format!("/{version}/sessions/{id}")),
            (_, Operation::GetSession) => (Method::GET, format!("/{version}/sessions/{id}")),
            (_, Operation::DeleteSession) => (Method::DELETE, format!("/{version}/sessions/{id}")),
        };
        let in_query = method == Method::GET;
        match &call.session_token {
            Some(token) if in_query => query.push(("sessionToken".to_owned(), token.clone())),
            Some(token) => body["sessionToken"] = json!(token),
            None => {}
        }
        let body = if in_query {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let request = Request {
            method,
            path,
            query,
            headers: HeaderMap::new(),
            body,
            context: Context {
                request_id: "request-1".to_owned(),
                ..Context::default()
            },
        };
        let bearer = call.bearer.as_ref().map(|token| format!("Bearer {token}"));
        [
            ("content-type", Some("application/json")),
            ("authorization", bearer.as_deref()),
            ("idempotency-key", call.idempotency_key.as_deref()),
            ("if-match", call.if_match.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .fold(request, |request, (name, value)| {
            header(request, name, value)
        })
    }
}

pub fn outcome(answer: &Answer) -> Outcome {
    let body = answer.json();
    if answer.status.is_success() {
        return Ok(body);
    }
    let detail = &body["details"][0];
    let id = detail["id"].as_str().or(detail["debug"]["id"].as_str());
    Err(match (id, &body["code"]) {
        (Some(id), _) => id.to_owned(),
        (None, Value::String(name)) => format!("code {}", code(name)),
        (None, code) => format!("code {code}"),
    })
}

/// Of a name of Connect's.
fn code(name: &str) -> u8 {
    match name {
        "invalid_argument" => 3,
        "deadline_exceeded" => 4,
        "not_found" => 5,
        "already_exists" => 6,
        "permission_denied" => 7,
        "resource_exhausted" => 8,
        "failed_precondition" => 9,
        "aborted" => 10,
        "unimplemented" => 12,
        "internal" => 13,
        "unavailable" => 14,
        "unauthenticated" => 16,
        _ => panic!("no code is called {name}"),
    }
}

/// Whether a call that ended so may have been carried out, now or later, or never.
pub fn is_unknown(outcome: &Outcome) -> bool {
    matches!(
        outcome.as_ref().map_err(String::as_str),
        Err("code 4" | "code 14")
    )
}

/// A number that proto3's JSON has as a string, and leaves out if it is 0.
pub fn number(value: &Value) -> u64 {
    value.as_str().map_or(0, |text| text.parse().unwrap())
}

/// A date, in milliseconds.
pub fn millis(date: &Value) -> i64 {
    let date = OffsetDateTime::parse(date.as_str().unwrap(), &Rfc3339).unwrap();
    i64::try_from(date.unix_timestamp_nanos() / 1_000_000).unwrap()
}

/// Random numbers that are the same for a seed: `SplitMix64`
/// (<https://prng.di.unimi.it/splitmix64.c>).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
