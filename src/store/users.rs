mod accounts;
mod addresses;
mod attempts;
mod item;
#[cfg(feature = "function")]
mod list;
mod parts;
mod profile;
mod write;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::item::{Item, text};
use crate::aws::failure;
use crate::domain::{FoldedName, User, UserId, UserPointer, UserRef};
use crate::error::Error;
use item::{USER_PREFIX, parse_user, user_key};

pub use accounts::StoredUser;
pub use attempts::ReserveOutcome;
pub(super) use item::{parse_pointer, pointer_key};
pub use parts::AddressConflict;
pub use write::{ChangeOutcome, InsertOutcome};

pub(super) fn users_table_key(key: AttributeValue) -> Item {
    Item::from([("pk".to_owned(), key)])
}

impl Store {
    /// The user with this login name.
    ///
    /// One request.
    pub async fn get_user(&self, name: &FoldedName) -> Result<Option<User>, Error> {
        let item = self.get_users_table_item(user_key(name)).await?;
        Ok(item.as_ref().map(parse_user).transpose()?)
    }

    /// The pointer from a user's id to the user's item.
    ///
    /// One request.
    pub async fn get_user_pointer(&self, id: &UserId) -> Result<Option<UserPointer>, Error> {
        let item = self
            .get_users_table_item(pointer_key(UserRef::from(id)))
            .await?;
        let pointer = item.as_ref().map(parse_pointer).transpose()?;
        Ok(pointer.filter(|pointer| pointer.id == *id))
    }

    pub(super) async fn get_users_table_item(
        &self,
        key: AttributeValue,
    ) -> Result<Option<Item>, Error> {
        self.get_item(&self.tables.users, users_table_key(key))
            .await
    }

    /// Calls `each` with every user, in no order, until it fails.
    ///
    /// Reads the whole users table: for operators, never for a call.
    pub async fn scan_users<E: From<Error>>(
        &self,
        mut each: impl FnMut(User) -> Result<(), E>,
    ) -> Result<(), E> {
        self.scan_users_table(USER_PREFIX, |item| {
            each(parse_user(item).map_err(Error::from)?)
        })
        .await
    }

    /// Calls `each` with every item whose key starts with `prefix`.
    pub(super) async fn scan_users_table<E: From<Error>>(
        &self,
        prefix: &str,
        mut each: impl FnMut(&Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.tables.users)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.next().await {
            each(&item.map_err(failure)?)?;
        }
        Ok(())
    }
}
