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

/// Defines a type for the texts of one kind, such as user ids, and its `parse`, if it has the name of
/// a field.
macro_rules! text_type {
    ($(#[$about:meta])* pub struct $type:ident $(= $field:literal)?;) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $type(String);

        impl $type {
            $(/// Reads the text of a request: 1 to 200 characters.
            pub fn parse(text: String) -> Result<Self, $crate::domain::Invalid> {
                $crate::domain::text::bounded($field, text).map(Self)
            })?

            /// A stored text. It is not checked, because it may have been stored under other rules.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
pub(super) use text_type;

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
