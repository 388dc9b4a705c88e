//! The calls that are sent, and what is answered.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::outcome::Outcome;

pub const PASSWORD: &str = "V3ryS3cure!";

pub fn login_name(number: usize) -> String {
    format!("user-{number}@mouse.com")
}

pub fn user_id(number: usize) -> String {
    format!("{}", 100_000_000_000_000_000 + number)
}

#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub bearer: Option<String>,
    pub body: Bytes,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub has_retry_after: bool,
    pub body: Bytes,
}

/// A session and its token, which authorises each call on it.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub token: String,
}

impl Session {
    /// Reads the answer to a create.
    pub fn read(reply: &Reply) -> Outcome<Self> {
        let answer: Value = serde_json::from_slice(&reply.body)?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (text("sessionId"), text("sessionToken")) {
            (Some(id), Some(token)) => Ok(Self { id, token }),
            _ => Err(format!("a create was answered {}", reply.status).into()),
        }
    }

    pub fn get(&self) -> Call {
        let Self { id, token } = self;
        let path = format!("/v2/sessions/{id}?sessionToken={token}");
        call(Method::GET, path, None)
    }

    pub fn set(&self, change: &Value) -> Call {
        let mut body = change.clone();
        body["sessionToken"] = json!(self.token);
        call(
            Method::PATCH,
            format!("/v2/sessions/{}", self.id),
            Some(body),
        )
    }

    pub fn delete(&self) -> Call {
        let body = json!({ "sessionToken": self.token });
        call(
            Method::DELETE,
            format!("/v2/sessions/{}", self.id),
            Some(body),
        )
    }
}

pub fn login(number: usize) -> Call {
    let checks = json!({
        "user": { "loginName": login_name(number) },
        "password": { "password": PASSWORD },
    });
    create(&json!({ "checks": checks }))
}

pub fn create_without_checks() -> Call {
    create(&json!({}))
}

fn create(body: &Value) -> Call {
    call(Method::POST, "/v2/sessions".to_owned(), Some(body.clone()))
}

/// Lists a user's sessions, as a service account that may.
pub fn list(number: usize, bearer: &str) -> Call {
    let query = json!({ "userIdQuery": { "id": user_id(number) } });
    let body = json!({ "queries": [query] });
    Call {
        bearer: Some(bearer.to_owned()),
        ..call(Method::POST, "/v2/sessions/search".to_owned(), Some(body))
    }
}

fn call(method: Method, path: String, body: Option<Value>) -> Call {
    Call {
        method,
        path,
        bearer: None,
        body: body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())),
    }
}
