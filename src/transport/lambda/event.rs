//! Events of API Gateway (HTTP and REST APIs), function URLs and load balancers.
//!
//! `lambda_http` has such events, too, and requests made from them. It reads each of them in the forms
//! of all senders, one after the other, with all their fields, which was a tenth of a login; its
//! requests have a normalised path with the stage in front, and building one panics on some hosts and
//! query strings that anybody can send.

mod claims;
mod payload;
mod sender;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use lambda_runtime::Context;

use self::payload::{Form, Parameters, Payload};
use self::sender::Sender;
use crate::api::{Platform, Request, RequestContext, is_known, query};
use crate::app::{App, handle, refuse};
use crate::domain::{Timestamp, parse_address};
use crate::error::Error;
use crate::log::TraceId;
use crate::transport::origin::forwarded_for;

pub use self::sender::EventResponse;

/// The part of a call's time that is kept for sending the answer.
const RESPONSE_RESERVE: Duration = Duration::from_millis(250);

const NOT_HTTP: &str = "the event is not an HTTP request";

/// An event for the function. Any bytes are one: Lambda would turn an error into a 502 without a
/// body.
pub struct Event {
    /// Who has sent it, or has probably sent it if it can't be read.
    sender: Sender,
    request: Result<Request, Error>,
}

impl Event {
    pub fn read(event: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(event) else {
            return Self::unreadable(event, "the event has bytes that are no UTF-8");
        };
        let mut payload: Payload<'_> = match serde_json::from_str(text) {
            Ok(payload) => payload,
            Err(error) if error.is_data() => return Self::unreadable(event, NOT_HTTP),
            Err(_) => return Self::unreadable(event, "the event is not JSON"),
        };
        let Some(form) = payload.form() else {
            return Self::unreadable(event, NOT_HTTP);
        };
        let (sender, request) = match form {
            Form::V1 { method, source_ip } => {
                (Sender::Rest, rest_request(payload, method, source_ip))
            }
            Form::V2 { method, source_ip } => {
                (Sender::Http, http_request(payload, method, source_ip))
            }
            Form::LoadBalancer { method } => {
                (Sender::LoadBalancer, load_balancer_request(payload, method))
            }
        };
        Self { sender, request }
    }

    fn unreadable(event: &[u8], reason: &str) -> Self {
        Self {
            sender: Sender::guess(event),
            request: Err(Error::Malformed(reason.to_owned())),
        }
    }

    /// The request in the event.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: there is none, or its body is not the base64 that the event says it
    /// is.
    pub fn request(self) -> Result<Request, Error> {
        self.request
    }
}

/// Answers one event, of whatever kind. A panic is answered, too: in the runtime, it would be a
/// 502 without a body.
pub async fn respond(app: &App, event: &[u8], context: Context, now: Timestamp) -> EventResponse {
    let id = &context.request_id;
    let answer = async {
        let trace_id = context.xray_trace_id.as_deref().and_then(TraceId::parse);
        let Event { sender, request } = Event::read(event);
        let response = match request {
            Ok(mut request) => {
                request.context.request_id.clone_from(id);
                request.context.trace_id =
                    trace_id.or_else(|| TraceId::from_headers(&request.headers));
                request.context.budget = budget(context.deadline, now);
                handle(app, request, now).await
            }
            Err(error) => refuse(app, &empty_request(id, trace_id), &error, now),
        };
        sender.response(response)
    };
    let answered = AssertUnwindSafe(answer).catch_unwind().await;
    answered.unwrap_or_else(|_| {
        let error = Error::Internal("panic".into());
        Sender::guess(event).response(refuse(app, &empty_request(id, None), &error, now))
    })
}

/// The time that is left until `deadline`, in milliseconds since 1970. A deadline that has passed
/// is ignored: cargo-lambda's local runtime puts a duration there.
fn budget(deadline: u64, now: Timestamp) -> Option<Duration> {
    let deadline = Timestamp::from_millis(i64::try_from(deadline).ok()?);
    let left = now.until(deadline).filter(|left| !left.is_zero())?;
    Some(left.saturating_sub(RESPONSE_RESERVE))
}

/// The request of an event that has none: only its ids are known.
fn empty_request(id: &str, trace_id: Option<TraceId>) -> Request {
    Request {
        method: Method::POST,
        path: String::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        context: RequestContext {
            request_id: id.to_owned(),
            trace_id,
            ..RequestContext::default()
        },
    }
}

fn http_request(
    mut event: Payload<'_>,
    method: Method,
    source_ip: Option<String>,
) -> Result<Request, Error> {
    let body = event.body()?;
    let context = event.request_context;
    Ok(Request {
        method,
        path: without_stage(event.raw_path.or(event.path), context.stage.as_deref()),
        query: query(event.raw_query_string.as_deref().unwrap_or_default()),
        headers: event.headers,
        body,
        context: RequestContext {
            jwt: context.authorizer.and_then(claims::jwt_of_http),
            client_ip: source_ip.as_deref().and_then(parse_address),
            platform: Platform::Gateway,
            ..RequestContext::default()
        },
    })
}

/// The request of payload 1.0: of a REST API, whose path has no stage, or of an HTTP API, whose
/// path begins with the stage.
fn rest_request(
    mut event: Payload<'_>,
    method: Method,
    source_ip: Option<String>,
) -> Result<Request, Error> {
    let body = event.body()?;
    let context = event.request_context;
    Ok(Request {
        method,
        path: without_stage(event.path, context.stage.as_deref()),
        // The gateway has decoded them.
        query: all_parameters(
            event.query_string_parameters,
            event.multi_value_query_string_parameters,
        ),
        headers: all_headers(event.headers, event.multi_value_headers),
        body,
        context: RequestContext {
            jwt: context.authorizer.and_then(claims::jwt_of_rest),
            client_ip: source_ip.as_deref().and_then(parse_address),
            platform: Platform::Gateway,
            ..RequestContext::default()
        },
    })
}

/// The request of a load balancer, which has no authorizer.
fn load_balancer_request(mut event: Payload<'_>, method: Method) -> Result<Request, Error> {
    let body = event.body()?;
    let pairs = all_parameters(
        event.query_string_parameters,
        event.multi_value_query_string_parameters,
    );
    // They are encoded as in the URL.
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    let query = query(&pairs.collect::<Vec<_>>().join("&"));
    let headers = all_headers(event.headers, event.multi_value_headers);
    Ok(Request {
        method,
        path: event.path.unwrap_or_default(),
        query,
        body,
        context: RequestContext {
            client_ip: forwarded_for(&headers),
            platform: Platform::LoadBalancer,
            ..RequestContext::default()
        },
        headers,
    })
}

/// The path without the stage that it may begin with: an HTTP API puts a named stage there, but
/// not behind a custom domain. A stage may have the same name as the first part of a path of this
/// service.
fn without_stage(path: Option<String>, stage: Option<&str>) -> String {
    let path = path.unwrap_or_default();
    if is_known(&path) {
        return path;
    }
    let inner = stage
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        .filter(|inner| inner.starts_with('/'))
        .map(str::to_owned);
    inner.unwrap_or(path)
}

/// The headers of an event. Depending on the sender's settings, either map holds all; if both
/// do, the second has each value of a header that was sent more than once.
///
/// Of `Authorization`, a value that both maps have is one, and two that differ are two.
fn all_headers(single: HeaderMap, multiple: HeaderMap) -> HeaderMap {
    let authorization: Vec<_> = single.get_all(AUTHORIZATION).iter().cloned().collect();
    let mut headers = single;
    headers.extend(multiple);
    for value in authorization {
        let mut others = headers.get_all(AUTHORIZATION).iter();
        if others.all(|other| *other != value) {
            headers.append(AUTHORIZATION, value);
        }
    }
    headers
}

/// The parameters of an event. If both maps are there, the second has each value of a parameter
/// that was sent more than once.
fn all_parameters(single: Parameters, multiple: Parameters) -> Parameters {
    if multiple.is_empty() {
        single
    } else {
        multiple
    }
}
