use aws_sdk_dynamodb::types::ReturnValue;

use super::item::{Attributes, number, text};
use super::{Store, on_heap};
use crate::aws::failure;
use crate::domain::{AddressGroup, FailureWindow};
use crate::error::Error;

impl Store {
    /// Counts a failed login from an address, and returns how many there are in the window.
    ///
    /// One request. The item is in the sessions table, under a key that no session has, and in no
    /// index; DynamoDB deletes it after the window. It needs no condition: whoever comes first makes
    /// the item. If the answer was lost, the failure may be counted twice.
    pub async fn count_failure(
        &self,
        address: AddressGroup,
        window: FailureWindow,
    ) -> Result<u64, Error> {
        let key = format!("FAILURES#{address}#{}", window.start().as_seconds_up());
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .key("session_id", text(key))
            .update_expression("ADD failures :one SET #ttl = :end")
            .expression_attribute_names("#ttl", "ttl") // A reserved word.
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":end", number(window.end().as_seconds_up()))
            .return_values(ReturnValue::UpdatedNew);
        let updated = on_heap(update.send()).await.map_err(failure)?.attributes;
        Ok(Attributes(&updated.unwrap_or_default()).number("failures")?)
    }
}
