use zeroize::Zeroizing;

use super::Code;
use crate::domain::Invalid;
use crate::domain::secret::hide_in_debug;
use crate::domain::text::bounded;

/// A code that somebody presents, without spaces and hyphens and in capitals.
#[derive(Clone, PartialEq, Eq)]
pub enum PresentedCode {
    /// It has the form of a whole code, which nobody can guess.
    Long(Zeroizing<String>),
    /// Every other text is a try at the short form, also one that can't be a code: or else tries
    /// could be told from one another.
    Short(Zeroizing<String>),
}

impl PresentedCode {
    /// Reads the code in a request: up to 200 characters. `None`: it is empty.
    pub fn parse(text: String) -> Result<Option<Self>, Invalid> {
        if text.is_empty() {
            return Ok(None);
        }
        let text = Zeroizing::new(bounded("verification_code", text)?);
        let characters = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        let mut code = Zeroizing::new(String::with_capacity(text.len()));
        code.extend(characters.map(|c| c.to_ascii_uppercase()));
        let is_long =
            code.len() == Code::LENGTH && code.bytes().all(|c| Code::ALPHABET.contains(&c));
        Ok(Some(if is_long {
            Self::Long(code)
        } else {
            Self::Short(code)
        }))
    }
}

hide_in_debug!(PresentedCode);

#[test]
fn twenty_characters_of_the_alphabet_are_the_long_form() {
    let parse = |text: &str| PresentedCode::parse(text.to_owned());
    let long = |text: &str| Ok(Some(PresentedCode::Long(Zeroizing::new(text.to_owned()))));
    let short = |text: &str| Ok(Some(PresentedCode::Short(Zeroizing::new(text.to_owned()))));
    let code = "Z23456789ABCDEFGHJKL";

    assert_eq!(parse(code), long(code));
    assert_eq!(parse("z2345-6789a bcdef-ghjkl"), long(code));
    assert_eq!(parse("z234-5678"), short("Z2345678"));
    for (text, want) in [
        ("Z23456789ABCDEFGHJK", "Z23456789ABCDEFGHJK"),
        ("Z23456789ABCDEFGHJKLM", "Z23456789ABCDEFGHJKLM"),
        // 0, 1, I and O are in no code.
        ("O23456789ABCDEFGHJKL", "O23456789ABCDEFGHJKL"),
        ("Z23456789ABCDEFGHJK\u{131}", "Z23456789ABCDEFGHJK\u{131}"),
        (" - ", ""),
        ("\n", "\n"),
    ] {
        assert_eq!(parse(text), short(want), "{text:?}");
    }
    assert_eq!(parse(""), Ok(None));
    assert!(parse(&"a".repeat(200)).is_ok() && parse(&"a".repeat(201)).is_err());
}
