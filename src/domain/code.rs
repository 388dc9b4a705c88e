//! Codes that verify an address, reset a password or accept an invitation.
//!
//! A code is derived from the server's key and never stored. A link has all of it; for typing, its
//! first characters are enough, which may be tried a few times only.

mod presented;
mod record;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::secret::hide_in_debug;
use super::{Address as _, EmailAddress, PhoneNumber};

pub use presented::PresentedCode;
pub use record::{
    ActiveCode, CodeRecord, CodeRequest, CodeTarget, Invitation, Issue, SentMessages,
    TooManyMessages, day_end, day_of, until_next_day,
};

/// Where a code is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Email(EmailAddress),
    Phone(PhoneNumber),
}

impl Destination {
    /// The form in which destinations are compared, and from which a code is derived: another
    /// spelling is no other address.
    pub fn folded(&self) -> String {
        match self {
            Self::Email(address) => address.folded(),
            Self::Phone(number) => number.folded(),
        }
    }
}

/// A code: 20 characters of [`Code::ALPHABET`], which are 100 bits.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// Digits and capitals that nobody takes for one another: no 0, 1, I and O.
    pub const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    pub const LENGTH: usize = 20;
    /// How many characters are typed: 40 bits.
    pub const SHORT_LENGTH: usize = 8;
    /// How often the short form may be tried in a round.
    pub const MAX_TRIES: u32 = 5;

    /// The code of a message authentication code, from five bits of each of its first bytes.
    pub fn from_mac(mac: &[u8; 32]) -> Self {
        let characters = mac[..Self::LENGTH]
            .iter()
            .map(|byte| char::from(Self::ALPHABET[usize::from(byte % 32)]));
        Self(Zeroizing::new(characters.collect()))
    }

    /// The whole code, for links.
    pub fn long(&self) -> &str {
        &self.0
    }

    /// What is typed of the code.
    pub fn short(&self) -> &str {
        &self.0[..Self::SHORT_LENGTH]
    }

    /// Compares in constant time.
    pub fn is_long(&self, text: &str) -> bool {
        self.long().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// Compares in constant time.
    pub fn is_short(&self, text: &str) -> bool {
        self.short().as_bytes().ct_eq(text.as_bytes()).into()
    }
}

hide_in_debug!(Code);

#[test]
fn a_code_has_five_bits_of_each_byte() {
    let code = Code::from_mac(&std::array::from_fn(|n| {
        u8::try_from(n).unwrap_or_default() + 31
    }));

    assert_eq!(code.long(), "Z23456789ABCDEFGHJKL");
    assert_eq!(code.short(), "Z2345678");
    assert!(code.is_long("Z23456789ABCDEFGHJKL") && code.is_short("Z2345678"));
    for other in [
        "",
        "Z234567",
        "Z23456789",
        "Z2345679",
        "Z23456789ABCDEFGHJKM",
    ] {
        assert!(!code.is_long(other) && !code.is_short(other), "{other}");
    }
    assert_eq!(format!("{code:?}"), "Code(…)");
    let mut alphabet = Code::ALPHABET.to_vec();
    alphabet.dedup();
    assert_eq!(alphabet.len(), 32);
}
