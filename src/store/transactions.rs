use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::{Store, on_heap};
use crate::aws::failure;
use crate::error::Error;

/// Why a transaction was not carried out.
pub enum TransactionError {
    /// DynamoDB cancelled it. There is one reason for each item, in the items' order.
    Cancelled(Vec<CancellationReason>),
    Failed(Error),
}

impl Store {
    /// Carries out a transaction; false: a condition did not hold, and nothing was written.
    pub async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<bool, Error> {
        match self.try_transact(items).await {
            Ok(()) => Ok(true),
            Err(TransactionError::Failed(error)) => Err(error),
            Err(TransactionError::Cancelled(reasons)) => {
                if reasons.iter().any(is_condition_failure) {
                    Ok(false)
                } else {
                    Err(unavailable(&reasons))
                }
            }
        }
    }

    /// Carries out a transaction, and tries again if a conflict with another write is the only
    /// reason why it failed.
    ///
    /// Each password attempt writes to the user's item, and a transaction that conflicts with a
    /// write is cancelled. Without retries, an attacker who tries passwords could keep an
    /// administrator from locking the user.
    pub async fn try_transact(
        &self,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), TransactionError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let outcome = self.transact_once(items.clone()).await;
            let is_conflict = matches!(
                &outcome,
                Err(TransactionError::Cancelled(reasons)) if is_only_conflict(reasons)
            );
            match pauses.next() {
                Some(pause) if is_conflict => tokio::time::sleep(pause).await,
                _ => return outcome,
            }
        }
    }

    /// Sends a transaction. The SDK adds a client request token, so that a transaction that it
    /// sends again is carried out once.
    async fn transact_once(&self, items: Vec<TransactWriteItem>) -> Result<(), TransactionError> {
        let sending = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .send();
        let sent = on_heap(sending).await;
        sent.map(drop)
            .map_err(|error| match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    TransactionError::Cancelled(cancelled.cancellation_reasons().to_vec())
                }
                _ => TransactionError::Failed(failure(error)),
            })
    }
}

/// The pauses before a transaction that met another write is tried again, 630 ms in all. The command
/// line tool alone uses transactions; in a call of the API these would be billed.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
];

/// Whether a conflict with another write is the only reason of a cancellation.
fn is_only_conflict(reasons: &[CancellationReason]) -> bool {
    let mut codes = reasons.iter().filter_map(CancellationReason::code);
    reasons
        .iter()
        .any(|reason| reason.code() == Some("TransactionConflict"))
        && codes.all(|code| ["None", "TransactionConflict"].contains(&code))
}

pub fn update_item(update: UpdateBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

pub fn is_condition_failure(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// The error of a transaction that was cancelled for another reason than a condition: each try
/// met another write, or the table was throttled (the SDK doesn't send such a transaction
/// again).
pub fn unavailable(reasons: &[CancellationReason]) -> Error {
    let codes: Vec<_> = reasons
        .iter()
        .filter_map(CancellationReason::code)
        .collect();
    Error::Unavailable(format!("a transaction was cancelled: {}", codes.join(", ")).into())
}

#[test]
fn only_a_transaction_that_met_another_write_is_tried_again() {
    let reasons = |codes: &[&str]| -> Vec<CancellationReason> {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        codes.iter().map(reason).collect()
    };
    for (codes, want) in [
        (&["TransactionConflict", "None"][..], true),
        (&["TransactionConflict", "TransactionConflict"], true),
        (&["None", "None"], false),
        (&["ConditionalCheckFailed", "TransactionConflict"], false),
        (&["ThrottlingError", "TransactionConflict"], false),
        (&[], false),
    ] {
        assert_eq!(is_only_conflict(&reasons(codes)), want, "{codes:?}");
    }
}
