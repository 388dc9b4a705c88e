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
