use super::Sequence;
use super::text::Invalid;

/// A condition for changing a session: an `If-Match` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// `*`: the session exists.
    Any,
    /// The session is at one of these sequences.
    At(Vec<Sequence>),
}

impl Precondition {
    /// Reads sequences in double quotes, separated by commas, or `*`.
    /// <https://www.rfc-editor.org/rfc/rfc9110.html#name-if-match>
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim_matches([' ', '\t']);
        if text == "*" {
            return Ok(Self::Any);
        }
        let sequences = text.split(',').map(sequence).collect::<Option<_>>();
        let invalid = Invalid::new("if-match", "must be a sequence in double quotes");
        sequences.map(Self::At).ok_or(invalid)
    }

    pub fn holds(&self, sequence: Sequence) -> bool {
        match self {
            Self::Any => true,
            Self::At(sequences) => sequences.contains(&sequence),
        }
    }
}

fn sequence(text: &str) -> Option<Sequence> {
    let text = text.trim_matches([' ', '\t']);
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    let canonical = digits.parse().ok().map(Sequence)?;
    (canonical.0.to_string() == digits).then_some(canonical)
}

#[test]
fn if_match_takes_sequences_in_double_quotes_or_a_star() {
    let at = |sequences: &[u64]| {
        let sequences = sequences.iter().copied().map(Sequence);
        Some(Precondition::At(sequences.collect()))
    };
    for (text, want) in [
        ("\"4\"", at(&[4])),
        (" \"4\" ", at(&[4])),
        ("\"4\", \"18446744073709551615\"", at(&[4, u64::MAX])),
        ("*", Some(Precondition::Any)),
        ("4", None),
        ("W/\"4\"", None),
        ("\"04\"", None),
        ("\"+4\"", None),
        ("\"4", None),
        ("\"", None),
        ("\"\"", None),
        ("\"18446744073709551616\"", None),
        ("\"4\",", None),
        ("\"4\", *", None),
        ("", None),
    ] {
        assert_eq!(Precondition::parse(text).ok(), want, "{text}");
    }
    assert!(Precondition::Any.holds(Sequence(1)));
    assert!(at(&[4, 6]).is_some_and(|some| some.holds(Sequence(6)) && !some.holds(Sequence(5))));
}
