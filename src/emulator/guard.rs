//! Keeps web pages from using the emulated DynamoDB, which asks for no credentials.

use http::Request;
use http::header::ORIGIN;

use crate::host::HostName;
use crate::transport::admission::is_local;

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
/// - [`AccessDenied::Origin`]: it has an `Origin`, whichever that is: no page needs the tables.
/// - [`AccessDenied::Host`]: it names a host that is neither an address, `localhost` nor one of
///   `allowed`.
pub fn check<B>(request: &Request<B>, allowed: &[HostName]) -> Result<(), AccessDenied> {
    if request.headers().contains_key(ORIGIN) {
        return Err(AccessDenied::Origin);
    }
    if is_local(request, allowed) {
        Ok(())
    } else {
        Err(AccessDenied::Host)
    }
}

#[test]
fn a_web_page_is_refused_whatever_its_origin_and_host() {
    let allowed = [HostName::parse("dynamodb").unwrap()];
    for (host, origin, want) in [
        ("localhost", None, Ok(())),
        ("dynamodb:8000", None, Ok(())),
        ("evil.example", None, Err(AccessDenied::Host)),
        (
            "localhost",
            Some("https://evil.example"),
            Err(AccessDenied::Origin),
        ),
        (
            "localhost",
            Some("http://localhost:8000"),
            Err(AccessDenied::Origin),
        ),
        ("localhost", Some("null"), Err(AccessDenied::Origin)),
        ("localhost", Some(""), Err(AccessDenied::Origin)),
    ] {
        let mut request = Request::builder().uri("/").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let checked = check(&request.body(()).unwrap(), &allowed);
        assert_eq!(checked, want, "{host} {origin:?}");
    }
}
