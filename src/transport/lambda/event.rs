//! Events of API Gateway (HTTP and REST APIs), function URLs and load balancers.
//!
//! The events are `lambda_http`'s; what becomes of them is not: its requests carry a
//! normalised path with the stage in front, and making one panics on some hosts and
//! query strings that anybody can send.

mod claims;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
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

/// What is kept of a call's time to send the answer with.
const TO_ANSWER: Duration = Duration::from_millis(250);

/// An event as Lambda hands it over. One that is none of those above is read as well:
/// an error while reading would be a 502 without a body.
pub struct Event {
    request: Result<LambdaRequest, serde_json::Error>,
    /// What a gateway's authorizer says of the caller.
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

/// The types of the events take claims for texts, and an event with any other for none of
/// theirs.
///
/// The authorizer's value is cut out unread, because a parser refuses some of what gateways
/// copy: numbers that no float holds, and deep lists.
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

/// An answer in the form that the sender of the event wants.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    Rest(ApiGatewayProxyResponse),
    Http(ApiGatewayV2httpResponse),
    LoadBalancer(AlbTargetGroupResponse),
}

/// Who wants the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Rest,
    Http,
    LoadBalancer,
}

impl Event {
    /// The request that it is.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: it is none, or its body is not the base64 that it is said
    /// to be.
    pub fn request(self) -> Result<Request, Error> {
        self.read().1
    }

    fn read(self) -> (Sender, Result<Request, Error>) {
        let authorizer = self.authorizer.as_deref();
        match self.request {
            Ok(LambdaRequest::ApiGatewayV1(event)) => (Sender::Rest, of_rest(event, authorizer)),
            Ok(LambdaRequest::ApiGatewayV2(event)) => (Sender::Http, of_http(event, authorizer)),
            Ok(LambdaRequest::Alb(event)) => (Sender::LoadBalancer, of_load_balancer(event)),
            Ok(_) | Err(_) => (Sender::Http, Err(not_http())),
        }
    }
}

/// Answers one event, whatever it is. A panic anywhere is an answer, too: to the runtime,
/// it would be a 502 without a body.
pub async fn answer(app: &App, event: LambdaEvent<Event>, now: Timestamp) -> Answer {
    let id = event.context.request_id.clone();
    let answered = AssertUnwindSafe(answer_event(app, event, now)).catch_unwind();
    answered.await.unwrap_or_else(|_| {
        let error = Error::Internal("panic".into());
        Sender::Http.answer(refuse(app, &nothing(id), &error, now))
    })
}

async fn answer_event(app: &App, event: LambdaEvent<Event>, now: Timestamp) -> Answer {
    let LambdaEvent { payload, context } = event;
    let id = context.request_id;
    let trace_id = context.xray_trace_id.as_deref().and_then(TraceId::parse);
    let (sender, request) = payload.read();
    let response = match request {
        Ok(mut request) => {
            request.context.request_id = id;
            request.context.trace_id = trace_id.or_else(|| TraceId::of_headers(&request.headers));
            request.context.budget = budget(context.deadline, now);
            handle(app, request, now).await
        }
        Err(error) => refuse(app, &nothing(id), &error, now),
    };
    sender.answer(response)
}

/// `deadline` is in milliseconds since 1970. One that has passed is none at all:
/// cargo-lambda's local runtime puts a duration there.
fn budget(deadline: u64, now: Timestamp) -> Option<Duration> {
    let deadline = Timestamp::from_millis(i64::try_from(deadline).ok()?);
    let left = now.until(deadline).filter(|left| !left.is_zero())?;
    Some(left.saturating_sub(TO_ANSWER))
}

/// Of what is no request at all, only its id is known.
fn nothing(request_id: String) -> Request {
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

fn of_http(
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

/// Payload 1.0: of a REST API, whose path is without the stage, or of an HTTP API, whose path
/// begins with it.
fn of_rest(event: ApiGatewayProxyRequest, authorizer: Option<&RawValue>) -> Result<Request, Error> {
    let context = event.request_context;
    let source_ip = context.identity.source_ip.as_deref();
    Ok(Request {
        method: event.http_method,
        path: without_stage(event.path, context.stage.as_deref()),
        // Decoded by the gateway.
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

/// Nobody vouches for a caller here: a load balancer has no authorizer.
fn of_load_balancer(event: AlbTargetGroupRequest) -> Result<Request, Error> {
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

/// The path of an HTTP API with a named stage begins with it, but behind a domain of
/// one's own: there, a stage may be called like the first part of a path of ours.
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

/// Depending on settings, either holds all headers; where both do, the second has each
/// value of a header that was sent more than once.
fn all_headers(single: HeaderMap, multiple: HeaderMap) -> HeaderMap {
    let mut headers = single;
    headers.extend(multiple);
    headers
}

/// The second has each value of a parameter that was sent more than once, where both are
/// there.
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

/// A load balancer hands parameters on as they are in the URL.
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
    fn answer(self, response: Response<Body>) -> Answer {
        let (parts, body) = response.into_parts();
        let status = i64::from(parts.status.as_u16());
        // API Gateway has no way for trailers; no answer to an event has any.
        let is_base64 = !is_text(&parts.headers);
        let body = if is_base64 {
            EventBody::Binary(body.data.into())
        } else {
            EventBody::Text(String::from_utf8_lossy(&body.data).into_owned())
        };
        match self {
            Self::Http => {
                let mut answer = ApiGatewayV2httpResponse::default();
                answer.status_code = status;
                answer.headers = parts.headers;
                answer.body = Some(body);
                answer.is_base64_encoded = is_base64;
                Answer::Http(answer)
            }
            Self::Rest => {
                let mut answer = ApiGatewayProxyResponse::default();
                answer.status_code = status;
                answer.multi_value_headers = parts.headers;
                answer.body = Some(body);
                answer.is_base64_encoded = is_base64;
                Answer::Rest(answer)
            }
            Self::LoadBalancer => {
                let reason = parts.status.canonical_reason().unwrap_or_default();
                let mut answer = AlbTargetGroupResponse::default();
                answer.status_code = status;
                answer.status_description = Some(format!("{status} {reason}"));
                // A load balancer reads the one or the other, by its settings.
                answer.headers = parts.headers.clone();
                answer.multi_value_headers = parts.headers;
                answer.body = Some(body);
                answer.is_base64_encoded = is_base64;
                Answer::LoadBalancer(answer)
            }
        }
    }
}

/// Whether an answer is text. The others travel as base64.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_none_or(|content_type| {
        content_type == b"application/json"
            || content_type.starts_with(b"application/grpc-web-text")
    })
}
