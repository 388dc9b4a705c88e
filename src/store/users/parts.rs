//! The items of the transactions that change a user: the login's, the pointer, the profile, and a
//! session that stays.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::builders::{DeleteBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};

use super::accounts::StoredUser;
use super::addresses::Sharing;
use super::factors::{OF_CHECKS, factors_item, factors_key};
use super::item::{kinds_after, pointer_key, user_item, user_key};
use super::profile::{profile_item, profile_key};
use crate::domain::{Account, SecondFactors, SessionId, User, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::{Expression, ItemChanges};
use crate::store::item::{Item, number, text};
use crate::store::sessions::session_key;
use crate::store::transactions::{delete_item, update_if, update_item};

/// Why a user can't have an address, or a login name that is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressConflict {
    /// Another user has the e-mail address, which has to be one user's alone.
    Taken,
    /// As many users as may have the address or the number.
    Full,
}

/// What an item of a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    User,
    NewName,
    Pointer,
    Profile,
    Factors,
    /// The list of the user's credentials.
    Keys,
    /// A credential that is removed.
    Credential,
    NewCredential,
    /// With [`Sharing::Nobody`], it becomes the login name.
    LeftEmail(Sharing),
    LeftPhone,
    Email(Sharing),
    Phone,
    /// The login name, as an e-mail address.
    NameAddress,
    Session,
    Code,
}

impl Part {
    /// The order in which failed conditions decide on the outcome: what is out of date comes first.
    pub fn rank(self) -> u8 {
        match self {
            Self::User
            | Self::Pointer
            | Self::Profile
            | Self::Factors
            | Self::Keys
            | Self::Credential => 0,
            Self::Session | Self::Code => 1,
            Self::NewName | Self::NewCredential => 2,
            Self::NameAddress | Self::Email(_) | Self::Phone | Self::LeftEmail(Sharing::Nobody) => {
                3
            }
            Self::LeftEmail(Sharing::Others) | Self::LeftPhone => 4,
        }
    }

    pub fn conflict(self) -> Option<AddressConflict> {
        match self {
            Self::NameAddress | Self::Email(Sharing::Nobody) | Self::LeftEmail(Sharing::Nobody) => {
                Some(AddressConflict::Taken)
            }
            Self::Email(Sharing::Others) | Self::Phone => Some(AddressConflict::Full),
            _ => None,
        }
    }
}

/// The attributes of a user's item that a login writes. No change of a user takes its value of them.
const OF_LOGINS: [&str; 6] = [
    "attempts",
    "cleared",
    "failures",
    "attempted_at",
    "write_id",
    "password_hash",
];

/// Those that only changes write.
const OF_CHANGES: [&str; 7] = [
    "user_id",
    "login_name",
    "display_name",
    "state",
    "epoch",
    "password_changed_at",
    "change_required",
];

impl Store {
    /// The changes of a user's item and of the pointer to it.
    pub(super) fn login_parts(
        &self,
        seen: &StoredUser,
        after: &Account,
    ) -> Result<Vec<(Part, TransactWriteItem)>, Error> {
        let (before, user) = (&seen.account.user, &after.user);
        let mut parts = if before.login_name == user.login_name {
            vec![(Part::User, self.user_part(seen, user)?)]
        } else {
            self.renamed_parts(seen, user)?
        };
        if let Some(pointer) = self.pointer_part(seen, after)? {
            parts.push((Part::Pointer, pointer));
        }
        Ok(parts)
    }

    /// The change of the pointer, if one is needed. Kinds of factors that a newer release has written
    /// stay, and those that the factors' item lacks: what a login demands must not get less by a change
    /// of something else.
    fn pointer_part(
        &self,
        seen: &StoredUser,
        after: &Account,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let (before, user) = (&seen.account.user, &after.user);
        let (old_kinds, kinds) = (seen.account.kinds(), after.kinds());
        let is_moved = before.login_name != user.login_name || before.generation != user.generation;
        if !is_moved && old_kinds == kinds {
            return Ok(None);
        }
        let mut changes = Item::from([
            ("login_name".to_owned(), text(user.login_name.as_str())),
            ("epoch".to_owned(), text(user.generation.to_string())),
        ]);
        let stored = seen.pointer_item.get("factors");
        let mut after_set = stored.cloned();
        if old_kinds != kinds {
            after_set = kinds_after(stored, old_kinds, kinds);
        }
        let mut from = Item::new();
        if let Some(set) = stored {
            from.insert("factors".to_owned(), set.clone());
        }
        if let Some(set) = after_set {
            changes.insert("factors".to_owned(), set);
        }
        let changes = ItemChanges::between(&from, changes);
        // Items are not read at one instant: the pointer may be older than the factors.
        let of_kinds = (old_kinds != kinds).then_some("factors");
        let names = ["user_id", "login_name", "epoch"]
            .into_iter()
            .chain(of_kinds);
        let unchanged = Expression::unchanged(&seen.pointer_item, names);
        let update = self.update(pointer_key(seen.user_ref()));
        update_if(update, changes.expression(&[]), unchanged).map(Some)
    }

    /// The second factors of a user who is added. Those under this key would be left over from a user
    /// whom a release without second factors has deleted.
    pub(super) fn first_factors_part(&self, account: &Account) -> Result<TransactWriteItem, Error> {
        let user = UserRef::from(&account.user.user_id);
        if account.factors == SecondFactors::default() {
            return delete_item(self.delete(factors_key(user)));
        }
        self.put(factors_item(user, &account.factors))
    }

    /// The change of the second factors, if there is one. Of what checks write, only the forgiveness
    /// of failures is written.
    pub(super) fn factors_part(
        &self,
        seen: &StoredUser,
        after: &Account,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let (before, factors) = (&seen.account.factors, &after.factors);
        let user = seen.user_ref();
        let key = factors_key(user);
        let Some(stored) = &seen.factors_item else {
            if before == factors {
                return Ok(None);
            }
            let put = self.put_new(factors_item(user, factors))?;
            return Ok(Some(put));
        };
        let mut items = [factors_item(user, before), factors_item(user, factors)];
        for item in &mut items {
            item.retain(|name, _| !OF_CHECKS.contains(&name.as_str()));
        }
        let [from, mut to] = items;
        let mut more = Vec::new();
        if factors.attempts != before.attempts {
            to.insert("failures".to_owned(), number(0));
            more.push("cleared = attempts");
        }
        let changes = ItemChanges::between(&from, to);
        if changes.is_empty() {
            return Ok(None);
        }
        // A check may have used a recovery code up, and items are not read at one instant: what the
        // pointer is to say follows from all of these.
        let names = [
            "pk",
            "recovery_codes",
            "totp_added_at",
            "pending_id",
            "otp_email_at",
            "otp_sms_at",
        ];
        let unchanged = Expression::unchanged(stored, names);
        update_if(self.update(key), changes.expression(&more), unchanged).map(Some)
    }

    /// Changes the item of a user who keeps the login name, or checks that it is as it was read. Of
    /// what logins write, only a new password and the forgiveness of failures are written.
    fn user_part(&self, seen: &StoredUser, user: &User) -> Result<TransactWriteItem, Error> {
        let before = &seen.account.user;
        let key = user_key(&before.login_name.folded());
        let unchanged = Expression::unchanged(&seen.user_item, OF_CHANGES);
        let mut items = [user_item(before), user_item(user)];
        for item in &mut items {
            item.retain(|name, _| !OF_LOGINS.contains(&name.as_str()));
        }
        let [from, mut to] = items;
        let mut more = Vec::new();
        let new_hash = user.password_hash.as_ref();
        let new_hash = new_hash.filter(|hash| before.password_hash.as_ref() != Some(*hash));
        if let Some(hash) = new_hash {
            to.insert("password_hash".to_owned(), text(hash.as_str()));
        }
        // Attempts that were made since the user was read were at the former password too.
        if new_hash.is_some() || user.attempts != before.attempts {
            to.insert("failures".to_owned(), number(0));
            more.push("cleared = attempts");
        }
        let changes = ItemChanges::between(&from, to);
        if changes.is_empty() {
            let check = ConditionCheck::builder()
                .table_name(&self.tables.users)
                .key("pk", key)
                .condition_expression(unchanged.text)
                .set_expression_attribute_names(Some(unchanged.names))
                .set_expression_attribute_values(Some(unchanged.values));
            let check = check.build()?;
            return Ok(TransactWriteItem::builder().condition_check(check).build());
        }
        let changes = changes.expression(&more);
        update_if(self.update(key), changes, unchanged)
    }

    /// Moves a user's item to the key of another login name, with all that it has. The condition is
    /// that it still is what was read: attempts, too, are counted there.
    fn renamed_parts(
        &self,
        seen: &StoredUser,
        user: &User,
    ) -> Result<Vec<(Part, TransactWriteItem)>, Error> {
        let before = &seen.account.user;
        let (old_key, new_key) = (before.login_name.folded(), user.login_name.folded());
        let stored = seen.user_item.keys().map(String::as_str);
        // What was set since is lost if this doesn't look for it.
        let all = stored.chain(OF_CHANGES).chain(OF_LOGINS);
        let all: BTreeSet<_> = all.collect();
        let unchanged = Expression::unchanged(&seen.user_item, all);
        let mut item = seen.user_item.clone();
        // A copy of the former name is no display name.
        if before.display_name.is_none() {
            item.remove("display_name");
        }
        ItemChanges::between(&user_item(before), user_item(user)).apply_to(&mut item);
        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(item));
        if old_key == new_key {
            let put = put
                .condition_expression(unchanged.text)
                .set_expression_attribute_names(Some(unchanged.names))
                .set_expression_attribute_values(Some(unchanged.values));
            let put = TransactWriteItem::builder().put(put.build()?).build();
            return Ok(vec![(Part::User, put)]);
        }
        let put = put.condition_expression("attribute_not_exists(pk)");
        Ok(vec![
            (
                Part::User,
                delete_if(self.delete(user_key(&old_key)), unchanged)?,
            ),
            (
                Part::NewName,
                TransactWriteItem::builder().put(put.build()?).build(),
            ),
        ])
    }

    pub(super) fn profile_part(
        &self,
        seen: &StoredUser,
        after: &Account,
    ) -> Result<TransactWriteItem, Error> {
        let id = &after.user.user_id;
        let before = match &seen.profile_item {
            Some(_) => profile_item(id, &seen.account.profile),
            None => Item::from([("pk".to_owned(), profile_key(seen.user_ref()))]),
        };
        let changes = ItemChanges::between(&before, profile_item(id, &after.profile));
        let update = self.update(profile_key(seen.user_ref()));
        update_if(update, changes.expression(&[]), seen.profile_unchanged())
    }

    /// The session of a user's own change stays: it takes over the new generation, on condition that
    /// it is one of the former.
    pub(super) fn keep_session(
        &self,
        session: SessionId,
        seen: &StoredUser,
        after: &Account,
    ) -> Result<TransactWriteItem, Error> {
        let user = &seen.account.user;
        let update = Update::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_key(session)))
            .update_expression("SET epoch = :epoch, #sequence = #sequence + :one")
            .condition_expression(
                "user_id = :user AND epoch = :seen AND attribute_not_exists(ended_at)",
            )
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":epoch", text(after.user.generation.to_string()))
            .expression_attribute_values(":seen", text(user.generation.to_string()))
            .expression_attribute_values(":user", text(user.user_id.as_str()))
            .expression_attribute_values(":one", number(1));
        update_item(update)
    }

    pub(super) fn put(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(item));
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    pub(super) fn put_new(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn update(&self, key: AttributeValue) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.users)
            .key("pk", key)
    }

    pub(super) fn delete(&self, key: AttributeValue) -> DeleteBuilder {
        Delete::builder()
            .table_name(&self.tables.users)
            .key("pk", key)
    }
}

impl StoredUser {
    /// The condition that nobody has changed the user since it was read.
    pub(super) fn profile_unchanged(&self) -> Expression {
        let none = Item::new();
        let item = self.profile_item.as_ref().unwrap_or(&none);
        Expression::unchanged(item, ["sequence"])
    }
}

pub(super) fn delete_if(
    delete: DeleteBuilder,
    condition: Expression,
) -> Result<TransactWriteItem, Error> {
    let values = (!condition.values.is_empty()).then_some(condition.values);
    let delete = delete
        .condition_expression(condition.text)
        .set_expression_attribute_names(Some(condition.names))
        .set_expression_attribute_values(values);
    delete_item(delete)
}
