use std::fmt;

/// Whom a gateway's JWT authorizer vouches for. A subject is its issuer's alone: another
/// issuer's of the same name is somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtPrincipal {
    issuer: String,
    kind: JwtName,
    name: String,
}

/// Which claim names the principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtName {
    /// `sub`.
    Subject,
    /// `client_id`, of a token without a `sub`.
    Client,
}

impl JwtPrincipal {
    /// None: the issuer or the name is empty, so that it is nobody.
    pub fn new(issuer: &str, kind: JwtName, name: &str) -> Option<Self> {
        let is_named = !issuer.is_empty() && !name.is_empty();
        is_named.then(|| Self {
            issuer: issuer.to_owned(),
            kind,
            name: name.to_owned(),
        })
    }
}

/// `sub:22:https://id.example.com:42`. The number is the length of the issuer in bytes, so that
/// no two principals have one text.
impl fmt::Display for JwtPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            JwtName::Subject => "sub",
            JwtName::Client => "client",
        };
        let (issuer, name) = (&self.issuer, &self.name);
        write!(f, "{kind}:{}:{issuer}:{name}", issuer.len())
    }
}

#[test]
fn no_two_principals_have_one_text() {
    let mut texts = Vec::new();
    for (issuer, kind, name) in [
        ("a", JwtName::Subject, "42"),
        ("b", JwtName::Subject, "42"),
        ("a", JwtName::Client, "42"),
        ("a:1", JwtName::Subject, "2"),
        ("a", JwtName::Subject, "1:2"),
        ("a:", JwtName::Subject, "1:2"),
        ("ä", JwtName::Subject, "2"),
        ("1:a", JwtName::Subject, "2"),
    ] {
        texts.push(JwtPrincipal::new(issuer, kind, name).unwrap().to_string());
    }
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count, "{texts:?}");

    assert_eq!(JwtPrincipal::new("", JwtName::Subject, "42"), None);
    assert_eq!(JwtPrincipal::new("a", JwtName::Client, ""), None);
}
