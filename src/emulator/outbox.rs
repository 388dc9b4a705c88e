//! Amazon SES and AWS End User Messaging in this process, for the local service and tests.

mod refusal;
mod request;
mod sent;
mod signature;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use serde_json::json;

use self::refusal::Refusal;
use self::request::Service;
pub use self::sent::SentMessage;
pub use self::signature::OutboxKeys;
use crate::aws::{HttpClient, in_process_http};
use crate::domain::{Timestamp, generate_uuid, hide_in_debug};
use crate::lock::lock;

/// How many messages are kept.
const MAX_KEPT: usize = 1000;

/// A provider of e-mail and SMS that keeps the last 1,000 messages instead of sending them.
///
/// It checks signatures and requests as AWS does. Its clones have the same messages.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    keys: OutboxKeys,
    now: fn() -> Timestamp,
    /// Is shown each message.
    show: fn(&SentMessage),
    sent: Mutex<VecDeque<SentMessage>>,
}

hide_in_debug!(Outbox);

impl Outbox {
    /// An outbox for requests that are signed with `keys`. `show` is given each message.
    pub fn new(keys: OutboxKeys, now: fn() -> Timestamp, show: fn(&SentMessage)) -> Self {
        Self(Arc::new(Inner {
            keys,
            now,
            show,
            sent: Mutex::default(),
        }))
    }

    /// The messages that were sent, the oldest first.
    pub fn messages(&self) -> Vec<SentMessage> {
        lock(&self.0.sent).iter().cloned().collect()
    }

    /// An HTTP client for the SDK that reaches both services without a socket, by whichever URL.
    pub fn http_client(&self) -> HttpClient {
        let outbox = self.clone();
        in_process_http(move |request| outbox.respond(request))
    }

    fn respond(&self, request: &Request<Bytes>) -> Response<Vec<u8>> {
        match self.accept(request) {
            Ok(()) => {
                let id = generate_uuid().to_string();
                let body = json!({ "MessageId": id }).to_string();
                json_response(Response::new(body.into_bytes()))
            }
            Err(refusal) => refused(refusal),
        }
    }

    fn accept(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        let Inner {
            keys,
            now,
            show,
            sent,
        } = &*self.0;
        let service = Service::find(request)?;
        let now = now();
        keys.verify(request, service.signing_name(), now)?;
        let message = service.read(request)?.sent_at(now);
        show(&message);
        let mut sent = lock(sent);
        if sent.len() == MAX_KEPT {
            sent.pop_front();
        }
        sent.push_back(message);
        Ok(())
    }
}

fn refused(refusal: Refusal) -> Response<Vec<u8>> {
    let body = json!({ "__type": refusal.code, "message": refusal.message });
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = refusal.status;
    let code = HeaderValue::from_static(refusal.code);
    response.headers_mut().insert("x-amzn-errortype", code);
    json_response(response)
}

fn json_response(mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
