//! The hosts by which requests name a server, and by which origins name pages.

mod page_link;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use page_link::{PageLink, is_safe};

/// The host of a request or of an origin, without its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    Address(IpAddr),
    /// In lower case and without a dot at its end. An empty `Host` header has an empty name.
    Name(String),
}

impl Host {
    /// Parses a host that may have a port, as a `Host` header has it. `None`: it is none, or has
    /// something else in it, such as user information.
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-7.2>
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(text) = text.strip_prefix('[') {
            let (address, port) = text.split_once(']')?;
            if is_future_address(address) {
                return is_port(port).then(|| Self::Name(normalize(address)));
            }
            let address: Ipv6Addr = address.parse().ok()?;
            let address = IpAddr::from(address).to_canonical();
            return is_port(port).then_some(Self::Address(address));
        }
        let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        if !is_name(name) || !is_port(port) {
            return None;
        }
        Some(match name.parse::<Ipv4Addr>() {
            Ok(address) => Self::Address(address.into()),
            Err(_) => Self::Name(normalize(name)),
        })
    }

    /// Whether it is `localhost` or a loopback address.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost",
        }
    }
}

fn normalize(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a text is nothing, or a colon and digits, of which there may be none.
fn is_port(text: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || text.strip_prefix(':').is_some_and(is_digits)
}

/// Whether a text between brackets is an `IPvFuture`: an address of a version that is yet to come.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2>
fn is_future_address(text: &str) -> bool {
    let Some((version, address)) = text
        .strip_prefix(['v', 'V'])
        .and_then(|v| v.split_once('.'))
    else {
        return false;
    };
    let is_hex = version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
    is_hex && !version.is_empty() && !address.is_empty() && address.bytes().all(is_allowed)
}

/// Whether a text is a `reg-name`, which may be empty.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2>
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    let is_escape = |rest: &str| {
        let digits = rest.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.count() == 2
    };
    text.bytes().all(is_allowed) && text.split('%').skip(1).all(is_escape)
}

/// A host name that requests may have, beside `localhost` and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// # Errors
    ///
    /// The text is not a host name, which has 1 to 253 letters, digits, hyphens, underscores and
    /// dots, and no port.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let name = normalize(text);
        if !(1..=253).contains(&name.len()) || !name.bytes().all(is_allowed) {
            return Err("must be a host name, such as dynamodb, without a port");
        }
        Ok(Self(name))
    }

    /// Whether this is the name of `host`.
    pub fn matches(&self, host: &Host) -> bool {
        matches!(host, Host::Name(name) if *name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_perhaps_with_a_port() {
        let address = |text: &str| Some(Host::Address(text.parse().unwrap()));
        let name = |text: &str| Some(Host::Name(text.to_owned()));
        for (text, want) in [
            ("127.0.0.1", address("127.0.0.1")),
            ("127.0.0.1:8080", address("127.0.0.1")),
            ("[::1]", address("::1")),
            ("[::1]:8080", address("::1")),
            ("[::ffff:127.0.0.1]", address("127.0.0.1")),
            ("localhost", name("localhost")),
            ("LocalHost:8080", name("localhost")),
            ("localhost.", name("localhost")),
            ("localhost:", name("localhost")),
            ("a_b-c.example", name("a_b-c.example")),
            ("a%20b", name("a%20b")),
            ("127.0.0.1.example", name("127.0.0.1.example")),
            ("", name("")),
            (":8080", name("")),
            ("a b", None),
            ("a%2", None),
            ("a%zz", None),
            ("a/b", None),
            ("a?b", None),
            ("a#b", None),
            ("\u{e4}.example", None),
            ("localhost@example", None),
            ("user:password@localhost", None),
            ("localhost:80a", None),
            ("localhost:80:80", None),
            ("http://localhost", None),
            ("::1", None),
            ("[::1", None),
            ("[::1]8080a", None),
            ("[v1.a:b]:80", name("v1.a:b")),
            ("[v.a]", None),
            ("[v1.]", None),
            ("[v1a]", None),
            ("[localhost]", None),
            ("[127.0.0.1]", None),
            ("[fe80::1%25eth0]", None),
        ] {
            assert_eq!(Host::parse(text), want, "{text:?}");
        }
    }

    #[test]
    fn a_host_name_has_no_port_and_is_not_empty() {
        for text in ["dynamodb", "DynamoDB", "db_1.internal.", &"a".repeat(253)] {
            let name = HostName::parse(text).unwrap();
            assert!(name.matches(&Host::parse(text).unwrap()), "{text}");
        }
        for text in [
            "",
            ".",
            "a b",
            "dynamodb:8000",
            "http://dynamodb",
            "*",
            &"a".repeat(254),
        ] {
            assert!(HostName::parse(text).is_err(), "{text}");
        }
    }
}
