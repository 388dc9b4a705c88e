//! Messages that users are sent.

use super::secret::hide_in_debug;
use super::{EmailAddress, PhoneNumber};

/// An e-mail, ready to be sent. `Debug` shows neither address nor content.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailMessage {
    pub to: EmailAddress,
    pub subject: String,
    pub text: String,
    pub html: String,
}

hide_in_debug!(EmailMessage);

/// An SMS, ready to be sent. `Debug` shows neither number nor content.
#[derive(Clone, PartialEq, Eq)]
pub struct TextMessage {
    pub to: PhoneNumber,
    pub text: String,
}

hide_in_debug!(TextMessage);
