//! What each error is on the wire: its text, its header and its JSON.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response};
use serde::{Serialize, Serializer};

use crate::error::{Error, FactorError, FactorLock, Row, TokenFault};

/// The parts of an error that each protocol encodes in its way.
pub(crate) struct Status {
    pub row: Row,
    /// The error's text, with its id behind it.
    pub message: String,
    pub details: Vec<Detail>,
}

/// A message that says more about an error, as JSON has it.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Detail {
    /// `zitadel.v1.ErrorDetail`. Its message is the error's text without the id.
    Error { id: &'static str, message: String },
    /// `zitadel.v1.CredentialsCheckError`: a wrong password, with how many failed in a row.
    Credentials {
        id: &'static str,
        message: String,
        failed_attempts: u32,
    },
    /// `google.rpc.RetryInfo`.
    Retry {
        #[serde(rename = "retryDelay", serialize_with = "duration")]
        seconds: u64,
    },
}

/// Writes a `google.protobuf.Duration` in JSON.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn duration<S: Serializer>(seconds: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{seconds}s"))
}

impl Detail {
    /// The name of the message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Error { .. } => "zitadel.v1.ErrorDetail",
            Self::Credentials { .. } => "zitadel.v1.CredentialsCheckError",
            Self::Retry { .. } => "google.rpc.RetryInfo",
        }
    }

    fn of(error: &Error, id: &'static str, message: String) -> Vec<Self> {
        match error {
            Error::PasswordInvalid(Some(failed_attempts)) => vec![Self::Credentials {
                id,
                message,
                failed_attempts: *failed_attempts,
            }],
            Error::UserLocked(Some(_))
            | Error::Factor(FactorError::Locked(FactorLock { left: Some(_), .. })) => {
                let seconds = error.retry_after().unwrap_or_default();
                vec![Self::Error { id, message }, Self::Retry { seconds }]
            }
            _ => vec![Self::Error { id, message }],
        }
    }
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        let row = error.row();
        let text = error.to_string();
        let message = match row.id {
            Some(id) => format!("{text} ({id})"),
            None => text.clone(),
        };
        let details = row.id.map(|id| Detail::of(error, id, text));
        Self {
            row,
            message,
            details: details.unwrap_or_default(),
        }
    }
}

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
        Error::UnsupportedEncoding => Some((ACCEPT_ENCODING, ACCEPTED_ENCODINGS)),
        Error::PreconditionFailed(current) => {
            let tag = HeaderValue::from_str(&format!("\"{current}\""));
            Some((ETAG, tag.ok()?))
        }
        Error::UnsupportedMediaType(types) => Some((ACCEPT_POST, HeaderValue::from_static(types))),
        _ => error
            .retry_after()
            .map(|seconds| (RETRY_AFTER, seconds.into())),
    }
}

/// An error in JSON, with the code and the details that a protocol has.
#[derive(Serialize)]
struct ErrorJson<'a, C, D> {
    code: C,
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<D>,
}

/// Encodes an error in JSON.
pub(crate) fn error_body<'a, D: Serialize>(
    code: impl Serialize,
    status: &'a Status,
    detail: impl Fn(&'a Detail) -> D,
) -> Vec<u8> {
    let json = ErrorJson {
        code,
        message: &status.message,
        details: status.details.iter().map(detail).collect(),
    };
    // Strings and numbers can't fail to be written.
    serde_json::to_vec(&json).unwrap_or_default()
}

/// A detail in a `google.protobuf.Any`.
#[derive(Serialize)]
struct DetailJson<'a> {
    #[serde(rename = "@type")]
    kind: String,
    #[serde(flatten)]
    detail: &'a Detail,
}

/// The URL of a detail's message in a `google.protobuf.Any`.
pub(crate) fn type_url(detail: &Detail) -> String {
    format!("type.googleapis.com/{}", detail.kind())
}

/// Encodes an error on the JSON paths, as `google.rpc.Status`.
pub(crate) fn json_error(error: &Error) -> Response<Bytes> {
    let status = Status::from(error);
    let code = status.row.code.number;
    let body = error_body(code, &status, |detail| DetailJson {
        kind: type_url(detail),
        detail,
    });
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status.row.http;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(header(error));
    response
}
