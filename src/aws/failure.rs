use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};

use crate::error::{Error, chain};

/// Error codes of faults that pass by themselves, so that a later request may succeed.
const TRANSIENT_CODES: [&str; 9] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
    "TransactionConflictException",
];

/// The error of a call whose request to AWS failed.
///
/// A time-out, a broken connection and a fault on the side of AWS mean 'unknown', not
/// 'failed': what was to be written may have been written.
#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub fn failure<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    failure_of(operation::<E>(), &error)
}

/// The same of an operation with this name.
pub(super) fn failure_of<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let is_transient = match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(refused) => {
            let code = refused.err().code().unwrap_or_default();
            refused.raw().status().is_server_error() || TRANSIENT_CODES.contains(&code)
        }
        _ => false,
    };
    // The SDK's own `Display` is "service error" alone, and its `Debug` holds whole
    // answers, with all that is in an item.
    let cause = format!("{operation}: {}", chain(error)).into();
    if is_transient {
        Error::Unavailable(cause)
    } else {
        Error::Internal(cause)
    }
}

/// The operation whose errors are `E`, as the SDK names the type: `PutItem` for `PutItemError`. An
/// emulator that lacks an operation answers without its name.
fn operation<E>() -> &'static str {
    let name = std::any::type_name::<E>().rsplit("::").next();
    let name = name.unwrap_or_default();
    name.strip_suffix("Error").unwrap_or(name)
}

/// A request that lacks a required part is a fault of this program.
impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::Internal(error.into())
    }
}
