//! Second factors without their user, pointers that name others, and what the server keys protect.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::found::{Involved, ScannedUsers, StoredSecret, UserFault, same_kinds};
use crate::domain::{FactorKind, FactorKinds, Timestamp, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::{Expression, ItemChanges};
use crate::store::item::Item;
use crate::store::transactions::update_if;
use crate::store::users::factors::{OF_CHECKS, attribute, factors_key};
use crate::store::users::item::{kinds_after, pointer_key};
use crate::store::users::parts::delete_if;

impl Store {
    /// Deletes second factors, if they still are what was read.
    pub(super) fn delete_factors(
        &self,
        user: UserRef,
        found: &Involved,
    ) -> Result<TransactWriteItem, Error> {
        let none = Item::new();
        let stored = found.factors.as_ref().unwrap_or(&none);
        let mut names: BTreeSet<&str> = stored.keys().map(String::as_str).collect();
        // What was set since is looked for, too.
        names.extend(OF_CHECKS);
        names.extend(FactorKind::ALL.map(attribute));
        names.extend(["pending_id", "pending_tries"]);
        let unchanged = Expression::unchanged(stored, names);
        delete_if(self.delete(factors_key(user)), unchanged)
    }

    /// Has a pointer name these kinds, if it and the factors still are what was read. Kinds of a newer
    /// release stay.
    pub(super) fn mend_pointer(
        &self,
        user: UserRef,
        found: &Involved,
        kinds: FactorKinds,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let none = Item::new();
        let pointer = found.pointer.as_ref().unwrap_or(&none);
        let factors = found.factors.as_ref().unwrap_or(&none);
        let as_read = Expression::unchanged(factors, FactorKind::ALL.into_iter().map(attribute));
        let stored = pointer.get("factors");
        let only = |value| Item::from_iter([("factors".to_owned(), value)]);
        let before = stored.cloned().map(only).unwrap_or_default();
        let after = kinds_after(stored, FactorKind::ALL.into_iter().collect(), kinds);
        let changes = ItemChanges::between(&before, after.map(only).unwrap_or_default());
        let names = ["user_id", "login_name", "epoch", "factors"];
        let unchanged = Expression::unchanged(pointer, names);
        let update = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", pointer_key(user));
        Ok(vec![
            self.check_item(factors_key(user), as_read)?,
            update_if(update, changes.expression(&[]), unchanged)?,
        ])
    }
}

impl ScannedUsers {
    pub(super) fn factor_faults(&self) -> Vec<UserFault> {
        let left = self.factors.keys();
        let left = left.filter(|user| !self.users.contains_key(user));
        let left = left.map(|user| UserFault::LeftFactors(*user));
        let others = self.users.keys().filter(|user| {
            let (named, kinds) = self.kinds(**user);
            !same_kinds(named, kinds)
        });
        let others = others.map(|user| UserFault::OtherKinds(*user));
        left.chain(others).collect()
    }

    /// The kinds of second factors that a user's pointer names, and those that there are.
    pub fn kinds(&self, user: UserRef) -> (FactorKinds, FactorKinds) {
        let named = self.users.get(&user).map(|pointer| pointer.kinds);
        let kinds = self.factors.get(&user).map(|factors| factors.kinds);
        let kinds = kinds.unwrap_or_default();
        let credentials = self.credential_kinds(user);
        let kinds = kinds.iter().chain(credentials.iter()).collect();
        (named.unwrap_or_default(), kinds)
    }

    /// The secrets of all users' authenticator apps, and of those that can still be verified at `now`.
    pub fn secrets(&self, now: Timestamp) -> Vec<StoredSecret<'_>> {
        let mut secrets = Vec::new();
        for (user, factors) in &self.factors {
            let Some(user) = self.users.get(user) else {
                continue;
            };
            let pending = factors.pending.as_ref();
            let pending = pending.filter(|(_, until)| now < *until);
            let pending = pending.map(|(secret, _)| (secret, true));
            let own = factors.totp.as_ref().map(|secret| (secret, false));
            secrets.extend(own.into_iter().chain(pending).map(|(secret, is_pending)| {
                StoredSecret {
                    user,
                    secret,
                    is_pending,
                }
            }));
        }
        secrets
    }
}
