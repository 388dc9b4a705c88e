use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::changes::Expression;
use super::manner::{Manner, Patience};
use super::rehearsal::conditions;
use super::{Store, on_heap};
use crate::aws::{SendCount, failure};
use crate::error::Error;

impl Store {
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        let manner = Manner {
            patience,
            ..self.manner
        };
        Self { manner, ..self }
    }

    /// The same tables, in which transactions write nothing: they tell whether all of their
    /// conditions hold.
    #[must_use]
    pub fn rehearsing(self) -> Self {
        let manner = Manner {
            rehearses: true,
            ..self.manner
        };
        Self { manner, ..self }
    }

    /// Carries out a transaction, and tries again if a conflict with another write is the only
    /// reason why it failed. If a condition did not hold, nothing is written, and this returns the
    /// reason for each item, in the items' order.
    ///
    /// Each password attempt writes to the user's item, and a transaction that conflicts with a
    /// write is cancelled. Without retries, an attacker who tries passwords could keep an
    /// administrator from locking the user.
    ///
    /// The SDK adds a client request token, so that a transaction that it sends again is carried
    /// out once.
    pub async fn try_transact(
        &self,
        items: Vec<TransactWriteItem>,
    ) -> Result<Option<Vec<CancellationReason>>, Error> {
        self.try_transact_counted(items, &SendCount::default())
            .await
    }

    /// The same, and counts in `sends` how often it is sent.
    pub async fn try_transact_counted(
        &self,
        mut items: Vec<TransactWriteItem>,
        sends: &SendCount,
    ) -> Result<Option<Vec<CancellationReason>>, Error> {
        if self.manner.rehearses {
            items = conditions(items)?;
        }
        let mut pauses = self
            .manner
            .patience
            .pauses_millis()
            .iter()
            .copied()
            .map(Duration::from_millis);
        loop {
            let transaction = self.client.transact_write_items();
            let transaction = transaction.set_transact_items(Some(items.clone()));
            let sending = transaction.customize().interceptor(sends.clone()).send();
            let Err(error) = on_heap(sending).await else {
                return Ok(None);
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(failure(error));
            };
            let reasons = cancelled.cancellation_reasons();
            if reasons.iter().any(is_condition_failure) {
                return Ok(Some(reasons.to_vec()));
            }
            let pause = pauses.next().filter(|_| is_only_conflict(reasons));
            tokio::time::sleep(pause.ok_or_else(|| unavailable(reasons))?).await;
        }
    }
}

/// Whether a conflict with another write is the only reason of a cancellation.
fn is_only_conflict(reasons: &[CancellationReason]) -> bool {
    let codes = codes(reasons);
    let is_none_or_conflict = |code: &&str| ["None", "TransactionConflict"].contains(code);
    codes.contains(&"TransactionConflict") && codes.iter().all(is_none_or_conflict)
}

fn codes(reasons: &[CancellationReason]) -> Vec<&str> {
    let reasons = reasons.iter();
    reasons.filter_map(CancellationReason::code).collect()
}

pub fn update_item(update: UpdateBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

/// An update of an item, on a condition.
pub(super) fn update_if(
    update: UpdateBuilder,
    changes: Expression,
    condition: Expression,
) -> Result<TransactWriteItem, Error> {
    let names = changes.names.into_iter().chain(condition.names);
    let values = changes.values.into_iter().chain(condition.values);
    let update = update
        .update_expression(changes.text)
        .condition_expression(condition.text)
        .set_expression_attribute_names(Some(names.collect()))
        .set_expression_attribute_values(Some(values.collect()));
    update_item(update)
}

pub fn delete_item(delete: DeleteBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().delete(delete.build()?).build())
}

pub fn is_condition_failure(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// The error of a transaction that was cancelled for another reason than a condition: each try
/// met another write, or the table was throttled (the SDK doesn't send such a transaction
/// again).
fn unavailable(reasons: &[CancellationReason]) -> Error {
    let codes = codes(reasons).join(", ");
    Error::Unavailable(format!("a transaction was cancelled: {codes}").into())
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
