//! Whether an answer is one of success.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Flags of gRPC-Web's frames.
const MESSAGE: u8 = 0;
const TRAILERS: u8 = 0x80;

/// Whether an answer, as a function gives it to API Gateway, is one of success. If not,
/// the error has it in full.
///
/// In gRPC-Web and gRPC the HTTP status is 200 even for an error.
pub fn succeeded(answer: &[u8]) -> Result<(), String> {
    let answer: Value = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
    let by_status = matches!(answer["statusCode"].as_u64(), Some(200 | 201));
    let content_type = header(&answer, "content-type").unwrap_or_default();
    let by_protocol = if content_type.starts_with("application/grpc-web") {
        let is_text = content_type.starts_with("application/grpc-web-text");
        body(&answer, is_text).is_some_and(|body| ends_well(&body))
    } else if content_type.starts_with("application/grpc") {
        header(&answer, "grpc-status") == Some("0")
    } else {
        true
    };
    if by_status && by_protocol {
        Ok(())
    } else {
        Err(format!("the event was answered with {answer}"))
    }
}

/// HTTP APIs take headers from the one place, REST APIs from the other.
fn header<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    let single = answer["headers"][name].as_str();
    single.or_else(|| answer["multiValueHeaders"][name][0].as_str())
}

fn body(answer: &Value, is_text: bool) -> Option<Vec<u8>> {
    let mut body = answer["body"].as_str()?.as_bytes().to_vec();
    for is_base64 in [answer["isBase64Encoded"] == true, is_text] {
        if is_base64 {
            body = STANDARD.decode(body).ok()?;
        }
    }
    Some(body)
}

/// A message, and trailers that say it is all right
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

/// The flags and the content of the first frame, and what follows it.
fn frame(body: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([flags, length @ ..], rest) = body.split_first_chunk::<5>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*flags, content, rest))
}
