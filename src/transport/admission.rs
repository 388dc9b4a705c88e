//! Which requests a server answers, by the host that they name and by the page that sent them.
//!
//! A browser lets any page send requests to this machine. Those of a page have an `Origin`; those
//! of a page whose own host name resolves to this machine (DNS rebinding) have that name as their
//! host.

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderValue, Request, Version};

use crate::app::Origins;
use crate::error::Error;
use crate::host::{Host, HostName};

/// Checks whether a request is answered at all, by `guard` if there is one.
///
/// # Errors
///
/// - [`Error::HostInvalid`]: HTTP/1.1 names no host, several or one that can't be one.
/// - [`Error::HostNotAllowed`]: the request names another host than those of the guard.
/// - [`Error::OriginNotAllowed`]: a page of another origin than those of the guard has sent it.
pub fn check<B>(request: &Request<B>, guard: Option<&PageGuard>) -> Result<(), Error> {
    check_host(request)?;
    guard.map_or(Ok(()), |guard| guard.check(request))
}

/// Checks that HTTP/1.1 names one host, which may be empty, and HTTP/1.0 one or none.
/// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2>
fn check_host<B>(request: &Request<B>) -> Result<(), Error> {
    if request.version() > Version::HTTP_11 {
        return Ok(());
    }
    let mut headers = request.headers().get_all(HOST).iter();
    let is_complete = match (headers.next(), headers.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => host.to_str().is_ok_and(is_host),
        (Some(_), Some(_)) => false,
    };
    let target = request.uri().authority().map(Authority::as_str);
    if is_complete && target.is_none_or(is_host) {
        Ok(())
    } else {
        Err(Error::HostInvalid)
    }
}

fn is_host(text: &str) -> bool {
    Host::parse(text).is_some()
}

/// Keeps web pages of elsewhere from using a service of this machine.
#[derive(Clone, Debug)]
pub struct PageGuard {
    /// The host names that requests may have, beside `localhost` and addresses.
    pub hosts: Vec<HostName>,
    /// The origins whose pages may call, beside the service's own pages.
    pub origins: Origins,
}

impl PageGuard {
    fn check<B>(&self, request: &Request<B>) -> Result<(), Error> {
        if !is_local(request, &self.hosts) {
            return Err(Error::HostNotAllowed);
        }
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let is_allowed = |origin: &str| self.origins.allow(origin) || is_own(request, origin);
        if origins.all(|origin| origin.to_str().is_ok_and(is_allowed)) {
            Ok(())
        } else {
            Err(Error::OriginNotAllowed)
        }
    }
}

/// Whether a request names an address, `localhost` or one of `allowed` as its host, or none. What
/// has no host is not sent by a browser.
pub fn is_local<B>(request: &Request<B>, allowed: &[HostName]) -> bool {
    let is_allowed = |host: &str| match Host::parse(host) {
        None => false,
        Some(Host::Address(_)) => true,
        Some(Host::Name(name)) if name.is_empty() => true,
        Some(host) => host.is_loopback() || allowed.iter().any(|name| name.matches(&host)),
    };
    named_hosts(request).all(|host| host.is_some_and(is_allowed))
}

/// The hosts that a request names, with their ports: that of its target, as HTTP/2 and absolute
/// targets have it, or else those of its headers. `None` is one that is not ASCII.
fn named_hosts<B>(request: &Request<B>) -> impl Iterator<Item = Option<&str>> {
    let target = request.uri().authority().map(Authority::as_str);
    let headers = request.headers().get_all(HOST).iter();
    let headers = headers.map(|host| HeaderValue::to_str(host).ok());
    let headers = headers.filter(move |_| target.is_none());
    target.map(Some).into_iter().chain(headers)
}

/// Whether an origin is that of the service itself, whose pages call it at the host by which they
/// were loaded.
fn is_own<B>(request: &Request<B>, origin: &str) -> bool {
    let own = origin.split_once("://").map(|(_, host)| host);
    own.is_some() && named_hosts(request).any(|host| host == own)
}

#[cfg(test)]
mod tests {
    use http::request::Builder;

    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> Builder {
        let request = Request::builder().uri(target);
        let add = |request: Builder, (name, value): &(&str, &str)| request.header(*name, *value);
        headers.iter().fold(request, add)
    }

    fn hosts(target: &str, hosts: &[&str]) -> Builder {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        request(target, &headers)
    }

    #[test]
    fn http_1_names_one_host_or_before_1_1_none() {
        use Version as V;

        for (version, target, headers, want) in [
            (V::HTTP_11, "/", &["localhost:8080"][..], true),
            (V::HTTP_11, "/", &["evil.example"], true),
            (V::HTTP_11, "/", &[""], true),
            (V::HTTP_11, "/", &[], false),
            (V::HTTP_11, "/", &["a", "a"], false),
            (V::HTTP_11, "/", &["", ""], false),
            (V::HTTP_11, "/", &["a b"], false),
            (V::HTTP_11, "/", &["user@a"], false),
            (V::HTTP_11, "/", &["a:b"], false),
            (V::HTTP_11, "http://a/", &["a"], true),
            (V::HTTP_11, "http://a/", &["b"], true),
            (V::HTTP_11, "http://a/", &[""], true),
            (V::HTTP_11, "http://a/", &[], false),
            (V::HTTP_11, "http://a/", &["a b"], false),
            (V::HTTP_11, "http://a/", &["a", "a"], false),
            (V::HTTP_11, "http://user@a/", &["a"], false),
            (V::HTTP_10, "/", &[], true),
            (V::HTTP_10, "/", &["a"], true),
            (V::HTTP_10, "/", &["a", "a"], false),
            (V::HTTP_10, "/", &["a b"], false),
            (V::HTTP_10, "http://a/", &[], true),
            (V::HTTP_2, "http://a/", &[], true),
            (V::HTTP_2, "/", &[], true),
        ] {
            let request = hosts(target, headers).version(version).body(()).unwrap();
            let is_right = check_host(&request).is_ok();
            assert_eq!(is_right, want, "{version:?} {target} {headers:?}");
        }
    }

    #[test]
    fn requests_to_addresses_and_localhost_are_local() {
        for (host, want) in [
            ("127.0.0.1:8000", true),
            ("127.0.0.1", true),
            ("0.0.0.0:8000", true),
            ("192.168.1.7:8000", true),
            ("[::1]:8000", true),
            ("[::1]", true),
            ("localhost", true),
            ("localhost:8000", true),
            ("LocalHost:8000", true),
            ("localhost.", true),
            ("localhost.:8000", true),
            ("", true),
            ("evil.example", false),
            ("evil.example.", false),
            ("evil.example:8000", false),
            ("localhost.evil.example", false),
            ("evil-localhost", false),
            ("127.0.0.1.evil.example:8000", false),
            ("127.0.0.1@evil.example", false),
            ("localhost@evil.example", false),
            ("evil.example@localhost", false),
            ("[evil.example]", false),
            ("[::1].evil.example", false),
            ("dynamodb:8000", false),
            ("a b", false),
        ] {
            let request = hosts("/", &[host]).body(()).unwrap();
            assert_eq!(is_local(&request, &[]), want, "{host}");
        }
        let request = hosts("/", &[]).body(()).unwrap();
        assert!(is_local(&request, &[]), "HTTP/1.0");
    }

    #[test]
    fn the_host_of_a_target_goes_before_the_header() {
        for (target, headers, want) in [
            ("http://localhost/", &[][..], true),
            ("http://localhost/", &["evil.example"], true),
            ("http://evil.example/", &[], false),
            ("http://evil.example/", &["localhost"], false),
            ("http://localhost@evil.example/", &["localhost"], false),
            ("/", &["localhost", "evil.example"], false),
            ("/", &["localhost", "127.0.0.1"], true),
        ] {
            let request = hosts(target, headers).body(()).unwrap();
            assert_eq!(is_local(&request, &[]), want, "{target} {headers:?}");
        }
    }

    #[test]
    fn other_host_names_can_be_allowed() {
        let allowed = ["dynamodb", "db_1.internal"].map(|name| HostName::parse(name).unwrap());
        for (host, want) in [
            ("dynamodb:8000", true),
            ("DynamoDB", true),
            ("db_1.internal.", true),
            ("other", false),
            ("dynamodb.evil.example", false),
        ] {
            let request = hosts("/", &[host]).body(()).unwrap();
            assert_eq!(is_local(&request, &allowed), want, "{host}");
        }
    }

    /// Checks a request to `host` with these origins, where pages of this machine may call.
    fn check(host: &str, origins: &[&str]) -> Result<(), Error> {
        let guard = PageGuard {
            hosts: vec![HostName::parse("laptop").unwrap()],
            origins: Origins::Loopback,
        };
        let origins = origins.iter().map(|origin| ("origin", *origin));
        let headers: Vec<_> = [("host", host)].into_iter().chain(origins).collect();
        guard.check(&request("/", &headers).body(()).unwrap())
    }

    #[test]
    fn pages_of_this_machine_may_call_and_others_may_not() {
        for (origin, want) in [
            ("http://localhost", true),
            ("http://localhost:5173", true),
            ("https://localhost:443", true),
            ("http://LOCALHOST:3000", true),
            ("http://localhost.:3000", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:3000", true),
            ("http://[::ffff:7f00:1]:3000", true),
            ("https://evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://evil.example:8080", false),
            ("http://user@localhost", false),
            ("http://localhost/path", false),
            ("http://192.168.1.7", false),
            ("http://0.0.0.0:3000", false),
            ("http://laptop", false),
            ("http://", false),
            ("localhost", false),
            ("null", false),
            ("", false),
        ] {
            let checked = check("127.0.0.1:8080", &[origin]).is_ok();
            assert_eq!(checked, want, "{origin}");
        }
        assert!(check("localhost", &[]).is_ok(), "no page");
        let two = ["http://localhost", "https://evil.example"];
        assert!(matches!(
            check("localhost", &two),
            Err(Error::OriginNotAllowed)
        ));
    }

    #[test]
    fn the_services_own_pages_may_call_it() {
        for (host, origin, want) in [
            ("laptop:8080", "http://laptop:8080", true),
            ("192.168.1.7:8080", "http://192.168.1.7:8080", true),
            ("192.168.1.7", "https://192.168.1.7", true),
            ("192.168.1.7:8080", "http://192.168.1.7:8081", false),
            ("192.168.1.7:8080", "http://192.168.1.8:8080", false),
            ("laptop:8080", "null", false),
            ("laptop:8080", "laptop:8080", false),
            ("", "", false),
        ] {
            let checked = check(host, &[origin]).is_ok();
            assert_eq!(checked, want, "{host} {origin}");
        }
        // The page of a host name that resolves to this machine.
        assert!(matches!(
            check("evil.example:8080", &["http://evil.example:8080"]),
            Err(Error::HostNotAllowed)
        ));
    }
}
