//! Credentials without their user, and lists of them that name others.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::found::{Involved, ScannedUsers, UserFault};
use crate::domain::{CredentialHash, Credentials, FactorKinds, ListedCredential, UserId, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::{Expression, ItemChanges};
use crate::store::item::{Attributes, CorruptItem, Item};
use crate::store::transactions::update_if;
use crate::store::users::credentials::{
    credential_key, keys_item, keys_key, parse_credential, parse_keys,
};
use crate::store::users::parts::delete_if;

impl ScannedUsers {
    pub(super) fn credential_faults(&self) -> Vec<UserFault> {
        let lists = |user: &UserRef, hash: &CredentialHash| {
            let keys = self
                .keys
                .get(user)
                .filter(|_| self.users.contains_key(user));
            keys.is_some_and(|keys| keys.listed.iter().any(|one| one.id.hash() == *hash))
        };
        let left_lists = self.keys.keys();
        let left_lists = left_lists.filter(|user| !self.users.contains_key(user));
        let left_lists = left_lists.map(|user| UserFault::LeftKeys(*user));
        let left = self.credentials.iter();
        let left = left.filter(|(hash, one)| !lists(&one.owner, hash));
        let left = left.map(|(hash, one)| UserFault::LeftCredential {
            credential: *hash,
            user: one.owner,
        });
        let lacking = self
            .keys
            .iter()
            .filter(|(user, _)| self.users.contains_key(user))
            .flat_map(|(user, keys)| keys.listed.iter().map(move |one| (user, one)));
        let lacking = lacking.filter_map(|(user, one)| {
            let hash = one.id.hash();
            let stored = self.credentials.get(&hash);
            let is_there = stored.is_some_and(|stored| stored.owner == *user);
            (!is_there).then_some(UserFault::LackingCredential {
                credential: hash,
                user: *user,
            })
        });
        left_lists.chain(left).chain(lacking).collect()
    }

    /// The kinds of credentials in a user's list.
    pub(super) fn credential_kinds(&self, user: UserRef) -> FactorKinds {
        let keys = self.keys.get(&user);
        keys.map(Credentials::kinds).unwrap_or_default()
    }
}

impl Involved {
    pub(super) fn credentials(&self) -> Result<Credentials, CorruptItem> {
        let keys = self.keys.as_ref().map(parse_keys).transpose()?;
        Ok(keys.unwrap_or_default())
    }

    /// Whether the user's list names the credential, and whether it is stored as the user's.
    pub(super) fn has_credential(
        &self,
        user: UserRef,
        hash: CredentialHash,
    ) -> Result<(bool, bool), CorruptItem> {
        let credentials = self.credentials()?;
        let is_listed = self.pointer.is_some() && credentials.listed.iter().any(is(hash));
        let stored = self.credential.as_ref().map(parse_credential).transpose()?;
        let is_stored = stored.is_some_and(|stored| UserRef::from(&stored.user) == user);
        Ok((is_listed, is_stored))
    }

    /// The condition that the list of credentials is as it was read.
    pub(super) fn keys_unchanged(&self) -> Expression {
        let none = Item::new();
        Expression::unchanged(self.keys.as_ref().unwrap_or(&none), ["version"])
    }
}

fn is(hash: CredentialHash) -> impl Fn(&ListedCredential) -> bool {
    move |one| one.id.hash() == hash
}

impl Store {
    pub(super) fn delete_keys(
        &self,
        user: UserRef,
        found: &Involved,
    ) -> Result<TransactWriteItem, Error> {
        delete_if(self.delete(keys_key(user)), found.keys_unchanged())
    }

    /// Deletes a credential that its owner's list doesn't name, if both still are what was read.
    pub(super) fn delete_left_credential(
        &self,
        user: UserRef,
        hash: CredentialHash,
        found: &Involved,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let none = Item::new();
        let stored = found.credential.as_ref().unwrap_or(&none);
        let unchanged = Expression::unchanged(stored, ["owner_id", "created_at"]);
        Ok(vec![
            self.check_item(keys_key(user), found.keys_unchanged())?,
            delete_if(self.delete(credential_key(hash)), unchanged)?,
        ])
    }

    /// Takes a credential that isn't stored from the list of a user, and from the kinds in the pointer
    /// if it was the last of its kind.
    pub(super) fn unlist_credential(
        &self,
        user: UserRef,
        hash: CredentialHash,
        found: &Involved,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let before = found.credentials()?;
        let after = before.clone().without(is(hash));
        let none = Item::new();
        let stored = found.keys.as_ref().unwrap_or(&none);
        let attributes = Attributes(stored);
        let (version, owner) = (attributes.number("version")?, attributes.text("owner_id")?);
        let owner = UserId::from_stored(owner.to_owned());
        let changes = ItemChanges::between(
            &keys_item(&owner, &before, version),
            keys_item(&owner, &after, version + 1),
        );
        let update = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", keys_key(user));
        let update = update_if(update, changes.expression(&[]), found.keys_unchanged())?;
        let credential = found.credential.as_ref().unwrap_or(&none);
        let as_read = Expression::unchanged(credential, ["owner_id"]);
        let mut items = vec![update, self.check_item(credential_key(hash), as_read)?];
        let kinds = found.factor_kinds()?.iter().chain(after.kinds().iter());
        items.extend(self.mend_pointer(user, found, kinds.collect())?);
        Ok(items)
    }
}
