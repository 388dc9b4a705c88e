use super::{Invalid, Permission};

/// What stands before a permission in the scopes of a JWT: those of a resource server, as
/// Cognito has them, are `https://api.example/session.write`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopePrefix(String);

impl ScopePrefix {
    /// 1 to 200 of the characters that a scope may have. Where it ends in a letter or a digit,
    /// it is a resource server's name, which a `/` follows.
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.3>
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_of_scope = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if !(1..=200).contains(&text.len()) || !text.bytes().all(is_of_scope) {
            let reason = "must be 1 to 200 visible ASCII characters without quotes and spaces";
            return Err(Invalid::new("scope_prefix", reason));
        }
        let separator = if text.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            "/"
        } else {
            ""
        };
        Ok(Self(format!("{text}{separator}")))
    }

    /// The permission that a scope grants. With a prefix, a scope without it grants nothing.
    pub fn permission(&self, scope: &str) -> Option<Permission> {
        scope.strip_prefix(&self.0)?.parse().ok()
    }
}

#[test]
fn a_scope_grants_a_permission_behind_its_prefix_alone() {
    let bare = ScopePrefix::default();
    let prefixed = |text| ScopePrefix::parse(text).unwrap();
    let write = Some(Permission::Write);
    for (prefix, scope, want) in [
        (&bare, "session.write", write),
        (&bare, "https://api.example/session.write", None),
        (&bare, "session.writer", None),
        (&bare, "SESSION.WRITE", None),
        (&bare, "", None),
        (
            &prefixed("https://api.example"),
            "https://api.example/session.write",
            write,
        ),
        (
            &prefixed("https://api.example/"),
            "https://api.example/session.write",
            write,
        ),
        (&prefixed("https://api.example"), "session.write", None),
        (
            &prefixed("https://api.example"),
            "https://api.examplesession.write",
            None,
        ),
        (
            &prefixed("https://api.example"),
            "https://api.example//session.write",
            None,
        ),
        (&prefixed("sesame:"), "sesame:session.write", write),
        (&prefixed("sesame"), "sesame/session.write", write),
    ] {
        assert_eq!(prefix.permission(scope), want, "{prefix:?} {scope}");
    }
    for text in ["", "a b", "a\"", "ä", &"a".repeat(201)] {
        assert!(ScopePrefix::parse(text).is_err(), "{text}");
    }
}
