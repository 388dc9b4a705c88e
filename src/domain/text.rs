use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The error for a value that can't be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {reason}")]
pub struct Invalid {
    /// The field's name as in the request, such as `checks.user`.
    pub field: Cow<'static, str>,
    pub reason: &'static str,
}

impl Invalid {
    pub fn new(field: impl Into<Cow<'static, str>>, reason: &'static str) -> Self {
        Self {
            field: field.into(),
            reason,
        }
    }
}

/// The length of the names, ids and passwords of the API, in Unicode code points.
const LENGTH: RangeInclusive<usize> = 1..=200;

/// The text, if it has 1 to 200 code points.
pub(super) fn bounded(field: &'static str, text: String) -> Result<String, Invalid> {
    if LENGTH.contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(Invalid::new(field, "must be 1 to 200 characters long"))
    }
}

#[test]
fn a_length_counts_code_points_and_not_bytes() {
    for (text, good) in [
        ("a", true),
        (&*"a".repeat(200), true),
        (&*"ä".repeat(200), true),
        (&*"🐭".repeat(200), true),
        ("", false),
        (&*"a".repeat(201), false),
        (&*"🐭".repeat(201), false),
    ] {
        assert_eq!(bounded("name", text.to_owned()).is_ok(), good, "{text:?}");
    }
}
