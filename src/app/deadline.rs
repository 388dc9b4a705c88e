use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::api::{Protocol, Request, client_timeout};
use crate::error::Error;
use crate::log::LoginStep;
use crate::service::Context;

/// Ends `call` in time, and makes an error of a panic, which `log_panics` has logged. A call that the
/// transport has no more time for is dropped.
///
/// A client's deadline, which counts from the start of the call on, does not end a call whose
/// attempt at a password or a code is pending. If it did, the attempt would stay counted as a failure
/// even if that is right. Nor does it end one that sends a message: the code is stored as one that was
/// sent, and would not be sent again for a minute. Such a call runs to its end, and its response is
/// still `DEADLINE_EXCEEDED`.
///
/// # Errors
///
/// [`Error::Malformed`]: the client's timeout can't be read.
pub(super) async fn enforce<T>(
    protocol: Protocol,
    request: &Request,
    context: &Context,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let client = client_timeout(protocol, &request.headers)?;
    let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
    let late = || Err(Error::ClientDeadlineExceeded);
    let outcome = async {
        let Some(client) = client else {
            return call.await;
        };
        // `timeout` polls the call once before it looks at the clock.
        let left = client.saturating_sub(context.started.elapsed());
        if left.is_zero() {
            return Ok(late());
        }
        if let Ok(outcome) = timeout(left, &mut call).await {
            return outcome;
        }
        let facts = context.record.read();
        if facts.login == LoginStep::AttemptPending || facts.runs_to_end {
            call.await?.ok();
        }
        Ok(late())
    };
    let outcome = match request.context.budget {
        None => outcome.await,
        Some(budget) => match timeout(budget, outcome).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(Error::DeadlineExceeded),
        },
    };
    outcome.unwrap_or_else(|_| Err(Error::Internal("panic".into())))
}
