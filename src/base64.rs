//! Base64 that many programs write, each in its own way. What this service writes itself is read
//! strictly, by the crate of the same name.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const fn engine(alphabet: &Alphabet, allow_trailing_bits: bool) -> GeneralPurpose {
    GeneralPurpose::new(
        alphabet,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(allow_trailing_bits),
    )
}

/// Decodes the standard alphabet, padded or not. Bits beyond the last byte must be zero: most texts
/// that were cut off have others.
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = engine(&STANDARD, false);
    ENGINE.decode(text).ok()
}

/// Decodes the standard or the URL alphabet, padded or not, as protobuf's parsers do, and adds the
/// bytes to `out`. Bits beyond the last byte are ignored, as most of them do.
pub fn decode_either(text: &str, out: &mut Vec<u8>) -> Option<()> {
    const ENGINES: [GeneralPurpose; 2] = [engine(&STANDARD, true), engine(&URL_SAFE, true)];
    let is_url = text.contains(['-', '_']);
    ENGINES[usize::from(is_url)].decode_vec(text, out).ok()
}

#[test]
fn padding_is_optional_and_protobuf_takes_either_alphabet() {
    for (text, strict, either) in [
        ("", true, true),
        ("+/8=", true, true),
        ("+/8", true, true),
        ("-_8=", false, true),
        ("-_8", false, true),
        ("+/9", false, true),
        ("-/8", false, false),
        ("+/8==", false, false),
        ("+", false, false),
        ("+/8 ", false, false),
        ("+/8=+/8=", false, false),
    ] {
        let bytes = if text.is_empty() {
            &[][..]
        } else {
            &[0xfb, 0xff]
        };
        assert_eq!(decode(text).as_deref(), strict.then_some(bytes), "{text}");
        let mut out = Vec::new();
        let decoded = decode_either(text, &mut out).map(|()| &*out);
        assert_eq!(decoded, either.then_some(bytes), "{text}");
    }
}
