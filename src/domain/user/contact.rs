//! The addresses at which a user is reached.

use super::LoginName;
use crate::domain::Timestamp;
use crate::domain::text::text_type;

text_type! {
    /// An e-mail address as it was given. Two that differ in case alone are one.
    pub struct EmailAddress;
}

text_type! {
    /// A phone number: `+` and 7 to 15 digits, as E.164 has it.
    pub struct PhoneNumber;
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("it is empty")]
    Empty,
    #[error("it is malformed")]
    Malformed,
}

/// What users are reached at: no two kinds share an item.
pub trait Address: Sized {
    /// The start of the key of the item that has the users of an address.
    const PREFIX: &'static str;

    /// Reads the address that a user is given.
    fn parse(text: &str) -> Result<Self, AddressFault>;

    /// A stored address, which may have been stored under other rules.
    fn from_stored(text: String) -> Self;

    /// The form in which addresses are compared.
    fn folded(&self) -> String;
}

impl Address for EmailAddress {
    const PREFIX: &'static str = "EMAIL#";

    /// `local@domain` in ASCII of at most 200 characters, without quotes, comments or an address
    /// literal. So nothing in it can end a line or a header of a message.
    /// <https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3>
    fn parse(text: &str) -> Result<Self, AddressFault> {
        if text.is_empty() {
            return Err(AddressFault::Empty);
        }
        let (local, domain) = text.split_once('@').ok_or(AddressFault::Malformed)?;
        let is_atext = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&c);
        let is_label = |label: &str| {
            let is_inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
            !label.is_empty()
                && label.bytes().all(is_inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_good = text.len() <= 200
            && (1..=64).contains(&local.len())
            && local.bytes().all(is_atext)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        if is_good {
            Ok(Self::from_stored(text.to_owned()))
        } else {
            Err(AddressFault::Malformed)
        }
    }

    fn from_stored(text: String) -> Self {
        Self::from_stored(text)
    }

    fn folded(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

impl Address for PhoneNumber {
    const PREFIX: &'static str = "PHONE#";

    /// Spaces, hyphens, dots and parentheses are dropped, of at most 200 characters.
    fn parse(text: &str) -> Result<Self, AddressFault> {
        if text.is_empty() {
            return Err(AddressFault::Empty);
        }
        let number: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = number.strip_prefix('+').unwrap_or_default();
        let is_good = text.len() <= 200
            && (7..=15).contains(&digits.len())
            && digits.bytes().all(|c| c.is_ascii_digit());
        if is_good {
            Ok(Self::from_stored(number))
        } else {
            Err(AddressFault::Malformed)
        }
    }

    fn from_stored(text: String) -> Self {
        Self::from_stored(text)
    }

    fn folded(&self) -> String {
        self.as_str().to_owned()
    }
}

impl LoginName {
    /// The e-mail address that a login by this name may mean, if it is one: names are compared
    /// folded.
    pub fn as_email(&self) -> Option<EmailAddress> {
        EmailAddress::parse(self.folded().as_str()).ok()
    }
}

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact<A> {
    pub address: A,
    /// When the user was found to be reached there; `None`: it was never verified.
    pub verified_at: Option<Timestamp>,
}

impl<A> Contact<A> {
    pub fn is_verified(&self) -> bool {
        self.verified_at.is_some()
    }

    /// Whether two are one address in one spelling, and both verified or both not.
    pub fn is_as(&self, other: &Self) -> bool
    where
        A: PartialEq,
    {
        self.address == other.address && self.is_verified() == other.is_verified()
    }

    /// This in place of another one, which stays if it says the same: with the time at which it was
    /// verified.
    #[must_use]
    pub fn after(self, own: Option<&Self>) -> Self
    where
        A: Clone + PartialEq,
    {
        own.filter(|own| own.is_as(&self)).cloned().unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_e_mail_address_is_a_local_part_and_a_domain_in_ascii() {
        let long = |local: usize, domain: usize| {
            format!("{}@{}.io", "a".repeat(local), "b".repeat(domain))
        };
        for (text, good) in [
            ("mini@mouse.com", true),
            ("Mini.Mouse+tag@Mouse.example", true),
            ("!#$%&'*+-/=?^_`{|}~.@a.b", true),
            ("..@a.b", true),
            ("a@xn--mller-kva.example", true),
            ("a@a-b.c", true),
            (&*long(64, 132), true),
            (&*long(64, 133), false),
            (&*long(65, 10), false),
            ("mini", false),
            ("@mouse.com", false),
            ("mini@", false),
            ("mini@mouse", false),
            ("mini@.com", false),
            ("mini@mouse.", false),
            ("mini@-a.b", false),
            ("mini@a-.b", false),
            ("mini@a_b.c", false),
            ("mini@@mouse.com", false),
            ("a@b@mouse.com", false),
            (" mini@mouse.com", false),
            ("mini@mouse.com\r\nBcc: x@y.z", false),
            ("mini\n@mouse.com", false),
            ("\"mini\"@mouse.com", false),
            ("mini@[127.0.0.1]", false),
            ("Mini <mini@mouse.com>", false),
            ("mini@mouse.com,maxi@mouse.com", false),
            ("ä@mouse.com", false),
            ("a@mäuse.com", false),
        ] {
            let want = if good {
                Ok(text)
            } else {
                Err(AddressFault::Malformed)
            };
            let got = EmailAddress::parse(text);
            assert_eq!(
                got.as_ref().map(EmailAddress::as_str),
                want.as_ref().copied(),
                "{text:?}"
            );
        }
        assert_eq!(EmailAddress::parse(""), Err(AddressFault::Empty));
        let folded = EmailAddress::parse("Mini@Mouse.COM").unwrap().folded();
        assert_eq!(folded, "mini@mouse.com");
    }

    #[test]
    fn a_phone_number_is_a_plus_and_digits() {
        for (text, want) in [
            ("+491234567", Ok("+491234567")),
            ("+49 (12) 345-67.8", Ok("+4912345678")),
            ("+1234567", Ok("+1234567")),
            ("+123456789012345", Ok("+123456789012345")),
            ("+123456", Err(AddressFault::Malformed)),
            ("+1234567890123456", Err(AddressFault::Malformed)),
            ("491234567", Err(AddressFault::Malformed)),
            ("00491234567", Err(AddressFault::Malformed)),
            ("+49123456a", Err(AddressFault::Malformed)),
            ("++491234567", Err(AddressFault::Malformed)),
            ("+49\t1234567", Err(AddressFault::Malformed)),
            ("+４９1234567", Err(AddressFault::Malformed)),
            ("mini@mouse.com", Err(AddressFault::Malformed)),
            (
                &*format!("+49123{}4567", " ".repeat(200)),
                Err(AddressFault::Malformed),
            ),
            ("+", Err(AddressFault::Malformed)),
            (" ", Err(AddressFault::Malformed)),
            ("", Err(AddressFault::Empty)),
        ] {
            let got = PhoneNumber::parse(text);
            assert_eq!(
                got.as_ref().map(PhoneNumber::as_str),
                want.as_ref().copied(),
                "{text:?}"
            );
        }
    }
}
