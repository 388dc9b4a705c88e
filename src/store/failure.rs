use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Error, chain};

/// Faults of DynamoDB's that pass: worth a retry, by whoever still has time for it.
const PASSING: [&str; 8] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
    "TransactionConflictException",
];

/// Tells what a request that failed means for the call.
///
/// A time-out, a broken connection and a fault on DynamoDB's side are 'unknown', not
/// 'failed': what was to be written may have been written.
#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn failure<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let passing = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(refused) => {
            let code = refused.err().code().unwrap_or_default();
            refused.raw().status().is_server_error() || PASSING.contains(&code)
        }
        _ => false,
    };
    // The SDK's own `Display` is "service error" alone, and its `Debug` holds whole
    // answers, with all that is in an item.
    let cause = chain(&error).into();
    if passing {
        Error::Unavailable(cause)
    } else {
        Error::Internal(cause)
    }
}
