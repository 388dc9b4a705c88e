//! Users with their profiles, as they are read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::credentials::{keys_key, parse_keys};
use super::factors::{factors_key, parse_factors};
use super::item::{parse_kinds, parse_pointer, parse_user, pointer_key, user_key};
use super::profile::{parse_profile, profile_key};
use super::users_table_key;
use crate::domain::{
    Account, Credentials, FactorKinds, FoldedName, Profile, SecondFactors, UserId, UserRef,
    UserSearch,
};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{Attributes, Item};

/// A user as it was read, with the items that a change states in its conditions.
#[derive(Clone, Debug)]
pub struct StoredUser {
    pub account: Account,
    pub(super) user_item: Item,
    /// `None`: a release without profiles added the user, who wasn't changed since.
    pub(super) profile_item: Option<Item>,
    /// `None`: the user never had a second factor.
    pub(super) factors_item: Option<Item>,
    /// `None`: the user never began to register a credential.
    pub(super) keys_item: Option<Item>,
    pub(super) pointer_item: Item,
}

impl StoredUser {
    fn new(
        user_item: Item,
        profile_item: Option<Item>,
        [factors_item, keys_item]: [Option<Item>; 2],
        pointer_item: Item,
    ) -> Result<Self, Error> {
        let mut account = account(&user_item, profile_item.as_ref())?;
        if let Some(item) = &factors_item {
            account.factors = parse_factors(item)?;
        }
        if let Some(item) = &keys_item {
            account.credentials = parse_keys(item)?;
        }
        Ok(Self {
            account,
            user_item,
            profile_item,
            factors_item,
            keys_item,
            pointer_item,
        })
    }

    /// The kinds of second factors that a login demands of the user: what the pointer says. It may
    /// disagree with the factors after a restore.
    pub fn kinds(&self) -> Result<FactorKinds, Error> {
        Ok(parse_kinds(Attributes(&self.pointer_item))?)
    }

    pub(super) fn user_ref(&self) -> UserRef {
        UserRef::from(&self.account.user.user_id)
    }
}

/// How often a user who was renamed between two requests is looked for.
const TRIES: usize = 3;

impl Store {
    /// The user whom `search` finds, with the profile, the second factors and the credentials.
    ///
    /// Two requests, one after the other. The second is a batch of items, which are not read at one
    /// instant: a change states in its conditions what of each it saw.
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
        let user = UserRef::from(&id);
        let [pointer, profile, factors, keys] = self
            .get_parts([
                pointer_key(user),
                profile_key(user),
                factors_key(user),
                keys_key(user),
            ])
            .await?;
        let Some(pointer) = pointer else {
            return self.read_user_by_id(&id).await;
        };
        StoredUser::new(user_item, profile, [factors, keys], pointer).map(Some)
    }

    async fn read_user_by_id(&self, id: &UserId) -> Result<Option<StoredUser>, Error> {
        let user = UserRef::from(id);
        for _ in 0..TRIES {
            let Some(pointer_item) = self.get_users_table_item(pointer_key(user)).await? else {
                return Ok(None);
            };
            let pointer = parse_pointer(&pointer_item)?;
            if pointer.id != *id {
                return Ok(None);
            }
            let name = pointer.login_name.folded();
            let [user_item, profile, factors, keys] = self
                .get_parts([
                    user_key(&name),
                    profile_key(user),
                    factors_key(user),
                    keys_key(user),
                ])
                .await?;
            // Since the pointer was read, another user may have got the name.
            if let Some(item) = user_item
                && parse_user(&item)?.user_id == *id
            {
                return StoredUser::new(item, profile, [factors, keys], pointer_item).map(Some);
            }
        }
        let text = "the user was renamed each time that it was looked for";
        Err(Error::Unavailable(text.into()))
    }

    /// Reads those of the given users who exist under these names, with their profiles, in no order.
    /// Their second factors are not read.
    ///
    /// One request for fifty users.
    pub async fn read_accounts(
        &self,
        users: &[(UserRef, FoldedName)],
    ) -> Result<Vec<Account>, Error> {
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
        let mut take = |key: &AttributeValue| key.as_s().ok().and_then(|key| by_key.remove(key));
        let mut found = Vec::new();
        for (user, name) in users {
            if let Some(user_item) = take(&user_key(name)) {
                found.push(account(&user_item, take(&profile_key(*user)).as_ref())?);
            }
        }
        // Since the pointer was read, another user may have got the name.
        let is_wanted = |one: &Account| {
            let own = UserRef::from(&one.user.user_id);
            users.iter().any(|(user, _)| *user == own)
        };
        found.retain(is_wanted);
        Ok(found)
    }
}

/// A user without second factors.
fn account(user: &Item, profile: Option<&Item>) -> Result<Account, Error> {
    let profile = profile.map(parse_profile).transpose()?;
    Ok(Account {
        user: parse_user(user)?,
        profile: profile.unwrap_or_else(Profile::default),
        factors: SecondFactors::default(),
        credentials: Credentials::default(),
    })
}
