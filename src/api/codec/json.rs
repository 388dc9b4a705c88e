//! The JSON mapping of proto3 (<https://protobuf.dev/programming-guides/json/>).

mod bind;
mod connect_error;
mod read;
mod scalars;
#[cfg(test)]
mod tests;
mod tree;
mod well_known;
mod write;

use crate::api::{MatchedRoute, Request};
use crate::error::Error;

pub(super) use connect_error::{connect_http, encode_connect_error};
pub use read::Encoded;
pub use tree::Tree;
pub use well_known::parse_timestamp;
pub use write::write;

/// Reads the message of a request: the fields in its path, and in its body or its query.
///
/// # Errors
///
/// - [`Error::Malformed`]: not JSON, not an object, a name twice.
/// - [`Error::InvalidArgument`]: a field of another type.
/// - [`Error::Unimplemented`]: a field that isn't built.
pub fn read(route: &MatchedRoute, request: &Request, body: &[u8]) -> Result<Encoded, Error> {
    let mut object = tree::parse(body)?;
    bind::bind(route, request, &mut object)?;
    read::read(route.procedure.request, &object)
}
