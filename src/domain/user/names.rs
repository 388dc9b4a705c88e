//! The names and ids that users are given. Stored users may have others.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::{DisplayName, LoginName};
use crate::domain::{Invalid, UserId};

impl LoginName {
    /// Reads the login name of a new or renamed user, and drops the white space around it, such as
    /// the line end of a copied name.
    ///
    /// All other characters must be visible: `ada` and `ada` with an invisible character would be
    /// two users.
    pub fn parse_new(text: &str) -> Result<Self, Invalid> {
        let name = Self::parse(text.trim().to_owned())?;
        check_visible("login_name", name.as_str())?;
        if !name.is_storable() {
            let reason = "is too long once it is normalised";
            return Err(Invalid::new("login_name", reason));
        }
        Ok(name)
    }
}

impl UserId {
    /// Reads the id of a new user. Ids are compared byte by byte, so nothing is dropped.
    pub fn parse_new(text: String) -> Result<Self, Invalid> {
        check_visible("user_id", &text)?;
        Self::parse(text)
    }
}

impl DisplayName {
    /// Reads the display name that a user is given, and drops the white space around it: `None` if
    /// nothing is left. Characters that join others are allowed, because emoji and many scripts
    /// need them.
    pub fn parse_new(text: &str) -> Result<Option<Self>, Invalid> {
        let text = one_line("display_name", text)?;
        Self::parse(text.to_owned())
    }
}

/// The text without the white space around it.
///
/// # Errors
///
/// It has control characters or line ends.
pub fn one_line<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Invalid> {
    let text = text.trim();
    let is_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(is_line) {
        let reason = "must not have control characters or line ends";
        return Err(Invalid::new(field, reason));
    }
    Ok(text)
}

fn check_visible(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.contains(is_invisible) {
        return Err(Invalid::new(field, INVISIBLE));
    }
    Ok(())
}

const INVISIBLE: &str = "must not have control, formatting or other invisible characters";

/// Whether a character is of the general categories Cc, Cf, Zl and Zp, or ignored in displayed
/// text. <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>
pub fn is_invisible(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};

    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let is_ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    matches!(
        category,
        Control | Format | LineSeparator | ParagraphSeparator
    ) || is_ignored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_login_name_is_dropped() {
        for text in [
            "ada",
            " ada",
            "ada ",
            "ada\n",
            "\r\nada\r\n",
            "\tada\u{a0}",
            "\u{3000}ada\u{2028}",
        ] {
            assert_eq!(
                LoginName::parse_new(text).unwrap().as_str(),
                "ada",
                "{text:?}"
            );
        }
        assert_eq!(
            LoginName::parse_new("ada lovelace").unwrap().as_str(),
            "ada lovelace"
        );
        assert!(LoginName::parse_new(" ").is_err());
        assert!(LoginName::parse_new(&format!(" {} ", "a".repeat(200))).is_ok());
    }

    #[test]
    fn names_with_invisible_characters_are_refused() {
        let of_ascii = "\0\n\t\u{7f}";
        let others = "\u{85}\u{ad}\u{200b}\u{200d}\u{200e}\u{202e}\u{2028}\u{2029}\u{2060}\u{2066}\
            \u{feff}\u{fe0f}\u{34f}\u{115f}\u{3164}\u{e0041}";
        for c in of_ascii.chars().chain(others.chars()) {
            let text = format!("a{c}b");
            let invalid = LoginName::parse_new(&text).unwrap_err();
            assert_eq!(invalid.reason, INVISIBLE, "{c:?}");
            assert!(UserId::parse_new(text).is_err(), "{c:?}");
        }
        for text in ["a b", "ä", "e\u{301}", "名前", "O'Neill", "🐭"] {
            assert_eq!(LoginName::parse_new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_display_name_has_one_line() {
        for (text, want) in [
            (" Ada Lovelace\n", Some("Ada Lovelace")),
            (" ", Some("")),
            ("👩\u{200d}💻", Some("👩\u{200d}💻")),
            ("a\nb", None),
            ("a\0b", None),
            ("a\u{2028}b", None),
        ] {
            let got = DisplayName::parse_new(text).ok();
            let got = got
                .as_ref()
                .map(|name| name.as_ref().map_or("", DisplayName::as_str));
            assert_eq!(got, want, "{text:?}");
        }
    }
}
