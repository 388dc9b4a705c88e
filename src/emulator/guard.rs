//! Keeps web pages from using the emulated DynamoDB, which asks for no credentials.

use http::Request;
use http::header::ORIGIN;

use crate::host::HostName;
use crate::transport::admission::is_local;

const ORIGIN_DENIED: &str =
    "web pages may not use the emulated DynamoDB: the request has an Origin";
const HOST_DENIED: &str =
    "the host is neither an address nor localhost: --dynamodb-host allows another name";

/// Checks that a request is not one of a web page.
///
/// # Errors
///
/// - It has an `Origin`, whichever that is: no page needs the tables.
/// - It names a host that is neither an address, `localhost` nor one of
///   `allowed`.
pub fn check<B>(request: &Request<B>, allowed: &[HostName]) -> Result<(), &'static str> {
    if request.headers().contains_key(ORIGIN) {
        return Err(ORIGIN_DENIED);
    }
    if is_local(request, allowed) {
        Ok(())
    } else {
        Err(HOST_DENIED)
    }
}

#[test]
fn a_web_page_is_refused_whatever_its_origin_and_host() {
    let allowed = [HostName::parse("dynamodb").unwrap()];
    for (host, origin, want) in [
        ("localhost", None, Ok(())),
        ("dynamodb:8000", None, Ok(())),
        ("evil.example", None, Err(HOST_DENIED)),
        (
            "localhost",
            Some("https://evil.example"),
            Err(ORIGIN_DENIED),
        ),
        (
            "localhost",
            Some("http://localhost:8000"),
            Err(ORIGIN_DENIED),
        ),
        ("localhost", Some("null"), Err(ORIGIN_DENIED)),
        ("localhost", Some(""), Err(ORIGIN_DENIED)),
    ] {
        let mut request = Request::builder().uri("/").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let checked = check(&request.body(()).unwrap(), &allowed);
        assert_eq!(checked, want, "{host} {origin:?}");
    }
}
