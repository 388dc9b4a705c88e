//! The form of a row in the table of settings.

use std::fmt;

/// An environment variable. What it is called in a stack, and what the pages say about it, follow
/// from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub read_by: &'static [Program],
    /// The default; empty if the variable must be set.
    pub default: &'static str,
    pub values: Values,
    pub meaning: &'static str,
}

/// A program that reads settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The function, `serve` and `dev`.
    Service,
    Authorizer,
    /// The other commands of `sesame`.
    Tool,
}

/// The values that a setting may have. It is displayed as what such a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// 1 to 200 characters.
    Text,
    /// A number between these two, or one of them.
    Number(u32, u32),
    Words(&'static [&'static str]),
    /// A text that a parser accepts. The words say which.
    Form(&'static str),
}

pub(super) const fn setting(
    name: &'static str,
    read_by: &'static [Program],
    default: &'static str,
    values: Values,
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        read_by,
        default,
        values,
        meaning,
    }
}

pub(super) const SERVICE: &[Program] = &[Program::Service];
pub(super) const AUTHORIZER: &[Program] = &[Program::Authorizer];
pub(super) const BOTH_FUNCTIONS: &[Program] = &[Program::Service, Program::Authorizer];
pub(super) const SERVICE_AND_TOOL: &[Program] = &[Program::Service, Program::Tool];

/// The range of the limits on a request, in bytes. Lambda accepts events of 6 MB, in which a body
/// may be base64.
pub(super) const REQUEST_BYTES: Values = Values::Number(1024, 4_194_304);

pub(super) const SWITCH: Values = Values::Words(&["true", "false"]);

/// A URL that login pages link to.
pub(super) const LINK: Values =
    Values::Form("none or a URL of at most 128 characters: https, or http to a loopback address");

/// From a minute to a year.
pub(super) const LIFETIME: Values = Values::Number(60, 31_536_000);

impl Values {
    /// Whether a text is one of the values, as far as can be told without a parser.
    pub(super) fn allow(self, text: &str) -> bool {
        match self {
            Self::Text => (1..=200).contains(&text.chars().count()),
            Self::Number(min, max) => text.parse().is_ok_and(|n: u32| (min..=max).contains(&n)),
            Self::Words(words) => words.contains(&text),
            Self::Form(_) => true,
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("1 to 200 characters"),
            Self::Number(min, max) => write!(f, "a number from {min} to {max}"),
            Self::Words(words) => match words {
                [first @ .., last] => write!(f, "{} or {last}", first.join(", ")),
                [] => Ok(()),
            },
            Self::Form(form) => f.write_str(form),
        }
    }
}
