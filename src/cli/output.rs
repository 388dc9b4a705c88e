use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use super::failure::Failure;

/// Stdout, written through to whoever reads it at the end of a command.
pub struct Output(io::BufWriter<io::Stdout>);

impl Output {
    pub fn stdout() -> Self {
        Self(io::BufWriter::new(io::stdout()))
    }

    pub fn line(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(self.0, "{line}")?)
    }

    /// One value in one line, so that a list is JSON Lines.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.0, value).map_err(io::Error::from)?;
        Ok(self.0.write_all(b"\n")?)
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

/// Says what was done, if anybody watches.
pub fn note(text: impl fmt::Display) {
    if io::stderr().is_terminal() {
        eprintln!("{text}");
    }
}

/// Text of users' making, without the line ends and control sequences that it may hold.
pub fn plain(text: &str) -> impl fmt::Display {
    Plain(text)
}

struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() || is_directional(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                fmt::Write::write_char(f, c)?;
            }
        }
        Ok(())
    }
}

/// Characters that turn the direction of what follows.
/// <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>
fn is_directional(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_instead_of_obeyed() {
        for (text, want) in [
            ("mini@mouse.com", "mini@mouse.com"),
            ("Zoë 🐭", "Zoë 🐭"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(plain(text).to_string(), want, "{text:?}");
        }
    }
}
