use sha2::{Digest as _, Sha256};

use super::item::{Item, number, refused_item, text};
use super::{Store, on_heap};
use crate::domain::{Destination, day_end};
use crate::error::Error;

/// What messages are counted for. Its item outlives the users who have the address.
///
/// | attribute | type | |
/// |---|---|---|
/// | `session_id` | S | the key: `MESSAGES#`, half of the SHA-256 of the address or the number, or `ALL`, `#` and the day |
/// | `messages` | N | how many were sent |
/// | `ttl` | N | seconds; the end of the day |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageCounter<'a> {
    /// All messages to an address or a number, whoever asks and for whatever user.
    To(&'a Destination),
    /// All messages of the deployment.
    Deployment,
}

impl MessageCounter<'_> {
    /// The key of a day: by a hash of the address, so that the table has no list of addresses.
    fn key(self, day: i64) -> Item {
        let name = match self {
            Self::To(destination) => {
                let address = destination.folded();
                let hash = Sha256::digest(address.as_bytes());
                let half: [u8; 16] = std::array::from_fn(|n| hash[n]);
                format!("{:032x}", u128::from_be_bytes(half))
            }
            Self::Deployment => "ALL".to_owned(),
        };
        let key = text(format!("MESSAGES#{name}#{day}"));
        Item::from([("session_id".to_owned(), key)])
    }
}

impl Store {
    /// Counts a message on a day, unless `max` are counted already. False: they are.
    ///
    /// One request. The item is in the sessions table, under a key that no session has, and DynamoDB
    /// deletes it after the day. If the answer was lost, the message may be counted twice.
    pub async fn count_message(
        &self,
        counter: MessageCounter<'_>,
        max: u32,
        day: i64,
    ) -> Result<bool, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(counter.key(day)))
            .update_expression("ADD messages :one SET #ttl = :end")
            .condition_expression("attribute_not_exists(messages) OR messages < :max")
            .expression_attribute_names("#ttl", "ttl") // A reserved word.
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(max))
            .expression_attribute_values(":end", number(day_end(day).as_seconds_up()));
        match on_heap(update.send()).await {
            Ok(_) => Ok(true),
            Err(error) => refused_item(error).map(|_| false),
        }
    }

    /// Takes back a message that was counted and isn't sent: 1 request.
    pub async fn uncount_message(
        &self,
        counter: MessageCounter<'_>,
        day: i64,
    ) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(counter.key(day)))
            .update_expression("SET messages = messages - :one")
            .condition_expression("messages > :none")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0));
        match on_heap(update.send()).await {
            Ok(_) => Ok(()),
            Err(error) => refused_item(error).map(drop),
        }
    }
}
