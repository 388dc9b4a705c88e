use std::fmt;

use http::Uri;
use http::uri::Scheme;

use super::Host;

/// A link that login pages show: `https:`, or `http:` to a loopback address or `localhost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLink(String);

impl PageLink {
    /// In bytes. Lambda has 4 KB for all variables of a function.
    pub const MAX_LENGTH: usize = 128;

    /// `None`: the text is too long, or not such a link.
    pub fn parse(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let is_short = text.len() <= Self::MAX_LENGTH;
        // What a URL may have, by RFC 3986, without what could end it where a page shows it.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        let is_plain = text.bytes().all(is_plain);
        (is_short && is_plain && is_safe(&url)).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PageLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether nobody on the way can read or change what a URL leads to: it is `https:`, or `http:` to
/// a loopback address or `localhost`. It has a host, no user information and a port that is one.
pub fn is_safe(url: &Uri) -> bool {
    let Some(authority) = url.authority() else {
        return false;
    };
    let Some(host) = Host::parse(authority.as_str()) else {
        return false;
    };
    // A port that is none, such as 99999, is read as the lack of one.
    let behind_host = authority.as_str().rsplit(']').next().unwrap_or_default();
    let has_right_port = url.port_u16().is_some() || !behind_host.contains(':');
    let is_safe = match url.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => host != Host::Name(String::new()),
        Some(scheme) if *scheme == Scheme::HTTP => host.is_loopback(),
        _ => false,
    };
    is_safe && has_right_port
}

#[test]
fn a_link_is_https_or_leads_to_this_machine() {
    let fill = |length: usize| {
        let start = "https://a.example/";
        start.to_owned() + &"a".repeat(length - start.len())
    };
    for (text, good) in [
        ("https://acme.example", true),
        ("https://acme.example/terms?lang=en#top", true),
        ("https://acme.example:8443/terms", true),
        ("https://[2001:db8::1]/terms", true),
        ("http://localhost:8080/terms", true),
        ("http://127.0.0.1/terms", true),
        ("http://[::1]:8080/terms", true),
        (&fill(128), true),
        (&fill(129), false),
        ("", false),
        ("none", false),
        ("/terms", false),
        ("acme.example", false),
        ("https://", false),
        ("https:///terms", false),
        ("https://:443/terms", false),
        ("http://acme.example/terms", false),
        ("http://localhost.example/terms", false),
        ("http://localhost@acme.example/", false),
        ("https://user@acme.example/", false),
        ("https://acme.example:99999/", false),
        ("ftp://acme.example/", false),
        ("javascript:alert(1)", false),
        ("https://acme.example/a b", false),
        ("https://acme.example/\"", false),
        ("https://acme.example/<", false),
        ("https://acme.example/\u{e4}", false),
        ("https://acme.example/{{.Code}}", false),
    ] {
        assert_eq!(PageLink::parse(text).is_some(), good, "{text:?}");
    }
}
