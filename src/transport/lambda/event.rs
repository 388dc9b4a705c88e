//! Events of API Gateway (HTTP and REST APIs), function URLs and load balancers.
//!
//! The types of the events are `lambda_http`'s. Its requests are not used: they have a normalised
//! path with the stage in front, and building one panics on some hosts and query strings that
//! anybody can send.

mod claims;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Response};
use lambda_http::aws_lambda_events::alb::{AlbTargetGroupRequest, AlbTargetGroupResponse};
use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayProxyRequest, ApiGatewayProxyResponse, ApiGatewayV2httpRequest,
    ApiGatewayV2httpResponse,
};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::LambdaRequest;
use lambda_http::{Body as EventBody, LambdaEvent};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::api::{App, Body, Request, RequestContext, handle, is_known, query, refuse};
use crate::domain::Timestamp;
use crate::error::Error;
use crate::log::TraceId;
use crate::transport::origin;

/// The part of a call's time that is kept for sending the answer.
const RESPONSE_RESERVE: Duration = Duration::from_millis(250);

/// An event for the function. Deserializing never fails, because Lambda would turn the error into
/// a 502 without a body.
pub struct Event {
    request: Result<LambdaRequest, serde_json::Error>,
    /// The JSON that a gateway's authorizer wrote about the request.
    authorizer: Option<Box<RawValue>>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Box::<RawValue>::deserialize(deserializer)?;
        let authorizer = claims::authorizer(event.get());
        let request = match serde_json::from_str(event.get()) {
            Err(_) if authorizer.is_some() => without_authorizer(event.get()),
            request => request,
        };
        Ok(Self {
            request,
            authorizer,
        })
    }
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

/// A response in the form that the sender of the event takes.
#[derive(Serialize)]
#[serde(untagged)]
pub enum EventResponse {
    Rest(ApiGatewayProxyResponse),
    Http(ApiGatewayV2httpResponse),
    LoadBalancer(AlbTargetGroupResponse),
}

/// The sender of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Rest,
    Http,
    LoadBalancer,
}

impl Event {
    /// The request in the event.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: there is none, or its body is not the base64 that the event says it
    /// is.
    pub fn request(self) -> Result<Request, Error> {
        self.read().1
    }

    fn read(self) -> (Sender, Result<Request, Error>) {
        let authorizer = self.authorizer.as_deref();
        match self.request {
            Ok(LambdaRequest::ApiGatewayV1(event)) => {
                (Sender::Rest, rest_request(event, authorizer))
            }
            Ok(LambdaRequest::ApiGatewayV2(event)) => {
                (Sender::Http, http_request(event, authorizer))
            }
            Ok(LambdaRequest::Alb(event)) => (Sender::LoadBalancer, load_balancer_request(event)),
            Ok(_) | Err(_) => (Sender::Http, Err(not_http())),
        }
    }
}

/// Answers one event, of whatever kind. A panic is answered, too: in the runtime, it would be a
/// 502 without a body.
pub async fn respond(app: &App, event: LambdaEvent<Event>, now: Timestamp) -> EventResponse {
    let id = event.context.request_id.clone();
    let answered = AssertUnwindSafe(respond_to_event(app, event, now)).catch_unwind();
    answered.await.unwrap_or_else(|_| {
        let error = Error::Internal("panic".into());
        Sender::Http.response(refuse(app, &empty_request(id), &error, now))
    })
}

async fn respond_to_event(app: &App, event: LambdaEvent<Event>, now: Timestamp) -> EventResponse {
    let LambdaEvent { payload, context } = event;
    let id = context.request_id;
    let trace_id = context.xray_trace_id.as_deref().and_then(TraceId::parse);
    let (sender, request) = payload.read();
    let response = match request {
        Ok(mut request) => {
            request.context.request_id = id;
            request.context.trace_id = trace_id.or_else(|| TraceId::from_headers(&request.headers));
            request.context.budget = budget(context.deadline, now);
            handle(app, request, now).await
        }
        Err(error) => refuse(app, &empty_request(id), &error, now),
    };
    sender.response(response)
}

/// The time that is left until `deadline`, in milliseconds since 1970. A deadline that has passed
/// is ignored: cargo-lambda's local runtime puts a duration there.
fn budget(deadline: u64, now: Timestamp) -> Option<Duration> {
    let deadline = Timestamp::from_millis(i64::try_from(deadline).ok()?);
    let left = now.until(deadline).filter(|left| !left.is_zero())?;
    Some(left.saturating_sub(RESPONSE_RESERVE))
}

/// The request of an event that has none: only its id is known.
fn empty_request(request_id: String) -> Request {
    Request {
        method: Method::POST,
        path: String::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        context: RequestContext {
            request_id,
            ..RequestContext::default()
        },
    }
}

fn not_http() -> Error {
    Error::Malformed("the event is not an HTTP request".into())
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
            client_ip: context.http.source_ip.as_deref().and_then(origin::address),
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
            client_ip: source_ip.and_then(origin::address),
            ..RequestContext::default()
        },
    })
}

/// The request of a load balancer, which has no authorizer.
fn load_balancer_request(event: AlbTargetGroupRequest) -> Result<Request, Error> {
    let query = encoded_parameters(&event);
    let headers = all_headers(event.headers, event.multi_value_headers);
    Ok(Request {
        method: event.http_method,
        path: event.path.unwrap_or_default(),
        query,
        body: body(event.body, event.is_base64_encoded)?,
        context: RequestContext {
            client_ip: origin::forwarded_for(&headers),
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
        .filter(|inner| inner.starts_with('/'));
    match inner {
        Some(inner) => inner.to_owned(),
        None => path,
    }
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
        if !headers
            .get_all(AUTHORIZATION)
            .iter()
            .any(|other| *other == value)
        {
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

/// The parameters of a load balancer's event, which are encoded as in the URL.
fn encoded_parameters(event: &AlbTargetGroupRequest) -> Vec<(String, String)> {
    let pairs = all_parameters(
        &event.query_string_parameters,
        &event.multi_value_query_string_parameters,
    );
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    query(&pairs.join("&"))
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

impl Sender {
    fn response(self, response: Response<Body>) -> EventResponse {
        let (parts, body) = response.into_parts();
        let status = i64::from(parts.status.as_u16());
        // No answer to an event has trailers, because API Gateway has no place for them.
        let is_base64 = !is_text(&parts.headers);
        let body = if is_base64 {
            EventBody::Binary(body.data.into())
        } else {
            EventBody::Text(String::from_utf8_lossy(&body.data).into_owned())
        };
        match self {
            Self::Http => {
                let mut response = ApiGatewayV2httpResponse::default();
                response.status_code = status;
                response.headers = parts.headers;
                response.body = Some(body);
                response.is_base64_encoded = is_base64;
                EventResponse::Http(response)
            }
            Self::Rest => {
                let mut response = ApiGatewayProxyResponse::default();
                response.status_code = status;
                response.multi_value_headers = parts.headers;
                response.body = Some(body);
                response.is_base64_encoded = is_base64;
                EventResponse::Rest(response)
            }
            Self::LoadBalancer => {
                let reason = parts.status.canonical_reason().unwrap_or_default();
                let mut response = AlbTargetGroupResponse::default();
                response.status_code = status;
                response.status_description = Some(format!("{status} {reason}"));
                // A load balancer reads either, depending on its settings.
                response.headers = parts.headers.clone();
                response.multi_value_headers = parts.headers;
                response.body = Some(body);
                response.is_base64_encoded = is_base64;
                EventResponse::LoadBalancer(response)
            }
        }
    }
}

/// Whether an answer is text. Any other is sent in base64.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_none_or(|content_type| {
        content_type == b"application/json"
            || content_type.starts_with(b"application/grpc-web-text")
    })
}
