use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bases::LinkBases;
use super::url::{PLACEHOLDER, Url};

/// Why a text is no template of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    #[error("it does not begin with one of the allowed URLs")]
    Refused,
    #[error("it has a placeholder that does not exist, or that may not stand there")]
    Malformed,
}

/// What the placeholders of a template are replaced by.
#[derive(Clone, Copy, Default)]
pub struct LinkValues<'a> {
    /// Letters and digits: it alone may stand in a path.
    pub code: &'a str,
    /// That of a code for a passkey; empty for all others.
    pub code_id: &'a str,
    pub user_id: &'a str,
    /// The session that a one-time code is for; empty if the code is for none.
    pub session_id: &'a str,
    pub organization: &'a str,
    pub login_name: &'a str,
    pub display_name: &'a str,
    pub language: &'a str,
}

/// The template of a link, such as `https://login.example/verify?code={{.Code}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate(String);

impl UrlTemplate {
    /// Reads the template of a request, whose length was checked before.
    ///
    /// # Errors
    ///
    /// - [`LinkFault::Refused`]: it begins with none of the bases, or is no URL.
    /// - [`LinkFault::Malformed`]: its placeholders are wrong.
    pub fn parse(text: &str, bases: &LinkBases) -> Result<Self, LinkFault> {
        let parts: Vec<_> = parts(text).collect();
        let mut literal = String::with_capacity(text.len());
        for part in &parts {
            match part {
                // It would pass for a placeholder.
                Part::Text(text) if text.contains(PLACEHOLDER) => return Err(LinkFault::Refused),
                Part::Text(text) => literal.push_str(text),
                Part::Placeholder(_) | Part::Stray => literal.push(PLACEHOLDER),
            }
        }
        let url = Url::parse(&literal).ok_or(LinkFault::Refused)?;
        if !bases.have(&url) {
            return Err(LinkFault::Refused);
        }
        let mut is_path = true;
        for part in &parts {
            match part {
                Part::Text(text) => is_path &= !text.contains(['?', '#']),
                // A code is no name of a folder above, but any other value may be `..`.
                Part::Placeholder("Code") => {}
                Part::Placeholder(name) if !is_path && is_known(name) => {}
                Part::Placeholder(_) | Part::Stray => return Err(LinkFault::Malformed),
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// A stored template. It is not checked, because it may have been stored under other rules.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The link. Each value is encoded, so that it stays within its place.
    pub fn render(&self, values: &LinkValues<'_>) -> String {
        let mut link = String::with_capacity(self.0.len() + 64);
        for part in parts(&self.0) {
            match part {
                Part::Text(text) => link.push_str(text),
                Part::Placeholder(name) => {
                    let value = values.get(name).unwrap_or_default();
                    link.extend(utf8_percent_encode(value, RESERVED));
                }
                Part::Stray => {}
            }
        }
        link
    }
}

/// All but the unreserved characters. <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
pub(in crate::domain) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl<'a> LinkValues<'a> {
    fn get(&self, placeholder: &str) -> Option<&'a str> {
        Some(match placeholder {
            "Code" => self.code,
            "UserID" => self.user_id,
            "OrgID" => self.organization,
            "LoginName" => self.login_name,
            "DisplayName" => self.display_name,
            "PreferredLanguage" => self.language,
            "SessionID" => self.session_id,
            "CodeID" => self.code_id,
            _ => return None,
        })
    }
}

fn is_known(placeholder: &str) -> bool {
    LinkValues::default().get(placeholder).is_some()
}

enum Part<'a> {
    Text(&'a str),
    /// The name between `{{.` and `}}`; empty if there is no such name.
    Placeholder(&'a str),
    /// A `}}` without the other, or a `{{` and all behind it.
    Stray,
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = |braces| rest.find(braces).unwrap_or(rest.len());
        let part;
        (part, rest) = match at("{{").min(at("}}")) {
            _ if rest.is_empty() => return None,
            0 => {
                let inner = rest
                    .strip_prefix("{{")
                    .and_then(|rest| rest.split_once("}}"));
                match inner {
                    Some((inner, after)) => {
                        let name = inner.trim_matches(' ').strip_prefix('.');
                        (Part::Placeholder(name.unwrap_or_default()), after)
                    }
                    None if rest.starts_with('}') => (Part::Stray, &rest[2..]),
                    None => (Part::Stray, ""),
                }
            }
            at => (Part::Text(&rest[..at]), &rest[at..]),
        };
        Some(part)
    })
}
