//! The bodies of the requests, in JSON.

use aws_smithy_json::serialize::{JsonObjectWriter, JsonValueWriter};

use crate::domain::{EmailAddress, EmailMessage, TextMessage};

/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>
pub fn email(from: &EmailAddress, message: &EmailMessage) -> String {
    let mut text = String::new();
    let mut request = JsonObjectWriter::new(&mut text);
    request.key("FromEmailAddress").string(from.as_str());
    let mut destination = request.key("Destination").start_object();
    let mut to = destination.key("ToAddresses").start_array();
    to.value().string(message.to.as_str());
    to.finish();
    destination.finish();
    let mut content = request.key("Content").start_object();
    let mut simple = content.key("Simple").start_object();
    write_content(simple.key("Subject"), &message.subject);
    let mut body = simple.key("Body").start_object();
    write_content(body.key("Text"), &message.text);
    write_content(body.key("Html"), &message.html);
    body.finish();
    simple.finish();
    content.finish();
    request.finish();
    text
}

fn write_content(value: JsonValueWriter<'_>, data: &str) {
    let mut content = value.start_object();
    content.key("Data").string(data);
    content.key("Charset").string("UTF-8");
    content.finish();
}

/// <https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html>
pub fn sms(origination: &str, message: &TextMessage) -> String {
    let mut text = String::new();
    let mut request = JsonObjectWriter::new(&mut text);
    let to = message.to.as_str();
    request.key("DestinationPhoneNumber").string(to);
    request.key("OriginationIdentity").string(origination);
    request.key("MessageBody").string(&message.text);
    request.key("MessageType").string("TRANSACTIONAL");
    request.finish();
    text
}
