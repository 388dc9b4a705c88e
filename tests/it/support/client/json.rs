//! Calls in JSON that are put together before anybody makes them.

use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::Operation;

use super::Client;
use crate::support::app::header;

/// A call in JSON, with the session that it is of, if any.
#[derive(Clone, Debug, Default)]
pub struct JsonCall {
    pub session_id: Option<String>,
    pub session_token: Option<String>,
    pub bearer: Option<String>,
    pub idempotency_key: Option<String>,
    pub if_match: Option<String>,
    /// The rest of the message.
    pub body: Value,
}

impl JsonCall {
    /// The request by which a client makes this call.
    pub fn request(&self, client: Client<'_>, rpc: Operation) -> Request {
        let mut body = self.body.clone();
        if body.is_null() {
            body = json!({});
        }
        for (field, value) in [
            ("sessionId", &self.session_id),
            ("sessionToken", &self.session_token),
        ] {
            if let Some(value) = value {
                body[field] = json!(value);
            }
        }
        let client = Client {
            token: self.bearer.as_deref(),
            ..client
        };
        let mut request = client.json(rpc, body);
        for (name, value) in [
            ("idempotency-key", &self.idempotency_key),
            ("if-match", &self.if_match),
        ] {
            if let Some(value) = value {
                request = header(request, name, value);
            }
        }
        request
    }
}
