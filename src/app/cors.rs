//! Cross-origin resource sharing: which pages of other origins may call this service.
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::Origins;
use crate::api::{Body, Request};

/// The headers that pages may send. They are named because `*` doesn't cover
/// `authorization`.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-grpc-web, x-user-agent, grpc-timeout, \
     connect-protocol-version, connect-timeout-ms, idempotency-key, if-match, \
     content-encoding, grpc-encoding, x-requested-with, x-zitadel-orgid",
);
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// The headers that pages may read.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "grpc-status, grpc-message, grpc-status-details-bin, etag, retry-after, x-request-id, allow, \
     accept-encoding, accept-post, www-authenticate",
);
/// How long a browser may cache the answer to a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Answers a preflight. `None` is any other request, or a preflight of an origin that may not
/// call.
pub(super) fn preflight(origins: &Origins, request: &Request) -> Option<Response<Body>> {
    let asks = request.method == Method::OPTIONS
        && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = asks.then(|| allowed(origins, &request.headers))??;
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.insert(VARY, HeaderValue::from_static("origin"));
    Some(response)
}

/// Lets the page that sent the request read the answer.
pub(super) fn add_headers(origins: &Origins, request: &HeaderMap, response: &mut HeaderMap) {
    let same_for_all = [Origins::Any, Origins::List(Vec::new())];
    if !same_for_all.contains(origins) {
        response.insert(VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = allowed(origins, request) {
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}

/// The origin to name in the answer, if it is allowed.
fn allowed(origins: &Origins, request: &HeaderMap) -> Option<HeaderValue> {
    let origin = request.get(ORIGIN)?;
    match origins {
        Origins::Any => Some(HeaderValue::from_static("*")),
        Origins::List(_) | Origins::Loopback => {
            origins.allow(origin.to_str().ok()?).then(|| origin.clone())
        }
    }
}
