use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::api::{Protocol, Request, client_timeout};
use crate::error::Error;
use crate::service::Context;

/// How long the answer to a request may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// The time that the transport allows. After it, the call is dropped.
    transport: Option<Duration>,
    /// The time that the client waits, from the start of the call on.
    client: Option<Duration>,
}

impl Deadlines {
    /// Reads the deadlines of a request.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: the client's timeout can't be read.
    pub fn read(protocol: Protocol, request: &Request) -> Result<Self, Error> {
        Ok(Self {
            transport: request.context.budget,
            client: client_timeout(protocol, &request.headers)?,
        })
    }

    /// Ends `call` in time, and makes an error of a panic, which `log_panics` has logged.
    ///
    /// A client's deadline does not end a call whose password attempt is pending. If it did, the
    /// attempt would stay counted as a failure even if the password is right. Such a call runs to
    /// its end, and its response is still `DEADLINE_EXCEEDED`.
    pub async fn enforce<T>(
        self,
        context: &Context,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
        let late = || Err(Error::ClientDeadlineExceeded);
        let outcome = async {
            let Some(client) = self.client else {
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
            if context.record.read().attempt_pending {
                call.await?.ok();
            }
            Ok(late())
        };
        let outcome = match self.transport {
            None => outcome.await,
            Some(transport) => match timeout(transport, outcome).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(Error::DeadlineExceeded),
            },
        };
        outcome.unwrap_or_else(|_| Err(Error::Internal("panic".into())))
    }
}
