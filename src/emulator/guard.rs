//! Keeps web pages from using the emulated DynamoDB.
//!
//! The emulator asks for no credentials, and a browser lets any page send requests to this machine.
//! The requests of a page have an `Origin`; those of a page whose own host name resolves to this
//! machine (DNS rebinding) have that name as their host.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderValue, Request};

/// A host name that requests to the emulator may have, beside `localhost` and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// # Errors
    ///
    /// The text is not a host name, which has 1 to 253 letters, digits, hyphens, underscores and
    /// dots, and no port.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let text = text.trim_end_matches('.');
        if !(1..=253).contains(&text.len()) || !text.bytes().all(is_allowed) {
            return Err("must be a host name, such as dynamodb, without a port");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessDenied {
    #[error("web pages may not use the emulated DynamoDB: the request has an Origin")]
    Origin,
    #[error("the host is neither an address nor localhost: --dynamodb-host allows another name")]
    Host,
}

/// Checks that a request is not one of a web page.
///
/// # Errors
///
/// - [`AccessDenied::Origin`]: it has an `Origin`.
/// - [`AccessDenied::Host`]: it names a host that is neither an address, `localhost` nor one of
///   `allowed`.
pub fn check<B>(request: &Request<B>, allowed: &[HostName]) -> Result<(), AccessDenied> {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) {
        return Err(AccessDenied::Origin);
    }
    // HTTP/2 and absolute targets have the host in front of the path.
    let target = request.uri().authority().map(Authority::as_str);
    let named = headers.get_all(HOST).iter();
    let named = named.map(|host| HeaderValue::to_str(host).unwrap_or("(not ASCII)"));
    let is_allowed = |host: &str| is_local(host, allowed);
    if target.into_iter().chain(named).all(is_allowed) {
        Ok(())
    } else {
        Err(AccessDenied::Host)
    }
}

fn is_local(host: &str, allowed: &[HostName]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    if host.contains('@') {
        return false;
    }
    let name = authority.host();
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if address.unwrap_or(name).parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || allowed.iter().any(|HostName(one)| *one == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_request(
        target: &str,
        headers: &[(&str, &str)],
        allowed: &[&str],
    ) -> Result<(), AccessDenied> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let allowed = allowed.iter().map(|name| HostName::parse(name).unwrap());
        check(&request.body(()).unwrap(), &allowed.collect::<Vec<_>>())
    }

    #[test]
    fn requests_to_addresses_and_localhost_are_allowed() {
        let foreign = Err(AccessDenied::Host);
        for (host, want) in [
            ("127.0.0.1:8000", Ok(())),
            ("127.0.0.1", Ok(())),
            ("0.0.0.0:8000", Ok(())),
            ("192.168.1.7:8000", Ok(())),
            ("[::1]:8000", Ok(())),
            ("[::1]", Ok(())),
            ("localhost", Ok(())),
            ("localhost:8000", Ok(())),
            ("LocalHost:8000", Ok(())),
            ("localhost.", Ok(())),
            ("evil.example", foreign),
            ("evil.example:8000", foreign),
            ("localhost.evil.example", foreign),
            ("evil-localhost", foreign),
            ("127.0.0.1.evil.example:8000", foreign),
            ("127.0.0.1@evil.example", foreign),
            ("localhost@evil.example", foreign),
            ("dynamodb:8000", foreign),
            ("", foreign),
            ("a b", foreign),
        ] {
            assert_eq!(check_request("/", &[("host", host)], &[]), want, "{host}");
        }
        assert_eq!(check_request("/", &[], &[]), Ok(()), "HTTP/1.0");
    }

    #[test]
    fn a_host_is_checked_wherever_a_request_names_it() {
        for (target, hosts, want) in [
            ("http://localhost/", &[][..], true),
            ("http://evil.example/", &[], false),
            ("http://evil.example/", &["localhost"], false),
            ("http://localhost/", &["evil.example"], false),
            ("/", &["localhost", "evil.example"], false),
            ("/", &["localhost", "127.0.0.1"], true),
        ] {
            let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            assert_eq!(
                check_request(target, &headers, &[]).is_ok(),
                want,
                "{target} {hosts:?}"
            );
        }
    }

    #[test]
    fn a_web_page_is_refused_whatever_its_origin() {
        for origin in ["https://evil.example", "http://localhost:8000", "null", ""] {
            let headers = [("host", "localhost"), ("origin", origin)];
            assert_eq!(
                check_request("/", &headers, &[]),
                Err(AccessDenied::Origin),
                "{origin}"
            );
        }
    }

    #[test]
    fn other_host_names_can_be_allowed() {
        for (host, want) in [
            ("dynamodb:8000", Ok(())),
            ("DynamoDB", Ok(())),
            ("db_1.internal.", Ok(())),
            ("other", Err(AccessDenied::Host)),
        ] {
            let allowed = ["dynamodb", "db_1.internal"];
            assert_eq!(
                check_request("/", &[("host", host)], &allowed),
                want,
                "{host}"
            );
        }
        for text in [
            "",
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
