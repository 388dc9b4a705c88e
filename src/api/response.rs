use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};

/// The body of an answer, and the trailers that HTTP/2 sends behind it. It may hold a token,
/// and so has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body {
    pub data: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl From<Bytes> for Body {
    fn from(data: Bytes) -> Self {
        Self {
            data,
            trailers: None,
        }
    }
}

pub(super) fn respond(content_type: HeaderValue, data: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(data.into()));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
