use super::user::is_invisible;

/// A text that users made, with its line ends and control sequences escaped.
pub fn printable(text: &str) -> String {
    escape(text, |c| c.is_control() || is_directional(c))
}

/// A stored name in quotes, with its invisible characters escaped.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text, is_invisible))
}

fn escape(text: &str, is_hidden: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether a character changes the direction of the text that follows it.
/// <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>
fn is_directional(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_name_shows_its_invisible_characters() {
        for (text, want) in [
            (" jose\u{301} ", "\" jose\u{301} \""),
            ("a\u{200b}\u{fe0f}b\n", r#""a\u{200b}\u{fe0f}b\n""#),
        ] {
            assert_eq!(quote(text), want);
        }
    }

    #[test]
    fn control_characters_are_shown_instead_of_obeyed() {
        for (text, want) in [
            ("mini@mouse.com", "mini@mouse.com"),
            ("Zoë 🐭", "Zoë 🐭"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(printable(text), want, "{text:?}");
        }
    }
}
