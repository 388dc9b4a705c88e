use std::fmt;

use super::Permission;
use super::named::named;
use super::text::Invalid;

/// A principal that is identified by a JWT: the issuer, and the subject or client that the
/// issuer names.
///
/// Equal texts of different issuers name different principals, and so do a `sub` and a
/// `client_id` with the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtPrincipal {
    issuer: String,
    kind: JwtName,
    name: String,
}

named! {
    /// The claim that names a JWT's principal.
    pub enum JwtName {
        Subject = "sub",
        Client = "client_id",
    }
}

impl JwtPrincipal {
    /// # Errors
    ///
    /// The issuer or the name is empty.
    pub fn new(issuer: String, kind: JwtName, name: String) -> Result<Self, Invalid> {
        if issuer.is_empty() {
            return Err(Invalid::new("iss", "must not be empty"));
        }
        if name.is_empty() {
            return Err(Invalid::new(kind.as_str(), "must not be empty"));
        }
        Ok(Self { issuer, kind, name })
    }
}

/// Writes a principal such as `https://id.example.com sub ada`.
///
/// No two principals are written alike: a space within an issuer is written `%20` and its `%`
/// as `%25`, so that the first space ends the issuer and the second one the kind of name.
impl fmt::Display for JwtPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = self.issuer.replace('%', "%25").replace(' ', "%20");
        write!(f, "{issuer} {} {}", self.kind.as_str(), self.name)
    }
}

/// The prefix of `session.write` and the other permissions in a JWT's scopes, such as
/// `https://api.example/`: the resource server's identifier, as Cognito writes it. By default
/// it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopePrefix(String);

impl ScopePrefix {
    /// The maximum length in characters, which is that of Cognito's identifiers.
    const MAX_LENGTH: usize = 256;

    /// Reads a prefix. A `/` is added if the text ends in a letter or a digit, because no
    /// authorization server joins `https://api.example` and `session.write` without one.
    ///
    /// # Errors
    ///
    /// It is empty or too long, can't be part of a scope, or is a whole scope.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |reason| Invalid::new("scope prefix", reason);
        // https://www.rfc-editor.org/rfc/rfc6749#section-3.3
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let names = |permission: &Permission| text.ends_with(permission.as_str());

        if !(1..=Self::MAX_LENGTH).contains(&text.len()) {
            return Err(invalid("must be 1 to 256 characters long"));
        }
        if !text.bytes().all(allowed) {
            return Err(invalid("has characters that no scope may have"));
        }
        if Permission::ALL.iter().any(names) {
            return Err(invalid("must end before the permission"));
        }
        let mut prefix = text.to_owned();
        if text.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            prefix.push('/');
        }
        Ok(Self(prefix))
    }
}

impl Permission {
    /// The permission that a scope grants. If there is a prefix, a scope without it grants
    /// nothing, because it may be another resource server's.
    pub fn from_scope(scope: &str, prefix: &ScopePrefix) -> Option<Self> {
        scope.strip_prefix(&*prefix.0)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn principal(issuer: &str, kind: JwtName, name: &str) -> Result<JwtPrincipal, Invalid> {
        JwtPrincipal::new(issuer.to_owned(), kind, name.to_owned())
    }

    #[test]
    fn no_two_principals_are_written_alike() {
        let texts = [
            "a",
            "b",
            "a b",
            "a%20b",
            "a sub b",
            "a client_id b",
            "sub a",
            " ",
            "  ",
            "%",
            "%20",
            "%25",
            "sub",
            "client_id",
            "https://id.example.com",
            "https://id.example.com sub",
            "\n",
        ];
        let mut written = BTreeSet::new();
        let mut count = 0;
        for issuer in texts {
            for name in texts {
                for kind in [JwtName::Subject, JwtName::Client] {
                    written.insert(principal(issuer, kind, name).unwrap().to_string());
                    count += 1;
                }
            }
        }
        assert_eq!(written.len(), count);
    }

    #[test]
    fn a_jwt_without_an_issuer_or_a_name_identifies_nobody() {
        for (issuer, name, want) in [
            ("i", "n", None),
            ("", "n", Some("iss")),
            ("i", "", Some("sub")),
        ] {
            let got = principal(issuer, JwtName::Subject, name);
            let got = got.err().map(|invalid| invalid.field);
            assert_eq!(got.as_deref(), want);
        }
    }

    #[test]
    fn a_scope_grants_a_permission_only_with_the_right_prefix() {
        const CHARACTERS: &str = "has characters that no scope may have";
        const LENGTH: &str = "must be 1 to 256 characters long";

        const API: &str = "https://api.example";
        const API_SLASH: &str = "https://api.example/";
        const API_WRITE: &str = "https://api.example/session.write";

        let bare = "session.write";
        for (prefix, scope, want) in [
            (None, bare, true),
            (None, API_WRITE, false),
            (None, "session.writer", false),
            (None, "user.write", true),
            (None, "user.passkey", false),
            (None, "Session.Write", false),
            (None, "session.write,session.read", false),
            (Some(API_SLASH), API_WRITE, true),
            (Some(API), API_WRITE, true),
            (Some(API), "https://api.examplesession.write", false),
            (Some(API), "https://api.example//session.write", false),
            (Some(API), "https://API.example/session.write", false),
            (Some(API), "https://other.example/session.write", false),
            (Some(API), API_SLASH, false),
            (Some(API), bare, false),
            (Some("sesame:"), "sesame:session.write", true),
            (Some("sesame:"), "sesame:/session.write", false),
            (Some("sesame"), "sesame/session.write", true),
        ] {
            let parsed = prefix.map(|prefix| ScopePrefix::parse(prefix).unwrap());
            let got = Permission::from_scope(scope, &parsed.unwrap_or_default());
            assert_eq!(got.is_some(), want, "{prefix:?} {scope}");
        }
        for (text, reason) in [
            ("", LENGTH),
            (&*"a".repeat(257), LENGTH),
            ("a b", CHARACTERS),
            ("a\"", CHARACTERS),
            ("a\\", CHARACTERS),
            ("a\n", CHARACTERS),
            ("ä", CHARACTERS),
            (API_WRITE, "must end before the permission"),
        ] {
            let got = ScopePrefix::parse(text).err().map(|invalid| invalid.reason);
            assert_eq!(got, Some(reason), "{text:?}");
        }
        assert!(ScopePrefix::parse(&"a".repeat(256)).is_ok());
    }
}
