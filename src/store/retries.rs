use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};

/// Counts how often the SDK sends one request. Only a write that was sent again can find its own
/// id in the table.
#[derive(Clone, Debug, Default)]
pub(super) struct SendCount(Arc<AtomicU32>);

impl SendCount {
    pub fn is_resent(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

impl Intercept for SendCount {
    fn name(&self) -> &'static str {
        "SendCount"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
