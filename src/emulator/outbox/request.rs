//! The two requests that send a message, held to what AWS accepts.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use serde::Deserialize;

use super::refusal::Refusal;
use super::sent::Draft;
use crate::domain::{Address as _, EmailAddress};

/// A service that sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Ses,
    EndUserMessaging,
}

const UNKNOWN: Refusal = Refusal {
    status: StatusCode::NOT_FOUND,
    code: "UnknownOperationException",
    message: "there is no such operation",
};

impl Service {
    /// The service of a request.
    pub fn find(request: &Request<Bytes>) -> Result<Self, Refusal> {
        let target = request.headers().get("x-amz-target");
        let target = target.map(http::HeaderValue::as_bytes);
        match (request.method(), request.uri().path(), target) {
            (&Method::POST, "/v2/email/outbound-emails", None) => Ok(Self::Ses),
            (&Method::POST, "/", Some(b"PinpointSMSVoiceV2.SendTextMessage")) => {
                Ok(Self::EndUserMessaging)
            }
            _ => Err(UNKNOWN),
        }
    }

    /// Its name in signatures.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Ses => "ses",
            Self::EndUserMessaging => "sms-voice",
        }
    }

    /// Reads the message that a request sends.
    pub fn read(self, request: &Request<Bytes>) -> Result<Draft, Refusal> {
        let kind = request.headers().get(CONTENT_TYPE);
        let is_of = |name: &str| kind.is_some_and(|kind| kind == name);
        match self {
            Self::Ses if is_of("application/json") => email(request.body()),
            Self::EndUserMessaging if is_of("application/x-amz-json-1.0") => sms(request.body()),
            _ => Err(UNKNOWN),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    content: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Simple {
    subject: Text,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    text: Text,
    html: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Text {
    data: String,
    charset: String,
}

impl Text {
    fn is_good(&self) -> bool {
        !self.data.trim().is_empty() && self.charset == "UTF-8"
    }
}

fn email(body: &[u8]) -> Result<Draft, Refusal> {
    let invalid = |message| Refusal::invalid("BadRequestException", message);
    let request: SendEmail =
        serde_json::from_slice(body).map_err(|_| invalid("the body is no request to SendEmail"))?;
    if EmailAddress::parse(&request.from_email_address).is_err() {
        return Err(invalid("the sender is no bare address"));
    }
    let [to] = <[String; 1]>::try_from(request.destination.to_addresses)
        .map_err(|_| invalid("there is not exactly one recipient"))?;
    if EmailAddress::parse(&to).is_err() {
        return Err(invalid("the recipient is no bare address"));
    }
    let Simple { subject, body } = request.content.simple;
    if !subject.is_good() || subject.data.chars().any(char::is_control) {
        return Err(invalid("the subject is not one line"));
    }
    if !body.text.is_good() || !body.html.is_good() {
        return Err(invalid("the body is empty or not in UTF-8"));
    }
    Ok(Draft {
        channel: "email",
        to,
        subject: subject.data,
        text: body.text.data,
        html: body.html.data,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendTextMessage {
    destination_phone_number: String,
    origination_identity: String,
    message_body: String,
    message_type: String,
}

/// How many characters an SMS has at most, in all its parts.
/// <https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html>
const MAX_SMS: usize = 1600;

fn sms(body: &[u8]) -> Result<Draft, Refusal> {
    let invalid = |message| Refusal::invalid("ValidationException", message);
    let request: SendTextMessage = serde_json::from_slice(body)
        .map_err(|_| invalid("the body is no request to SendTextMessage"))?;
    let digits = request.destination_phone_number.strip_prefix('+');
    let is_number = digits.is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|c| c.is_ascii_digit())
    });
    if !is_number {
        return Err(invalid("the recipient is no number in E.164"));
    }
    if !request.origination_identity.starts_with("arn:") {
        return Err(invalid("the origination is no ARN"));
    }
    let length = request.message_body.chars().count();
    if request.message_body.trim().is_empty() || length > MAX_SMS {
        return Err(invalid("the text is empty or too long"));
    }
    if request.message_type != "TRANSACTIONAL" {
        return Err(invalid("the message is not transactional"));
    }
    Ok(Draft {
        channel: "sms",
        to: request.destination_phone_number,
        subject: String::new(),
        text: request.message_body,
        html: String::new(),
    })
}

#[cfg(test)]
mod tests;
