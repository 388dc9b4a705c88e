//! The credentials of WebAuthn that users have. Each is an item that is found by the hash of its id,
//! with all that a verification needs; one item per user lists them, with the registrations that were
//! begun. Neither is written by checks of passwords and codes.

mod item;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::accounts::StoredUser;
use super::parts::Part;
use super::users_table_key;
use crate::domain::{
    Account, Credential, CredentialHash, Credentials, ListedCredential, SignCount, Timestamp,
    UserId, UserRef,
};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::{Expression, ItemChanges};
use crate::store::item::{Attributes, Item, millis, number, text};
use crate::store::transactions::{delete_item, update_if};

pub(super) use item::{
    CREDENTIAL_PREFIX, KEYS_PREFIX, credential_item, credential_key, keys_item, keys_key,
    parse_credential, parse_keys,
};

/// A credential whose signature was right for a session.
#[derive(Clone, Debug)]
pub struct UsedCredential {
    /// The credential as it was read.
    pub seen: Credential,
    /// The count of the signature.
    pub sign_count: SignCount,
    pub is_backed_up: bool,
    pub at: Timestamp,
}

impl Store {
    /// The credentials of a user: 1 request.
    pub async fn get_credentials(&self, user: &UserId) -> Result<Credentials, Error> {
        let item = self.get_users_table_item(keys_key(UserRef::from(user)));
        let keys = item.await?.as_ref().map(parse_keys).transpose()?;
        Ok(keys.unwrap_or_default())
    }

    /// The credential with this hash of its id: 1 request.
    pub async fn get_credential(&self, hash: CredentialHash) -> Result<Option<Credential>, Error> {
        let item = self.get_users_table_item(credential_key(hash)).await?;
        Ok(item.as_ref().map(parse_credential).transpose()?)
    }

    /// The credentials of a user's list, in no order: 1 request. One that has no item of its own is
    /// not among them.
    pub async fn get_listed_credentials(
        &self,
        listed: &[ListedCredential],
    ) -> Result<Vec<Credential>, Error> {
        if listed.is_empty() {
            return Ok(Vec::new());
        }
        let keys = listed.iter().map(|one| credential_key(one.id.hash()));
        let keys = keys.map(|key| (self.tables.users.clone(), users_table_key(key)));
        let items = self.get_items(&keys.collect::<Vec<_>>()).await?;
        let all = items.iter().map(|(_, item)| parse_credential(item));
        Ok(all.collect::<Result<_, _>>()?)
    }

    /// The credentials of a user who is added. A list under this key would be left over from a user
    /// whom a release without credentials has deleted.
    pub(super) fn first_credentials_parts(
        &self,
        account: &Account,
    ) -> Result<Vec<(Part, TransactWriteItem)>, Error> {
        let user = &account.user.user_id;
        if account.credentials == Credentials::default() {
            let delete = self.delete(keys_key(UserRef::from(user)));
            return Ok(vec![(Part::Keys, delete_item(delete)?)]);
        }
        let put = self.put(keys_item(user, &account.credentials, 1))?;
        let mut parts = vec![(Part::Keys, put)];
        for credential in &account.credentials.new {
            let put = self.put_new(credential_item(credential))?;
            parts.push((Part::NewCredential, put));
        }
        Ok(parts)
    }

    /// The changes of a user's credentials. The list is looked at, too, if it stays and the kinds of
    /// factors change: items are not read at one instant, and what the pointer is to say follows from
    /// all of them.
    pub(super) fn credentials_parts(
        &self,
        seen: &StoredUser,
        after: &Account,
    ) -> Result<Vec<(Part, TransactWriteItem)>, Error> {
        let (before, credentials) = (&seen.account.credentials, &after.credentials);
        if before == credentials {
            let has_same_kinds = seen.account.kinds() == after.kinds();
            let check = (!has_same_kinds)
                .then(|| self.keys_check(seen))
                .transpose()?;
            return Ok(check.map(|check| (Part::Keys, check)).into_iter().collect());
        }
        let version = seen.keys_version();
        let user = &after.user.user_id;
        let from = match &seen.keys_item {
            Some(_) => keys_item(user, before, version),
            None => Item::from([("pk".to_owned(), keys_key(seen.user_ref()))]),
        };
        let changes = ItemChanges::between(&from, keys_item(user, credentials, version + 1));
        let update = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", keys_key(seen.user_ref()));
        let update = update_if(update, changes.expression(&[]), seen.keys_unchanged())?;
        let mut parts = vec![(Part::Keys, update)];
        for credential in &credentials.new {
            let put = self.put_new(credential_item(credential))?;
            parts.push((Part::NewCredential, put));
        }
        for removed in before.removed_by(credentials) {
            parts.push((Part::Credential, self.delete_credential(removed, user)?));
        }
        Ok(parts)
    }

    /// The deletions of all credentials of a user.
    pub(super) fn no_credentials_parts(
        &self,
        seen: &StoredUser,
    ) -> Result<Vec<(Part, TransactWriteItem)>, Error> {
        let delete = self.delete(keys_key(seen.user_ref()));
        let delete = super::parts::delete_if(delete, seen.keys_unchanged())?;
        let mut parts = vec![(Part::Keys, delete)];
        for one in &seen.account.credentials.listed {
            let delete = self.delete_credential(one, &seen.account.user.user_id)?;
            parts.push((Part::Credential, delete));
        }
        Ok(parts)
    }

    /// After a restore, a credential may be another user's, or nobody's.
    fn delete_credential(
        &self,
        listed: &ListedCredential,
        user: &UserId,
    ) -> Result<TransactWriteItem, Error> {
        let delete = self
            .delete(credential_key(listed.id.hash()))
            .condition_expression("attribute_not_exists(pk) OR owner_id = :user")
            .expression_attribute_values(":user", text(user.as_str()));
        delete_item(delete)
    }

    fn keys_check(&self, seen: &StoredUser) -> Result<TransactWriteItem, Error> {
        let unchanged = seen.keys_unchanged();
        let values = (!unchanged.values.is_empty()).then_some(unchanged.values);
        let check = ConditionCheck::builder()
            .table_name(&self.tables.users)
            .key("pk", keys_key(seen.user_ref()))
            .condition_expression(unchanged.text)
            .set_expression_attribute_names(Some(unchanged.names))
            .set_expression_attribute_values(values);
        let check = check.build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// The use of a credential, on condition that no other signature of it came first, and that it is
    /// still the user's.
    pub(super) fn used_credential_part(
        &self,
        used: &UsedCredential,
    ) -> Result<TransactWriteItem, Error> {
        let seen = &used.seen;
        let largest = used.sign_count.max(seen.sign_count);
        let mut changes = Expression {
            text: "SET sign_count = :count, backed_up = :backed_up, used_at = :now".to_owned(),
            ..Expression::default()
        };
        let values = &mut changes.values;
        values.insert(":count".to_owned(), number(largest.0));
        let backed_up = AttributeValue::Bool(used.is_backed_up);
        values.insert(":backed_up".to_owned(), backed_up);
        values.insert(":now".to_owned(), millis(used.at));
        values.insert(":seen".to_owned(), number(seen.sign_count.0));
        values.insert(":user".to_owned(), text(seen.user.as_str()));
        let condition = Expression {
            text: "owner_id = :user AND sign_count = :seen".to_owned(),
            ..Expression::default()
        };
        let update = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", credential_key(seen.id.hash()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        update_if(update, changes, condition)
    }
}

impl StoredUser {
    fn keys_version(&self) -> u64 {
        let version = self.keys_item.as_ref().map(Attributes);
        let version = version.and_then(|item| item.number("version").ok());
        version.unwrap_or_default()
    }

    /// The condition that nobody has changed the user's list of credentials since it was read.
    fn keys_unchanged(&self) -> Expression {
        let none = Item::new();
        let item = self.keys_item.as_ref().unwrap_or(&none);
        Expression::unchanged(item, ["version"])
    }
}
