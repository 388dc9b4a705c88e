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
