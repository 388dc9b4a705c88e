//! The texts of messages to users.
//!
//! A text is a file in the folder of its language, with headers and paragraphs. A line of it that
//! has a placeholder without a value is left out; there is no other logic. The HTML of an e-mail is
//! made from the same paragraphs.

mod html;
mod kind;
mod template;
mod texts;
mod values;

use self::template::Template;
use self::texts::MessageLanguage;
use self::values::Filler;
use crate::domain::{EmailAddress, EmailMessage, PhoneNumber, TextMessage};

pub use kind::{Asker, MessageKind, MessageValues};

/// The e-mail of a kind in a language, which is English unless German is preferred.
pub fn email(
    kind: MessageKind,
    language: Option<&str>,
    to: EmailAddress,
    values: &MessageValues<'_>,
) -> EmailMessage {
    let language = MessageLanguage::preferred(language);
    let template = Template::read(language.text(kind));
    let filler = Filler::new(kind, language, values);
    let subject = filler.lines(&template.subject);
    let html = html::page(language, &subject, &template, &filler);
    let paragraphs = template.paragraphs.iter();
    let paragraphs = paragraphs.map(|lines| filler.lines(lines));
    let paragraphs: Vec<_> = paragraphs.filter(|text| !text.is_empty()).collect();
    EmailMessage {
        to,
        subject,
        text: paragraphs.join("\n\n") + "\n",
        html,
    }
}

/// The SMS of a kind in a language.
pub fn sms(
    kind: MessageKind,
    language: Option<&str>,
    to: PhoneNumber,
    values: &MessageValues<'_>,
) -> TextMessage {
    let language = MessageLanguage::preferred(language);
    let template = Template::read(language.text(kind));
    let text = Filler::new(kind, language, values).lines(&template.sms);
    TextMessage { to, text }
}

#[cfg(test)]
mod tests;
