use std::sync::LazyLock;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// How a call and its answer are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON on REST paths.
    Json,
    /// The unary calls of Connect.
    /// <https://connectrpc.com/docs/protocol/#unary-request>
    Connect(Codec),
    GrpcWeb(Coding),
    Grpc,
}

/// The encoding of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Json,
    Proto,
}

/// The encoding of gRPC-Web's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Binary,
    /// Base64.
    Text,
}

const TYPES: [(&str, Protocol); 8] = [
    ("application/json", Protocol::Connect(Codec::Json)),
    ("application/proto", Protocol::Connect(Codec::Proto)),
    ("application/grpc", Protocol::Grpc),
    ("application/grpc+proto", Protocol::Grpc),
    ("application/grpc-web", Protocol::GrpcWeb(Coding::Binary)),
    (
        "application/grpc-web+proto",
        Protocol::GrpcWeb(Coding::Binary),
    ),
    ("application/grpc-web-text", Protocol::GrpcWeb(Coding::Text)),
    (
        "application/grpc-web-text+proto",
        Protocol::GrpcWeb(Coding::Text),
    ),
];

/// The content types of procedures, as an `Accept-Post` header lists them.
pub(super) static PROCEDURE_TYPES: LazyLock<String> =
    LazyLock::new(|| TYPES.map(|(name, _)| name).join(", "));

impl Protocol {
    /// The protocol of a procedure whose body has this content type, parameters aside.
    pub(crate) fn from_content_type(headers: &HeaderMap) -> Option<Self> {
        let media_type = media_type(headers);
        let named = |(name, _): &&(&str, Self)| media_type.eq_ignore_ascii_case(name.as_bytes());
        TYPES.iter().find(named).map(|&(_, protocol)| protocol)
    }
}

/// The content type without its parameters. It is empty if there is none.
fn media_type(headers: &HeaderMap) -> &[u8] {
    let declared = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let declared = declared.unwrap_or_default();
    let media_type = declared.split(|&byte| byte == b';').next();
    media_type.unwrap_or_default().trim_ascii()
}
