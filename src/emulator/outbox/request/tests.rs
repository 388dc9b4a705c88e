use serde_json::{Value, json};

use super::*;

const SES: &str = "/v2/email/outbound-emails";
const TARGET: &str = "PinpointSMSVoiceV2.SendTextMessage";

fn request(method: &str, path: &str, target: Option<&str>, kind: &str) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(target) = target {
        request = request.header("x-amz-target", target);
    }
    let request = request.header(CONTENT_TYPE, kind);
    request.body(Bytes::from_static(b"{}")).unwrap()
}

#[test]
fn a_service_is_found_by_its_path_or_its_target() {
    for (method, path, target, want) in [
        ("POST", SES, None, Ok(Service::Ses)),
        ("POST", "/", Some(TARGET), Ok(Service::EndUserMessaging)),
        ("GET", SES, None, Err(UNKNOWN)),
        ("POST", SES, Some(TARGET), Err(UNKNOWN)),
        ("POST", "/", None, Err(UNKNOWN)),
        ("POST", "/x", Some(TARGET), Err(UNKNOWN)),
        (
            "POST",
            "/",
            Some("PinpointSMSVoiceV2.SendVoiceMessage"),
            Err(UNKNOWN),
        ),
    ] {
        let found = Service::find(&request(method, path, target, "application/json"));
        assert_eq!(found, want, "{method} {path} {target:?}");
    }
    for (service, kind) in [
        (Service::Ses, "application/x-amz-json-1.0"),
        (Service::EndUserMessaging, "application/json"),
    ] {
        let read = service.read(&request("POST", "/", None, kind));
        assert_eq!(read.err(), Some(UNKNOWN), "{service:?}");
    }
}

fn text(data: &str) -> Value {
    json!({ "Data": data, "Charset": "UTF-8" })
}

/// A message in which one value is another one.
fn with(mut message: Value, pointer: &str, value: Value) -> String {
    *message.pointer_mut(pointer).unwrap() = value;
    message.to_string()
}

#[test]
fn an_email_has_a_sender_one_recipient_a_subject_and_two_bodies() {
    let good = || {
        json!({
            "FromEmailAddress": "login@acme.example",
            "Destination": { "ToAddresses": ["ada@mouse.com"] },
            "Content": { "Simple": {
                "Subject": text("Your code"),
                "Body": { "Text": text("one\ntwo"), "Html": text("<p>one</p>") },
            } },
        })
    };
    let to = "/Destination/ToAddresses";
    let subject = "/Content/Simple/Subject";
    let body = "/Content/Simple/Body";
    for (request, want) in [
        (good().to_string(), None),
        (
            with(good(), "/FromEmailAddress", json!("Acme <a@b.example>")),
            Some("the sender is no bare address"),
        ),
        (
            with(good(), to, json!([])),
            Some("there is not exactly one recipient"),
        ),
        (
            with(good(), to, json!(["a@b.example", "c@d.example"])),
            Some("there is not exactly one recipient"),
        ),
        (
            with(good(), to, json!(["ada"])),
            Some("the recipient is no bare address"),
        ),
        (
            with(good(), subject, text(" ")),
            Some("the subject is not one line"),
        ),
        (
            with(good(), subject, text("a\r\nBcc: x@y.example")),
            Some("the subject is not one line"),
        ),
        (
            with(good(), body, json!({ "Text": text(""), "Html": text("x") })),
            Some("the body is empty or not in UTF-8"),
        ),
        (
            with(
                good(),
                body,
                json!({ "Text": { "Data": "x", "Charset": "latin1" }, "Html": text("x") }),
            ),
            Some("the body is empty or not in UTF-8"),
        ),
        (
            with(good(), body, json!({ "Text": text("x") })),
            Some("the body is no request to SendEmail"),
        ),
        (
            with(good(), "/Content", json!({ "Raw": {} })),
            Some("the body is no request to SendEmail"),
        ),
        ("{".to_owned(), Some("the body is no request to SendEmail")),
    ] {
        let refusal = email(request.as_bytes()).err();
        assert_eq!(refusal.map(|refusal| refusal.message), want, "{request}");
    }
}

#[test]
fn an_sms_has_a_number_in_e_164_an_origination_and_a_text() {
    let good = || {
        json!({
            "DestinationPhoneNumber": "+41790000001",
            "OriginationIdentity": "arn:aws:sms-voice:eu-central-1:1:pool/a",
            "MessageBody": "Code: 1",
            "MessageType": "TRANSACTIONAL",
        })
    };
    let to = "/DestinationPhoneNumber";
    let number = Some("the recipient is no number in E.164");
    for (request, want) in [
        (good().to_string(), None),
        (with(good(), to, json!("41790000001")), number),
        (with(good(), to, json!("+0790000001")), number),
        (with(good(), to, json!("+4179 0000001")), number),
        (with(good(), to, json!("+417900")), number),
        (with(good(), to, json!("+4179000000100000")), number),
        (
            with(good(), "/OriginationIdentity", json!("+41790000002")),
            Some("the origination is no ARN"),
        ),
        (
            with(good(), "/MessageBody", json!("\n")),
            Some("the text is empty or too long"),
        ),
        (
            with(good(), "/MessageBody", json!("x".repeat(1601))),
            Some("the text is empty or too long"),
        ),
        (
            with(good(), "/MessageType", json!("PROMOTIONAL")),
            Some("the message is not transactional"),
        ),
        (
            with(good(), to, json!(41_790_000_001_u64)),
            Some("the body is no request to SendTextMessage"),
        ),
    ] {
        let refusal = sms(request.as_bytes()).err();
        assert_eq!(refusal.map(|refusal| refusal.message), want, "{request}");
    }
}
