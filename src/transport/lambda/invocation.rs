use std::task::{Context, Poll};

use bytes::Bytes;
use lambda_runtime::{LambdaInvocation, Service};
use serde::{Deserialize, Deserializer};
use tokio::task_local;

task_local! {
    /// The bytes of the event that the runtime is about to deserialize.
    static EVENT: Bytes;
}

/// The bytes of an event, unread.
///
/// The runtime reports an event that it can't deserialize as an error of the function, and
/// callers get a 502 without a body. So this type doesn't look at what the runtime would
/// deserialize: [`KeepBytes`] has kept the bytes for it, and the function itself reads them.
pub struct RawEvent(pub Bytes);

impl<'de> Deserialize<'de> for RawEvent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        // Without the layer there are no bytes, and the function answers an empty event.
        Ok(Self(EVENT.try_with(Bytes::clone).unwrap_or_default()))
    }
}

/// A service around the runtime's own, which keeps the bytes of each event for [`RawEvent`].
#[derive(Clone)]
pub struct KeepBytes<S>(pub S);

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for KeepBytes<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> S::Future {
        // The runtime deserializes the event in this call, before it gives a future.
        let event = invocation.body.clone();
        EVENT.sync_scope(event, || self.0.call(invocation))
    }
}
