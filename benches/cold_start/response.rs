//! Checks that a response is a success.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The flags of gRPC-Web's frames.
const MESSAGE: u8 = 0;
const TRAILERS: u8 = 0x80;

/// Checks that a response, as a function gives it to API Gateway, is a success. The error has the
/// whole response.
///
/// In gRPC-Web and gRPC the HTTP status is 200 even for an error.
pub fn check_success(response: &[u8]) -> Result<(), String> {
    let response: Value = serde_json::from_slice(response).map_err(|error| error.to_string())?;
    let by_status = matches!(response["statusCode"].as_u64(), Some(200 | 201));
    let content_type = header(&response, "content-type").unwrap_or_default();
    let by_protocol = if content_type.starts_with("application/grpc-web") {
        let is_text = content_type.starts_with("application/grpc-web-text");
        body(&response, is_text).is_some_and(|body| ends_well(&body))
    } else if content_type.starts_with("application/grpc") {
        header(&response, "grpc-status") == Some("0")
    } else {
        true
    };
    if by_status && by_protocol {
        Ok(())
    } else {
        Err(format!("the event was answered with {response}"))
    }
}

/// The value of a header. HTTP APIs use `headers`, REST APIs `multiValueHeaders`.
fn header<'a>(response: &'a Value, name: &str) -> Option<&'a str> {
    let single = response["headers"][name].as_str();
    single.or_else(|| response["multiValueHeaders"][name][0].as_str())
}

fn body(response: &Value, is_text: bool) -> Option<Vec<u8>> {
    let mut body = response["body"].as_str()?.as_bytes().to_vec();
    for is_base64 in [response["isBase64Encoded"] == true, is_text] {
        if is_base64 {
            body = STANDARD.decode(body).ok()?;
        }
    }
    Some(body)
}

/// Whether a body is a message followed by trailers with the status 0
/// (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>).
fn ends_well(body: &[u8]) -> bool {
    let Some((MESSAGE, _, rest)) = frame(body) else {
        return false;
    };
    let Some((TRAILERS, trailers, [])) = frame(rest) else {
        return false;
    };
    trailers
        .split(|&byte| byte == b'\n')
        .any(|line| line.trim_ascii_end() == b"grpc-status:0")
}

/// The flags and the content of the first frame, and the bytes after it.
fn frame(body: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([flags, length @ ..], rest) = body.split_first_chunk::<5>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*flags, content, rest))
}
