//! E-mails and SMS on their way to the providers.

mod failures;
mod outbox;
mod requests;
mod signatures;

use sesame::domain::{
    Address as _, EmailAddress, EmailMessage, LinkBases, MessagePolicy, PhoneNumber, TextMessage,
};
use sesame::emulator::SentMessage;

const FROM: &str = "login@acme.example";
const ORIGINATION: &str = "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-0a1b";
const TO: &str = "mini@mouse.com";
const NUMBER: &str = "+41790000001";
/// What no error and no `Debug` may show.
const CODE: &str = "H7K2M9QX";

fn policy() -> MessagePolicy {
    MessagePolicy {
        mail_from: Some(EmailAddress::parse(FROM).unwrap()),
        sms_origination: Some(ORIGINATION.to_owned()),
        link_bases: LinkBases::default(),
        max_per_day: 10_000,
    }
}

fn email() -> EmailMessage {
    EmailMessage {
        to: EmailAddress::parse(TO).unwrap(),
        subject: "Bestätigen \"Sie\" \u{1f42d}".to_owned(),
        text: format!("Code:\n\t{CODE}\\ \u{7f}\u{2028}"),
        html: format!("<p class=\"code\">{CODE}</p>"),
    }
}

fn sms() -> TextMessage {
    TextMessage {
        to: PhoneNumber::parse(NUMBER).unwrap(),
        text: format!("Code: {CODE}"),
    }
}

/// The parts of a message, beside the time.
fn parts(sent: &SentMessage) -> [&str; 5] {
    [
        sent.channel,
        &sent.to,
        &sent.subject,
        &sent.text,
        &sent.html,
    ]
}

fn assert_is_email(sent: &SentMessage) {
    let EmailMessage {
        to,
        subject,
        text,
        html,
    } = email();
    assert_eq!(parts(sent), ["email", to.as_str(), &subject, &text, &html]);
}
