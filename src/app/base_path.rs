/// What stands before the service's own paths where a custom domain or a proxy offers it under a
/// path of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    const MAX_SEGMENTS: usize = 8;
    /// Lambda has 4 KB for all variables of a function.
    const MAX_LENGTH: usize = 128;

    /// Reads `none`, or `/` and segments of letters, digits, `-`, `.`, `_` and `~`: the characters
    /// that nobody percent-encodes (<https://www.rfc-editor.org/rfc/rfc3986#section-2.3>), so that
    /// there is one spelling of a base path.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::default());
        }
        let segments: Vec<_> = text.strip_prefix('/')?.split('/').collect();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_segment = |text: &&str| !text.is_empty() && text.bytes().all(is_allowed);
        let is_short = text.len() <= Self::MAX_LENGTH && segments.len() <= Self::MAX_SEGMENTS;
        let is_valid = is_short && segments.iter().all(is_segment);
        is_valid.then(|| Self(text.to_owned()))
    }

    /// The part of a path behind the base path. `None`: the path does not begin with all of its
    /// segments.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let inner = path.strip_prefix(&self.0)?;
        inner.starts_with('/').then_some(inner)
    }
}

#[test]
fn a_base_path_is_one_to_eight_plain_segments() {
    for (text, want) in [
        ("none", Some("")),
        ("/auth", Some("/auth")),
        ("/v2/a.b-c_d~0", Some("/v2/a.b-c_d~0")),
        ("/1/2/3/4/5/6/7/8", Some("/1/2/3/4/5/6/7/8")),
        ("/1/2/3/4/5/6/7/8/9", None),
        ("", None),
        ("/", None),
        ("auth", None),
        ("/auth/", None),
        ("/a//b", None),
        ("/a b", None),
        ("/a%62", None),
        ("/ä", None),
        ("/{proxy+}", None),
    ] {
        let base = BasePath::parse(text);
        assert_eq!(base.as_ref().map(|base| base.0.as_str()), want, "{text}");
    }
}

#[test]
fn whole_segments_are_taken_off_once() {
    for (base, path, want) in [
        ("/auth", "/auth/v2/sessions", Some("/v2/sessions")),
        ("/auth", "/auth/auth/v2/sessions", Some("/auth/v2/sessions")),
        ("/a/b", "/a/b/v2/sessions", Some("/v2/sessions")),
        ("/auth", "/auth/", Some("/")),
        ("/auth", "/auth", None),
        ("/auth", "/authentic/v2/sessions", None),
        ("/auth", "/Auth/v2/sessions", None),
        ("/auth", "/x/auth/v2/sessions", None),
        ("/a/b", "/a/v2/sessions", None),
        ("none", "/v2/sessions", Some("/v2/sessions")),
    ] {
        let base = BasePath::parse(base).unwrap();
        assert_eq!(base.strip(path), want, "{path}");
    }
}
