//! What an API says when it refuses a request.

use aws_smithy_json::deserialize::token::skip_value;
use aws_smithy_json::deserialize::{Token, json_token_iter};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// A response with an error.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} (HTTP {status}){}{}",
    metadata.code().unwrap_or("no error code"),
    if metadata.message().is_some() { ": " } else { "" },
    metadata.message().unwrap_or_default()
)]
pub struct Refusal {
    status: u16,
    metadata: ErrorMetadata,
}

/// The longest error code that is believed to be one.
const MAX_CODE: usize = 64;

impl Refusal {
    /// Reads the error in a response with this body. Its reason is left out unless it is to be kept.
    pub fn read(response: &HttpResponse, body: &[u8], keeps_reason: bool) -> Self {
        let header = response.headers().get("x-amzn-errortype");
        let code = || member(body, &["__type", "code"]);
        let code = header.map(str::to_owned).or_else(code);
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code.as_deref().map(bare).filter(|code| is_code(code)) {
            metadata = metadata.code(code);
        }
        if keeps_reason && let Some(reason) = member(body, &["message", "Message"]) {
            metadata = metadata.message(reason);
        }
        Self {
            status: response.status().as_u16(),
            metadata: metadata.build(),
        }
    }
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

/// The first text in the body of an error that has one of these names. `None`: there is none.
///
/// Both protocols name the code of an error alike.
/// <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization>
fn member(body: &[u8], names: &[&str]) -> Option<String> {
    let mut tokens = json_token_iter(body).peekable();
    let Some(Ok(Token::StartObject { .. })) = tokens.next() else {
        return None;
    };
    while let Some(Ok(Token::ObjectKey { key, .. })) = tokens.next() {
        if let Some(Ok(Token::ValueString { value, .. })) = tokens.peek()
            && names.contains(&key.as_escaped_str())
        {
            return value.to_unescaped().ok().map(Into::into);
        }
        skip_value(&mut tokens).ok()?;
    }
    None
}

/// A code without the namespace in front of it and the URL behind it.
fn bare(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code)
}

fn is_code(text: &str) -> bool {
    (1..=MAX_CODE).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn an_error_has_the_code_of_the_api_and_none_of_its_text() {
        let long = format!(r#"{{"__type":"{}"}}"#, "A".repeat(65));
        for (header, body, want) in [
            (
                None,
                r#"{"__type":"com.amazonaws.sms#ThrottlingException","Message":"to +41790000001"}"#,
                "ThrottlingException (HTTP 400)",
            ),
            (
                Some("MessageRejected:http://internal.amazon.com/"),
                r#"{"message":"ada@mouse.com is not verified"}"#,
                "MessageRejected (HTTP 400)",
            ),
            (
                None,
                r#"{"message":{"a":["x"]},"code":"BadRequestException"}"#,
                "BadRequestException (HTTP 400)",
            ),
            (None, "", "no error code (HTTP 400)"),
            (None, "<html>", "no error code (HTTP 400)"),
            (None, r#"["__type"]"#, "no error code (HTTP 400)"),
            (None, r#"{"__type":7}"#, "no error code (HTTP 400)"),
            (None, r#"{"__type":"#, "no error code (HTTP 400)"),
            (None, &long, "no error code (HTTP 400)"),
            (
                None,
                r#"{"__type":"ada@mouse.com"}"#,
                "no error code (HTTP 400)",
            ),
        ] {
            let mut response = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
            if let Some(header) = header {
                response.headers_mut().insert("x-amzn-errortype", header);
            }

            let refusal = Refusal::read(&response, body.as_bytes(), false);

            assert_eq!(refusal.to_string(), want, "{body}");
            let debug = format!("{refusal:?}");
            for secret in ["mouse", "+4179"] {
                assert!(!debug.contains(secret), "{debug}");
            }
        }
    }

    #[test]
    fn an_error_has_the_reason_where_it_is_kept() {
        for (body, want) in [
            (
                r#"{"__type":"AccessDeniedException","Message":"not \"you\""}"#,
                "AccessDeniedException (HTTP 400): not \"you\"",
            ),
            (
                r#"{"message":"no such secret","code":"NotFound"}"#,
                "NotFound (HTTP 400): no such secret",
            ),
            (r#"{"message":7}"#, "no error code (HTTP 400)"),
        ] {
            let response = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
            let refusal = Refusal::read(&response, body.as_bytes(), true);
            assert_eq!(refusal.to_string(), want, "{body}");
        }
    }
}
