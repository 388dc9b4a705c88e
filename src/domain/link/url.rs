use std::net::Ipv6Addr;

/// Stands for a placeholder in a template that is read as a URL. No URL has it.
pub(super) const PLACEHOLDER: char = '{';

/// A URL, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    is_https: bool,
    host: Host,
    port: u16,
    /// As it was given, in its encoding: it begins with `/`.
    path: String,
    /// Whether a query or a fragment follows.
    has_more: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// A name or an IPv4 address, in lower case.
    Name(String),
    V6(Ipv6Addr),
}

impl Url {
    /// Reads a URL of printable ASCII with `https:`, or `http:` to this machine.
    ///
    /// What browsers and servers read in different ways is refused: user information, `\`, an empty
    /// port, an encoding that is cut off, and segments that lead upwards however they are written.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        let is_http = scheme.eq_ignore_ascii_case("http");
        let (authority, rest) = rest.split_at(rest.find('/')?);
        let (host, port) = Host::parse(authority)?;
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let (path, more) = rest.split_at(end);
        let fragments = more.matches('#').count();
        let is_good = (is_https || is_http && host.is_this_machine())
            && is_encoded(path)
            && path.split('/').all(is_harmless)
            && is_encoded(&more.replace(['?', '#'], ""))
            && fragments <= 1;
        is_good.then(|| Self {
            is_https,
            host,
            port: port.unwrap_or(if is_https { 443 } else { 80 }),
            path: path.to_owned(),
            has_more: !more.is_empty(),
        })
    }

    /// Whether it can be a base, to which a link only adds.
    pub fn is_folder(&self) -> bool {
        self.path.ends_with('/') && !self.has_more && !self.path.contains(PLACEHOLDER)
    }

    /// `None`: it is an IPv6 address.
    pub fn host_name(&self) -> Option<&str> {
        match &self.host {
            Host::Name(name) => Some(name),
            Host::V6(_) => None,
        }
    }

    pub fn is_under(&self, base: &Self) -> bool {
        self.is_https == base.is_https
            && self.host == base.host
            && self.port == base.port
            && self.path.starts_with(&base.path)
    }
}

impl Host {
    /// Reads a host, and the port if there is one.
    fn parse(authority: &str) -> Option<(Self, Option<u16>)> {
        let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            (Self::V6(address.parse().ok()?), rest)
        } else {
            let end = authority.find(':').unwrap_or(authority.len());
            let (name, rest) = authority.split_at(end);
            let is_label = |label: &str| {
                let is_inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
                !label.is_empty() && label.bytes().all(is_inner)
            };
            let is_name = name.split('.').all(is_label);
            (
                Self::Name(is_name.then(|| name.to_ascii_lowercase())?),
                rest,
            )
        };
        if port.is_empty() {
            return Some((host, None));
        }
        let digits = port.strip_prefix(':')?;
        // `parse` would accept a sign.
        let is_port = digits.bytes().all(|c| c.is_ascii_digit()) && !digits.starts_with('0');
        let port = is_port.then(|| digits.parse().ok()).flatten()?;
        Some((host, Some(port)))
    }

    fn is_this_machine(&self) -> bool {
        match self {
            Self::Name(name) => ["localhost", "127.0.0.1"].contains(&&**name),
            Self::V6(address) => *address == Ipv6Addr::LOCALHOST,
        }
    }
}

/// Whether a part of a URL has only characters that may stand in a path or a query, and each `%`
/// two digits behind it.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>
fn is_encoded(text: &str) -> bool {
    let is_allowed = |c: char| {
        c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%".contains(c) || c == PLACEHOLDER
    };
    text.chars().all(is_allowed) && decode(text).is_some()
}

/// Whether a segment of a path is neither `.` nor `..`, nor is read as one by a server that decodes
/// it, even more than once, or takes what follows a `;` for a parameter.
fn is_harmless(segment: &str) -> bool {
    let mut text = segment.to_owned();
    // Each turn but the last makes the text shorter.
    loop {
        let is_dots = |part: &str| {
            let name = part.split([';', '?', '#']).next().unwrap_or_default();
            matches!(name, "." | "..")
        };
        let is_odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        if text.split('/').any(is_dots) || text.contains(is_odd) {
            return false;
        }
        match decode(&text) {
            Some(decoded) if decoded == text => return true,
            Some(decoded) => text = decoded,
            // An encoding in an encoding is cut off, or hides a dot in more bytes than it needs.
            None => return false,
        }
    }
}

/// Decodes once. `None`: a `%` has no two digits behind it, or what comes out is no UTF-8, as of a
/// dot that is encoded in more bytes than it needs.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
