//! What each error is on the wire: its text, its header and its JSON.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response};
use serde::Serialize;

use crate::error::{Error, Row, TokenFault};

/// The parts of an error that each protocol encodes in its way.
pub(crate) struct Status {
    pub row: Row,
    /// The error's text, with its id behind it.
    pub message: String,
    pub detail: Option<ErrorDetail>,
}

/// `zitadel.v1.ErrorDetail`.
#[derive(Serialize)]
pub(crate) struct ErrorDetail {
    pub id: &'static str,
    /// The error's text without its id.
    pub message: String,
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        let row = error.row();
        let text = error.to_string();
        let message = match row.id {
            Some(id) => format!("{text} ({id})"),
            None => text.clone(),
        };
        let detail = row.id.map(|id| ErrorDetail { id, message: text });
        Self {
            row,
            message,
            detail,
        }
    }
}

/// How long a client may wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");
/// Challenges by RFC 6750. If the request has no token, the challenge has no error.
/// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
const NO_TOKEN: HeaderValue = HeaderValue::from_static("Bearer");
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
const INSUFFICIENT_SCOPE: HeaderValue =
    HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// The compressions of requests that are read.
pub(crate) const ACCEPTED_ENCODINGS: HeaderValue = HeaderValue::from_static("identity,gzip");

/// The header that explains an error in JSON and Connect. gRPC and gRPC-Web answers have none.
pub(crate) fn header(error: &Error) -> Option<(HeaderName, HeaderValue)> {
    match error {
        Error::Unauthenticated(TokenFault::Missing) => Some((WWW_AUTHENTICATE, NO_TOKEN)),
        Error::Unauthenticated(TokenFault::Invalid) => Some((WWW_AUTHENTICATE, INVALID_TOKEN)),
        Error::PermissionDenied => Some((WWW_AUTHENTICATE, INSUFFICIENT_SCOPE)),
        Error::MethodNotAllowed(methods) => Some((ALLOW, HeaderValue::from_str(methods).ok()?)),
        Error::Overloaded | Error::Unavailable(_) => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
        Error::UnsupportedEncoding => Some((ACCEPT_ENCODING, ACCEPTED_ENCODINGS)),
        Error::PreconditionFailed(current) => {
            let tag = HeaderValue::from_str(&format!("\"{current}\""));
            Some((ETAG, tag.ok()?))
        }
        Error::UnsupportedMediaType(types) => Some((ACCEPT_POST, HeaderValue::from_static(types))),
        _ => None,
    }
}

/// An error in JSON, with the code and the detail that a protocol has.
#[derive(Serialize)]
struct ErrorJson<'a, C, D> {
    code: C,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[D; 1]>,
}

/// Encodes an error in JSON.
pub(crate) fn error_body<'a, D: Serialize>(
    code: impl Serialize,
    status: &'a Status,
    detail: impl FnOnce(&'a ErrorDetail) -> D,
) -> Vec<u8> {
    let json = ErrorJson {
        code,
        message: &status.message,
        details: status.detail.as_ref().map(|one| [detail(one)]),
    };
    // Strings and numbers can't fail to be written.
    serde_json::to_vec(&json).unwrap_or_default()
}

/// An [`ErrorDetail`] in a `google.protobuf.Any`.
#[derive(Serialize)]
struct DetailJson<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(flatten)]
    detail: &'a ErrorDetail,
}

/// Encodes an error on the JSON paths, as `google.rpc.Status`.
pub(crate) fn json_error(error: &Error) -> Response<Bytes> {
    let kind = "type.googleapis.com/zitadel.v1.ErrorDetail";
    let status = Status::from(error);
    let code = status.row.code.number;
    let body = error_body(code, &status, |detail| DetailJson { kind, detail });
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status.row.http;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(header(error));
    response
}
