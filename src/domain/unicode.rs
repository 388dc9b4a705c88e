//! Unicode's normal form and its case folding, for names and for passwords. What a password becomes
//! is written into one buffer that doesn't grow, and wiped.

use icu_normalizer::ComposingNormalizerBorrowed as ComposingNormalizer;
use unicase::UniCase;
use zeroize::Zeroizing;

/// How many times its length in UTF-8 a text may have once it is composed, or folded.
/// <https://www.unicode.org/faq/normalization.html#12>
const GROWTH: usize = 3;

/// Whether a text is in NFC.
pub fn is_composed(text: &str) -> bool {
    ComposingNormalizer::new_nfc().is_normalized(text)
}

/// A text in NFC.
pub fn compose(text: &str) -> Zeroizing<String> {
    let mut composed = Zeroizing::new(String::with_capacity(text.len() * GROWTH));
    let written = ComposingNormalizer::new_nfc().normalize_to(text, &mut *composed);
    written.expect("a string takes all that is written");
    composed
}

/// The form in which texts are compared: Unicode's full case folding, with NFC before and after it,
/// so that neither case nor the encoding of an accent matters.
pub fn fold(text: &str) -> Zeroizing<String> {
    let composed = compose(text);
    let mut folded = Zeroizing::new(String::with_capacity(composed.len() * GROWTH));
    for c in composed.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            // By one character at a time, because the string that unicase makes grows.
            let c = UniCase::unicode(c.encode_utf8(&mut [0; 4])).to_folded_case();
            folded.push_str(&Zeroizing::new(c));
        }
    }
    compose(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The capacity is what keeps a buffer from growing.
    #[test]
    fn no_character_grows_more_than_its_buffer() {
        // Beyond these planes nothing is composed and nothing has a case.
        for c in '\0'..='\u{2ffff}' {
            let text = c.to_string();
            for grown in [compose(&text), fold(&text)] {
                assert!(grown.len() <= text.len() * GROWTH, "{c:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_is_that_of_unicase_between_normal_forms(text in ".{0,30}") {
            let folded = UniCase::unicode(&*compose(&text)).to_folded_case();
            proptest::prop_assert_eq!(&*fold(&text), &*compose(&folded));
        }
    }
}
