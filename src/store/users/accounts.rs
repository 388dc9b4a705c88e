//! Users with their profiles, as they are read.

use std::collections::HashMap;

use super::item::{parse_user, user_key};
use super::profile::{parse_profile, profile_key};
use super::users_table_key;
use crate::domain::{Account, FoldedName, Profile, UserId, UserRef, UserSearch};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::Item;

/// A user as it was read, with the items that a change states in its conditions.
#[derive(Clone, Debug)]
pub struct StoredUser {
    pub account: Account,
    pub(super) user_item: Item,
    /// `None`: a release without profiles added the user, who wasn't changed since.
    pub(super) profile_item: Option<Item>,
}

impl StoredUser {
    fn new(user_item: Item, profile_item: Option<Item>) -> Result<Self, Error> {
        let profile = profile_item.as_ref().map(parse_profile).transpose()?;
        let account = Account {
            user: parse_user(&user_item)?,
            profile: profile.unwrap_or_else(Profile::default),
        };
        Ok(Self {
            account,
            user_item,
            profile_item,
        })
    }

    pub(super) fn user_ref(&self) -> UserRef {
        UserRef::from(&self.account.user.user_id)
    }
}

/// How often a user who was renamed between two requests is looked for.
const TRIES: usize = 3;

impl Store {
    /// The user whom `search` finds, with the profile.
    ///
    /// Two requests, one after the other. By id, one of them is a batch of two items, which are not
    /// read at one instant: a change states in its conditions what of both it saw.
    pub async fn read_user(&self, search: &UserSearch) -> Result<Option<StoredUser>, Error> {
        let (name, wanted) = match search {
            UserSearch::Id(id) => return self.read_user_by_id(id).await,
            UserSearch::LoginName(name) => (name.folded(), None),
            UserSearch::Both(id, name) => (name.folded(), Some(id)),
        };
        let Some(user_item) = self.get_users_table_item(user_key(&name)).await? else {
            return Ok(None);
        };
        let id = parse_user(&user_item)?.user_id;
        if wanted.is_some_and(|wanted| *wanted != id) {
            return Ok(None);
        }
        let profile = profile_key(UserRef::from(&id));
        let profile = self.get_users_table_item(profile).await?;
        StoredUser::new(user_item, profile).map(Some)
    }

    async fn read_user_by_id(&self, id: &UserId) -> Result<Option<StoredUser>, Error> {
        for _ in 0..TRIES {
            let Some(pointer) = self.get_user_pointer(id).await? else {
                return Ok(None);
            };
            let named = (UserRef::from(id), pointer.login_name.folded());
            let read = self.read_accounts(std::slice::from_ref(&named)).await?;
            let found = read.into_iter().next();
            if let Some(found) = found.filter(|found| found.account.user.user_id == *id) {
                return Ok(Some(found));
            }
        }
        let text = "the user was renamed each time that it was looked for";
        Err(Error::Unavailable(text.into()))
    }

    /// Reads those of the given users who exist under these names, with their profiles, in no order.
    ///
    /// One request for fifty users.
    pub async fn read_accounts(
        &self,
        users: &[(UserRef, FoldedName)],
    ) -> Result<Vec<StoredUser>, Error> {
        let keys = users
            .iter()
            .flat_map(|(user, name)| [user_key(name), profile_key(*user)])
            .map(|key| (self.tables.users.clone(), users_table_key(key)));
        let items = self.get_items(&keys.collect::<Vec<_>>()).await?;
        let mut by_key = HashMap::new();
        for (_, item) in items {
            if let Some(key) = item.get("pk").and_then(|key| key.as_s().ok()) {
                by_key.insert(key.clone(), item);
            }
        }
        let mut take = |key: &aws_sdk_dynamodb::types::AttributeValue| {
            key.as_s().ok().and_then(|key| by_key.remove(key))
        };
        let mut found = Vec::new();
        for (user, name) in users {
            if let Some(user_item) = take(&user_key(name)) {
                found.push(StoredUser::new(user_item, take(&profile_key(*user)))?);
            }
        }
        // Since the pointer was read, another user may have got the name.
        let is_wanted = |one: &StoredUser| users.iter().any(|(user, _)| *user == one.user_ref());
        found.retain(is_wanted);
        Ok(found)
    }
}
