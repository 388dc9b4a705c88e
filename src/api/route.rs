use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap};

use crate::error::Error;
use crate::service::Rpc;

/// The operation that a method and a raw path name.
pub(super) fn rpc(method: &Method, path: &str) -> Result<Rpc, Error> {
    match (path, method) {
        ("/v2alpha/sessions", &Method::POST) => Ok(Rpc::CreateSession),
        ("/v2alpha/sessions", _) => Err(Error::MethodNotAllowed("POST")),
        _ => Err(Error::RouteNotFound),
    }
}

/// Whether any operation has this path.
pub(super) fn is_known(path: &str) -> bool {
    !matches!(rpc(&Method::POST, path), Err(Error::RouteNotFound))
}

/// Media types of other protocols. Whatever else a body is called, it is read as JSON:
/// curl's default is a form's.
const OF_OTHER_PROTOCOLS: [&str; 7] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "application/proto",
];

pub(super) fn refuse_other_protocols(headers: &HeaderMap) -> Result<(), Error> {
    let declared = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    let declared = declared.unwrap_or_default();
    let media_type = declared
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let media_type = media_type.trim_ascii();
    let other = OF_OTHER_PROTOCOLS
        .iter()
        .any(|other| media_type.eq_ignore_ascii_case(other.as_bytes()));
    if other {
        Err(Error::UnsupportedMediaType)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_its_method_and_raw_path() {
        for (method, path, want) in [
            (Method::POST, "/v2alpha/sessions", Ok(Rpc::CreateSession)),
            (Method::GET, "/v2alpha/sessions", Err("method not allowed")),
            (
                Method::DELETE,
                "/v2alpha/sessions",
                Err("method not allowed"),
            ),
            (Method::POST, "/v2alpha/sessions/", Err("not found")),
            (Method::POST, "/v2alpha//sessions", Err("not found")),
            (Method::POST, "/v2alpha/x/../sessions", Err("not found")),
            (Method::POST, "/v2alpha/session%73", Err("not found")),
            (Method::POST, "/V2alpha/sessions", Err("not found")),
            (Method::POST, "/", Err("not found")),
            (Method::POST, "", Err("not found")),
        ] {
            let got = rpc(&method, path).map_err(|error| error.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{method} {path}");
        }
    }

    #[test]
    fn only_other_protocols_are_not_json() {
        for (content_type, json) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/x-www-form-urlencoded", true),
            ("text/plain", true),
            ("", true),
            ("application/grpc", false),
            ("Application/gRPC-Web+proto", false),
            ("application/proto ; x=y", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(
                refuse_other_protocols(&headers).is_ok(),
                json,
                "{content_type}"
            );
        }
        assert!(refuse_other_protocols(&HeaderMap::new()).is_ok());
    }
}
