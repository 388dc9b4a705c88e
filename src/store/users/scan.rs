//! All users, read by one scan.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::item::{USER_PREFIX, parse_user};
use super::profile::{PROFILE_PREFIX, parse_profile};
use crate::aws::failure;
use crate::domain::{Account, Profile, SecondFactors, User, UserId, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{Attributes, CorruptItem, Item, text};

/// What a scan has found of a user so far.
enum Found {
    User(Box<User>),
    Profile(Box<Profile>),
    /// Both, which were handed on.
    Both,
}

impl Found {
    fn from_item(item: &Item) -> Result<(UserRef, Self), CorruptItem> {
        let attributes = Attributes(item);
        let id = UserId::from_stored(attributes.text("user_id")?.to_owned());
        let found = if attributes.text("pk")?.starts_with(USER_PREFIX) {
            Self::User(Box::new(parse_user(item)?))
        } else {
            Self::Profile(Box::new(parse_profile(item)?))
        };
        Ok((UserRef::from(&id), found))
    }
}

impl Store {
    /// Calls `each` with every user, in no order, until it fails. Each user is handed on once both
    /// items were read, so what is kept in memory is what has only one of them so far; users of a
    /// release without profiles are kept until the end.
    ///
    /// Reads the whole users table, and not at one instant: for operators, never for a call.
    pub async fn scan_accounts<E: From<Error>>(
        &self,
        mut each: impl FnMut(Account) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut waiting = HashMap::<UserRef, Found>::new();
        let prefixes = [USER_PREFIX, PROFILE_PREFIX];
        self.scan_users_table(&prefixes, |item| -> Result<(), E> {
            let (user, found) = Found::from_item(item).map_err(Error::from)?;
            let mut entry = match waiting.entry(user) {
                Entry::Vacant(entry) => {
                    entry.insert(found);
                    return Ok(());
                }
                Entry::Occupied(entry) => entry,
            };
            // A user who is renamed meanwhile may be read twice.
            match (entry.insert(Found::Both), found) {
                (Found::User(user), Found::Profile(profile))
                | (Found::Profile(profile), Found::User(user)) => each(Account {
                    user: *user,
                    profile: *profile,
                    factors: SecondFactors::default(),
                }),
                (Found::Both, _) => Ok(()),
                (_, found) => {
                    entry.insert(found);
                    Ok(())
                }
            }
        })
        .await?;
        for found in waiting.into_values() {
            if let Found::User(user) = found {
                each(Account {
                    user: *user,
                    profile: Profile::default(),
                    factors: SecondFactors::default(),
                })?;
            }
        }
        Ok(())
    }

    /// Calls `each` with every item whose key starts with one of the `prefixes`.
    pub(in crate::store) async fn scan_users_table<E: From<Error>>(
        &self,
        prefixes: &[&str],
        mut each: impl FnMut(&Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let conditions = (0..prefixes.len()).map(|n| format!("begins_with(pk, :prefix{n})"));
        let conditions: Vec<_> = conditions.collect();
        let mut scan = self
            .client
            .scan()
            .table_name(&self.tables.users)
            .filter_expression(conditions.join(" OR "))
            .consistent_read(true);
        for (n, prefix) in prefixes.iter().enumerate() {
            scan = scan.expression_attribute_values(format!(":prefix{n}"), text(*prefix));
        }
        let mut items = scan.into_paginator().items().send();
        while let Some(item) = items.next().await {
            each(&item.map_err(failure)?)?;
        }
        Ok(())
    }
}
