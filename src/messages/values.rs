use super::kind::{Asker, MessageKind, MessageValues};
use super::template::{Piece, pieces};
use super::texts::MessageLanguage;

/// Fills the placeholders of a text.
pub(super) struct Filler<'a> {
    kind: MessageKind,
    language: MessageLanguage,
    values: &'a MessageValues<'a>,
}

/// A piece of a line whose placeholders are filled.
pub(super) enum Filled<'a> {
    Text(&'a str),
    /// The placeholder's name, and its value.
    Value(&'a str, String),
}

impl<'a> Filler<'a> {
    pub fn new(
        kind: MessageKind,
        language: MessageLanguage,
        values: &'a MessageValues<'a>,
    ) -> Self {
        Self {
            kind,
            language,
            values,
        }
    }

    /// The lines as one, without those that have a placeholder without a value.
    pub fn lines(&self, lines: &[&str]) -> String {
        self.pieces(lines, |piece| match piece {
            Filled::Text(text) => text.to_owned(),
            Filled::Value(_, value) => value,
        })
    }

    /// The same, of which each piece is written by `write`.
    pub fn pieces(&self, lines: &[&str], write: impl Fn(Filled<'_>) -> String) -> String {
        let line = |line: &&str| -> Option<String> {
            let pieces = pieces(line).into_iter();
            let filled = pieces.map(|piece| self.fill(piece).map(&write));
            filled.collect()
        };
        lines.iter().filter_map(line).collect::<Vec<_>>().join(" ")
    }

    fn fill<'p>(&self, piece: Piece<'p>) -> Option<Filled<'p>> {
        Some(match piece {
            Piece::Text(text) => Filled::Text(text),
            Piece::Placeholder(name) => Filled::Value(name, self.value(name)?),
        })
    }

    /// The value of a placeholder, on one line.
    fn value(&self, placeholder: &str) -> Option<String> {
        let values = self.values;
        let text = match placeholder {
            "organization" => Some(values.organization),
            "name" => values.name,
            "code" => values.code,
            "link" => values.link,
            "application" => values.application,
            "new_address" => values.new_address,
            "hours" => return Some(values.hours.to_string()),
            "minutes" => return Some(values.minutes.to_string()),
            "validity" => return self.validity(),
            "factor" => return self.phrase(values.factor?.as_str()),
            "count" => return values.left.map(|left| left.to_string()),
            "left" => return self.left(),
            "asker" => return self.asker(),
            "asking_application" => match values.asker {
                Asker::Application(name) => Some(name),
                Asker::User | Asker::Operator => None,
            },
            _ => None,
        };
        text.map(one_line).filter(|text| !text.is_empty())
    }

    /// A sentence about who asked for the message, or made the change that it tells of.
    fn asker(&self) -> Option<String> {
        let name = match (self.values.asker, self.kind.is_notice()) {
            (Asker::User, false) => "asked-by-user",
            (Asker::Application(_), false) => "asked-by-application",
            (Asker::Operator, false) => "asked-by-operator",
            (Asker::User, true) => "changed-by-user",
            (Asker::Application(_), true) => "changed-by-application",
            (Asker::Operator, true) => "changed-by-operator",
        };
        self.phrase(name)
    }

    /// How long the code is valid.
    fn validity(&self) -> Option<String> {
        self.phrase(match (self.values.hours, self.values.minutes) {
            (0, 1) => "minute",
            (0, _) => "minutes",
            (1, _) => "hour",
            _ => "hours",
        })
    }

    /// A sentence about how many recovery codes are left.
    fn left(&self) -> Option<String> {
        self.phrase(match self.values.left? {
            0 => "left-none",
            1 => "left-one",
            _ => "left-more",
        })
    }

    fn phrase(&self, name: &str) -> Option<String> {
        let phrase = self.lines(&[self.language.phrase(name)?]);
        (!phrase.is_empty()).then_some(phrase)
    }
}

/// A text without what ends a line, moves text or can't be seen, and with single spaces.
fn one_line(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}'
            )
    };
    let text = text.replace(is_hidden, " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
