//! The encodings of bytes and numbers in hash strings.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64ct::{Base64ShaCrypt, Encoding as _};

/// The last character of a bcrypt salt has four unused bits, and not all implementations set
/// them to zero.
const BCRYPT_CONFIG: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, BCRYPT_CONFIG);

pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| u8::try_from(digit(high)? << 4 | digit(low)?).ok();
    let bytes = pairs.iter().map(byte).collect();
    if rest.is_empty() { bytes } else { None }
}

/// Whether a text is hexadecimal, in all likelihood: base64 of 32 characters or more has others as
/// well.
pub fn is_hexadecimal(text: &str) -> bool {
    let has_only = |letters: RangeInclusive<u8>| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || letters.contains(&byte))
    };
    text.len() >= 32 && (has_only(b'a'..=b'f') || has_only(b'A'..=b'F'))
}

pub fn from_bcrypt_base64(text: &str) -> Option<Vec<u8>> {
    BCRYPT_BASE64.decode(text).ok()
}

/// Decodes the base64 of SHA-crypt: four characters are three bytes, the low bits first. <https://www.akkadia.org/drepper/SHA-crypt.txt>
pub fn from_crypt_base64(text: &str) -> Option<Vec<u8>> {
    Base64ShaCrypt::decode_vec(text).ok()
}

/// The number for which a character stands in that base64.
pub fn crypt_digit(character: u8) -> Option<u32> {
    let text = [character, b'.'];
    let decoded = from_crypt_base64(std::str::from_utf8(&text).ok()?)?;
    decoded.first().copied().map(u32::from)
}

/// Reads a whole number of a PHC string: only digits, and no zero in front.
pub fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// Reads the values of `m=65536,t=3`, given the names `m` and `t`. As the PHC string format asks,
/// exactly these names must be there, in this order.
/// <https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md>
pub fn parameters<const N: usize>(field: &str, names: [&str; N]) -> Option<[u64; N]> {
    let mut pairs = field.split(',');
    let mut values = [0; N];
    for (value, name) in values.iter_mut().zip(names) {
        let text = pairs.next()?.strip_prefix(name)?.strip_prefix('=')?;
        *value = decimal(text)?;
    }
    pairs.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_without_a_zero_in_front() {
        for (text, want) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("07", None),
            ("00", None),
            ("+7", None),
            ("-7", None),
            (" 7", None),
            ("7 ", None),
            ("٧", None),
        ] {
            assert_eq!(decimal(text), want, "{text:?}");
        }
    }

    #[test]
    fn hexadecimal_has_32_digits_or_more_and_letters_of_one_case() {
        let digits = "0123456789abcdef".repeat(2);
        for (text, want) in [
            (&*digits, true),
            (&digits.to_uppercase(), true),
            (&"7".repeat(32), true),
            (&format!("{digits}0"), true),
            (&digits[1..], false),
            (&digits.replace('a', "A"), false),
            (&digits.replace('a', "g"), false),
            (&format!("{digits}="), false),
            ("", false),
        ] {
            assert_eq!(is_hexadecimal(text), want, "{text:?}");
        }
    }

    #[test]
    fn parameters_have_their_names_and_their_order() {
        for (field, want) in [
            ("m=1,t=2", Some([1, 2])),
            ("t=2,m=1", None),
            ("m=1", None),
            ("m=1,", None),
            ("m=1,t=2,", None),
            ("m=1,t=2,keyid=AA", None),
            ("m=1,t=2,t=2", None),
            ("m=,t=2", None),
            ("m1,t2", None),
            ("", None),
        ] {
            assert_eq!(parameters(field, ["m", "t"]), want, "{field:?}");
        }
    }

    #[test]
    fn crypt_base64_has_the_low_bits_first() {
        for (text, want) in [
            ("", Some(&[][..])),
            ("z1", Some(&[0xff])),
            ("/...", Some(&[1, 0, 0])),
            ("zzzz", Some(&[0xff, 0xff, 0xff])),
            ("...../.", Some(&[0, 0, 0, 0x40, 0])),
            ("z2", None),
            ("zzz", None),
            ("z", None),
            ("+...", None),
            ("é", None),
        ] {
            assert_eq!(from_crypt_base64(text).as_deref(), want, "{text:?}");
        }
    }
}
