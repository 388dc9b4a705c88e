use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response};
use lambda_http::Body as EventBody;
use lambda_http::aws_lambda_events::alb::AlbTargetGroupResponse;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use serde::Serialize;

use crate::api::{Body, Codec, Coding, Protocol};
use crate::transport::lambda::has_object;

/// The sender of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Rest,
    Http,
    LoadBalancer,
}

/// A response in the form that the sender of the event takes.
#[derive(Serialize)]
#[serde(untagged)]
pub enum EventResponse {
    Rest(ApiGatewayProxyResponse),
    Http(ApiGatewayV2httpResponse),
    LoadBalancer(AlbTargetGroupResponse),
}

impl Sender {
    /// The probable sender of an event that can't be read, by the objects that only one of them
    /// writes in each event.
    pub fn guess(event: &[u8]) -> Self {
        if has_object(event, "elb") {
            Self::LoadBalancer
        } else if has_object(event, "identity") && !has_object(event, "http") {
            Self::Rest
        } else {
            Self::Http
        }
    }

    pub fn response(self, response: Response<Body>) -> EventResponse {
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
    let protocol = Protocol::from_content_type(headers);
    !headers.contains_key(CONTENT_TYPE)
        || matches!(
            protocol,
            Some(Protocol::Connect(Codec::Json) | Protocol::GrpcWeb(Coding::Text))
        )
}
