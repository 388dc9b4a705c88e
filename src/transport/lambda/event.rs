//! Events of API Gateway (HTTP and REST APIs), function URLs and load balancers.
//!
//! The types of the events are `lambda_http`'s. Its requests are not used: they have a normalised
//! path with the stage in front, and building one panics on some hosts and query strings that
//! anybody can send.

mod claims;
mod sender;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use lambda_http::Context;
use lambda_http::aws_lambda_events::alb::AlbTargetGroupRequest;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::LambdaRequest;
use serde_json::value::RawValue;

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

/// Reads an event without the authorizer's part: in the types of the events all claims are texts,
/// so that an event with any other claim does not fit them.
///
/// The part is cut out unread, because a parser refuses some claims that gateways copy: numbers
/// that no float holds, and deep lists.
fn without_authorizer(event: &str) -> serde_json::Result<LambdaRequest> {
    type Parts<'a> = HashMap<String, &'a RawValue>;

    let mut event: Parts<'_> = serde_json::from_str(event)?;
    let context = event.get("requestContext").copied();
    let context = context.map_or("{}", RawValue::get);
    let mut context: Parts<'_> = serde_json::from_str(context)?;
    context.remove("authorizer");
    let context = serde_json::value::to_raw_value(&context)?;
    event.insert("requestContext".to_owned(), &context);
    serde_json::from_str(&serde_json::to_string(&event)?)
}

impl Event {
    pub fn read(event: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(event) else {
            return Self::unreadable(event, "the event has bytes that are no UTF-8");
        };
        let authorizer = claims::authorizer(text);
        let request = match serde_json::from_str(text) {
            Err(_) if authorizer.is_some() => without_authorizer(text),
            request => request,
        };
        let authorizer = authorizer.as_deref();
        let (sender, request) = match request {
            Ok(LambdaRequest::ApiGatewayV1(event)) => {
                (Sender::Rest, rest_request(event, authorizer))
            }
            Ok(LambdaRequest::ApiGatewayV2(event)) => {
                (Sender::Http, http_request(event, authorizer))
            }
            Ok(LambdaRequest::Alb(event)) => (Sender::LoadBalancer, load_balancer_request(event)),
            Ok(_) => (Sender::Http, Err(Error::Malformed(NOT_HTTP.to_owned()))),
            Err(error) if error.is_data() => return Self::unreadable(event, NOT_HTTP),
            Err(_) => return Self::unreadable(event, "the event is not JSON"),
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
    event: ApiGatewayV2httpRequest,
    authorizer: Option<&RawValue>,
) -> Result<Request, Error> {
    let context = event.request_context;
    Ok(Request {
        method: context.http.method,
        path: without_stage(event.raw_path, context.stage.as_deref()),
        query: query(event.raw_query_string.as_deref().unwrap_or_default()),
        headers: event.headers,
        body: body(event.body, event.is_base64_encoded)?,
        context: RequestContext {
            jwt: authorizer.and_then(claims::jwt_of_http),
            client_ip: context.http.source_ip.as_deref().and_then(parse_address),
            platform: Platform::Gateway,
            ..RequestContext::default()
        },
    })
}

/// The request of payload 1.0: of a REST API, whose path has no stage, or of an HTTP API, whose
/// path begins with the stage.
fn rest_request(
    event: ApiGatewayProxyRequest,
    authorizer: Option<&RawValue>,
) -> Result<Request, Error> {
    let context = event.request_context;
    let source_ip = context.identity.source_ip.as_deref();
    Ok(Request {
        method: event.http_method,
        path: without_stage(event.path, context.stage.as_deref()),
        // The gateway has decoded them.
        query: all_parameters(
            &event.query_string_parameters,
            &event.multi_value_query_string_parameters,
        ),
        headers: all_headers(event.headers, event.multi_value_headers),
        body: body(event.body, event.is_base64_encoded)?,
        context: RequestContext {
            jwt: authorizer.and_then(claims::jwt_of_rest),
            client_ip: source_ip.and_then(parse_address),
            platform: Platform::Gateway,
            ..RequestContext::default()
        },
    })
}

/// The request of a load balancer, which has no authorizer.
fn load_balancer_request(event: AlbTargetGroupRequest) -> Result<Request, Error> {
    let pairs = all_parameters(
        &event.query_string_parameters,
        &event.multi_value_query_string_parameters,
    );
    // They are encoded as in the URL.
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    let query = query(&pairs.collect::<Vec<_>>().join("&"));
    let headers = all_headers(event.headers, event.multi_value_headers);
    Ok(Request {
        method: event.http_method,
        path: event.path.unwrap_or_default(),
        query,
        body: body(event.body, event.is_base64_encoded)?,
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
fn all_parameters(single: &QueryMap, multiple: &QueryMap) -> Vec<(String, String)> {
    let all = if multiple.is_empty() {
        single
    } else {
        multiple
    };
    let pairs = all.iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn body(text: Option<String>, is_base64: bool) -> Result<Bytes, Error> {
    let text = text.unwrap_or_default();
    if !is_base64 {
        return Ok(Bytes::from(text));
    }
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|_| Error::Malformed("the event's body is not base64".into()))
}
