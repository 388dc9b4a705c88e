use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};

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
#[serde(rename_all = "camelCase")]
pub struct EventResponse {
    status_code: u16,
    /// Load balancers alone take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(serialize_with = "first_values")]
    headers: HeaderMap,
    #[serde(serialize_with = "all_values")]
    multi_value_headers: HeaderMap,
    body: String,
    is_base64_encoded: bool,
    /// Payload 2.0 alone takes some. This service sets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[&'static str; 0]>,
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
        let status = parts.status;
        // No answer to an event has trailers, because API Gateway has no place for them.
        let is_base64_encoded = !is_text(&parts.headers);
        let body = if is_base64_encoded {
            STANDARD.encode(&body.data)
        } else {
            String::from_utf8_lossy(&body.data).into_owned()
        };
        let description = || {
            let reason = status.canonical_reason().unwrap_or_default();
            format!("{} {reason}", status.as_u16())
        };
        let (headers, multi_value_headers) = match self {
            Self::Http => (parts.headers, HeaderMap::new()),
            Self::Rest => (HeaderMap::new(), parts.headers),
            // A load balancer reads either, depending on its settings.
            Self::LoadBalancer => (parts.headers.clone(), parts.headers),
        };
        EventResponse {
            status_code: status.as_u16(),
            status_description: (self == Self::LoadBalancer).then(description),
            headers,
            multi_value_headers,
            body,
            is_base64_encoded,
            cookies: (self == Self::Http).then_some([]),
        }
    }
}

/// Writes the first value of each header.
fn first_values<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(headers.keys_len()))?;
    for name in headers.keys() {
        map.serialize_entry(name.as_str(), text::<S>(&headers[name])?)?;
    }
    map.end()
}

/// Writes the values of each header as a list.
fn all_values<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(headers.keys_len()))?;
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(text::<S>);
        map.serialize_entry(name.as_str(), &values.collect::<Result<Vec<_>, _>>()?)?;
    }
    map.end()
}

fn text<S: Serializer>(value: &HeaderValue) -> Result<&str, S::Error> {
    std::str::from_utf8(value.as_bytes()).map_err(S::Error::custom)
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
