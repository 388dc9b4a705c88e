//! Five bits in a character: RFC 4648, which authenticator apps read, and Crockford's, which people
//! type. <https://www.rfc-editor.org/rfc/rfc4648#section-6>, <https://www.crockford.com/base32.html>

use zeroize::Zeroizing;

pub(super) const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Without I, L and O, which are taken for digits, and without U.
pub(super) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The bytes in an alphabet, without padding.
pub(super) fn encode(bytes: &[u8], alphabet: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity((bytes.len() * 8).div_ceil(5)));
    for group in bytes.chunks(5) {
        let mut block = Zeroizing::new([0; 8]);
        block[3..3 + group.len()].copy_from_slice(group);
        let bits = Zeroizing::new(u64::from_be_bytes(*block));
        for place in 0..(group.len() * 8).div_ceil(5) {
            let character = (*bits >> (35 - 5 * place)) % 32;
            text.extend(
                alphabet
                    .get(usize::try_from(character).unwrap_or_default())
                    .map(|c| char::from(*c)),
            );
        }
    }
    text
}

/// Decodes RFC 4648, in upper or lower case, padded or not. Bits beyond the last byte must be zero:
/// most texts that were cut off have others.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let unpadded = text.trim_end_matches('=');
    let is_padded = unpadded.len() < text.len();
    // Other lengths end in a character that has no bit of a byte.
    let is_length = matches!(unpadded.len() % 8, 0 | 2 | 4 | 5 | 7);
    if !is_length || is_padded && text.len() != unpadded.len().next_multiple_of(8) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(unpadded.len() * 5 / 8));
    let (mut bits, mut count) = (Zeroizing::new(0_u32), 0);
    for character in unpadded.bytes() {
        let value = match character.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        *bits = *bits << 5 | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.extend(u8::try_from(*bits >> count));
            *bits %= 1 << count;
        }
    }
    (*bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// <https://www.rfc-editor.org/rfc/rfc4648#section-10>
    #[test]
    fn the_vectors_of_the_rfc_are_met() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY======"),
            ("fo", "MZXQ===="),
            ("foo", "MZXW6==="),
            ("foob", "MZXW6YQ="),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ] {
            let unpadded = text.trim_end_matches('=');
            assert_eq!(*encode(bytes.as_bytes(), RFC_4648), unpadded);
            for text in [text, unpadded, &text.to_lowercase()] {
                let decoded = decode(text).unwrap();
                assert_eq!(*decoded, bytes.as_bytes(), "{text}");
            }
        }
    }

    #[test]
    fn another_text_is_refused() {
        for text in [
            "=",
            "========",
            "M",
            "MZX",
            "MZXW6Y",
            "MY=",
            "MY=====",
            "MY=======",
            "MZXW6YTB========",
            "M=Y=====",
            "MY======MY======",
            "MZ",
            "MZXW6Y1B",
            "MZXW6Y8B",
            "MZXW 6YTB",
            "MZXW6YTB\n",
            "MZXW6YTÄ",
            "MZXW-YTB",
        ] {
            assert!(decode(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            let text = encode(&bytes, RFC_4648);
            prop_assert_eq!(&**decode(&text).unwrap(), &*bytes);
            let all_used = encode(&bytes, CROCKFORD);
            prop_assert_eq!(all_used.len(), text.len());
        }
    }
}
