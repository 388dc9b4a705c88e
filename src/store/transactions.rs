use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::Store;
use super::failure::failure;
use crate::error::{Cause, Error};

/// Why a transaction was not carried out.
pub enum Cancelled {
    /// One reason for each item of the transaction, in its order.
    Reasons(Vec<CancellationReason>),
    Failed(Error),
}

impl Store {
    /// Carries out a transaction; false: a condition did not hold.
    pub async fn changed(&self, items: Vec<TransactWriteItem>) -> Result<bool, Error> {
        match self.transact(items).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Reasons(reasons)) if reasons.iter().any(is_condition) => Ok(false),
            Err(Cancelled::Reasons(reasons)) => Err(busy(&reasons)),
            Err(Cancelled::Failed(error)) => Err(error),
        }
    }

    /// Somebody who tries a password writes to the login as well, and a transaction that
    /// meets another write is cancelled: it is tried again, so that guessing at a user
    /// doesn't keep an administrator from locking that user.
    pub async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let outcome = self.transact_once(items.clone()).await;
            let met = matches!(&outcome, Err(Cancelled::Reasons(reasons)) if is_conflict(reasons));
            match pauses.next() {
                Some(pause) if met => tokio::time::sleep(pause).await,
                _ => return outcome,
            }
        }
    }

    /// The SDK sends a token with it, so that sent twice it is carried out once.
    async fn transact_once(&self, items: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .send()
            .await;
        sent.map(drop).map_err(|error| match &error {
            SdkError::ServiceError(refused) => match refused.err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    Cancelled::Reasons(cancelled.cancellation_reasons().to_vec())
                }
                _ => Cancelled::Failed(failure(error)),
            },
            _ => Cancelled::Failed(failure(error)),
        })
    }
}

/// Before a transaction that met another write is tried again. Administrators wait; no
/// call does.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
];

/// Nothing but another write was in the way.
fn is_conflict(reasons: &[CancellationReason]) -> bool {
    let mut codes = reasons.iter().filter_map(CancellationReason::code);
    reasons
        .iter()
        .any(|reason| reason.code() == Some("TransactionConflict"))
        && codes.all(|code| ["None", "TransactionConflict"].contains(&code))
}

pub fn item(update: UpdateBuilder) -> Result<TransactWriteItem, Error> {
    let update = update
        .build()
        .map_err(|error| Error::Internal(error.into()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

pub fn is_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Other writes were at one of the items each time, or the table was throttled: the SDK
/// doesn't try such a transaction again.
pub fn busy(reasons: &[CancellationReason]) -> Error {
    let codes: Vec<_> = reasons
        .iter()
        .filter_map(CancellationReason::code)
        .collect();
    let cause: Cause = format!("a transaction was cancelled: {}", codes.join(", ")).into();
    Error::Unavailable(cause)
}

#[test]
fn a_transaction_that_only_met_another_write_is_tried_again() {
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
        assert_eq!(is_conflict(&reasons(codes)), want, "{codes:?}");
    }
}
