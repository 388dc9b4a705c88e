use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;

/// Counts how often the SDK sends one request. Only a write that was sent again can find its own
/// id in the table.
#[derive(Clone, Debug, Default)]
pub struct SendCount(Arc<AtomicU32>);

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

/// Has a write sent again, as if it had been throttled, that met a transaction on its item or, in a
/// global table, a write in another region.
///
/// The SDK does so by itself in the second case alone, and not of a transaction. What is sent again
/// is the same request, so its `write_id`, or a transaction's client token, tells whether it has
/// been carried out.
#[derive(Debug)]
pub(super) struct RetryConflicts;

impl ClassifyRetry for RetryConflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context.output_or_error().and_then(Result::err);
        let error = failed.and_then(|error| error.as_operation_error());
        let code = error.and_then(|error| {
            let put = error.downcast_ref().and_then(PutItemError::code);
            let update = error.downcast_ref().and_then(UpdateItemError::code);
            let delete = error.downcast_ref().and_then(DeleteItemError::code);
            let transact = error.downcast_ref().and_then(TransactWriteItemsError::code);
            put.or(update).or(delete).or(transact)
        });
        match code {
            Some("TransactionConflictException" | "ReplicatedWriteConflictException") => {
                RetryAction::throttling_error()
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "RetryConflicts"
    }
}
