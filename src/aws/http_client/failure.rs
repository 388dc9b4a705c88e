use std::error::Error;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;

/// A time-out of a connector.
#[derive(Debug, thiserror::Error)]
#[error("HTTP {kind} timeout occurred after {after:?}")]
pub(super) struct TimedOut {
    pub(super) kind: &'static str,
    pub(super) after: Duration,
}

/// The error for the SDK, which decides by its kind whether the request is sent again and whether
/// the connection is used again.
pub(super) fn connector_error(error: BoxError) -> ConnectorError {
    if find::<TimedOut>(error.as_ref()).is_some() {
        return ConnectorError::timeout(error);
    }
    if let Some(hyper) = find::<hyper::Error>(error.as_ref()) {
        return kind(hyper)(error);
    }
    let is_io = find::<hyper_util::client::legacy::Error>(error.as_ref())
        .is_some_and(|client| client.is_connect() || find::<io::Error>(client).is_some());
    if is_io {
        return ConnectorError::io(error);
    }
    ConnectorError::other(error, None)
}

fn kind(error: &hyper::Error) -> fn(BoxError) -> ConnectorError {
    if error.is_timeout() {
        return ConnectorError::timeout;
    }
    if error.is_user() {
        return ConnectorError::user;
    }
    if error.is_closed() || error.is_canceled() || find::<io::Error>(error).is_some() {
        return ConnectorError::io;
    }
    if error.is_incomplete_message() {
        return |error| ConnectorError::other(error, Some(ErrorKind::TransientError));
    }
    |error| ConnectorError::other(error, None)
}

/// The first error of this type among `error` and its sources.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref())
}
