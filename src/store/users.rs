#[cfg(feature = "function")]
mod accounts;
#[cfg(feature = "function")]
mod addresses;
mod attempts;
#[cfg(feature = "function")]
mod check;
#[cfg(feature = "function")]
mod credentials;
#[cfg(feature = "function")]
mod factors;
mod item;
#[cfg(feature = "function")]
mod list;
#[cfg(feature = "function")]
mod parts;
#[cfg(feature = "function")]
mod profile;
#[cfg(feature = "function")]
mod scan;
#[cfg(feature = "function")]
mod write;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::item::Item;
use crate::domain::{FoldedName, User, UserId, UserPointer, UserRef};
use crate::error::Error;
use item::{parse_user, user_key};

#[cfg(feature = "function")]
pub use accounts::StoredUser;
pub use attempts::ReserveOutcome;
#[cfg(feature = "function")]
pub use check::{Repair, ScannedUsers, StoredSecret, UserFault};
#[cfg(feature = "function")]
pub use credentials::UsedCredential;
#[cfg(feature = "function")]
pub use factors::{
    FactorPutOutcome, ReservedFactors, TriedTotp, UsedFactors, UsedProofs, UsedTotp,
};
pub(super) use item::{parse_pointer, pointer_key};
#[cfg(feature = "function")]
pub use parts::AddressConflict;
#[cfg(feature = "function")]
pub use scan::ScannedAccount;
#[cfg(feature = "function")]
pub use write::{Alongside, ChangeOutcome, InsertOutcome};

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

    /// Reads items of the users table: 1 request.
    #[cfg(feature = "function")]
    async fn get_parts<const N: usize>(
        &self,
        keys: [AttributeValue; N],
    ) -> Result<[Option<Item>; N], Error> {
        let wanted = keys.iter().cloned().map(users_table_key);
        let wanted: Vec<_> = wanted.map(|key| (self.tables.users.clone(), key)).collect();
        let mut items = self.get_items(&wanted).await?;
        Ok(keys.map(|key| {
            let found = items
                .iter()
                .position(|(_, item)| item.get("pk") == Some(&key));
            found.map(|found| items.swap_remove(found).1)
        }))
    }
}
