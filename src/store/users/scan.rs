//! All users, read by one scan.

use std::collections::HashMap;

use super::credentials::{CREDENTIAL_PREFIX, KEYS_PREFIX, parse_credential, parse_keys};
use super::factors::{FACTORS_PREFIX, parse_factors};
use super::item::{POINTER_PREFIX, USER_PREFIX, parse_pointer, parse_user};
use super::profile::{PROFILE_PREFIX, parse_profile};
use crate::aws::failure;
use crate::domain::{
    Account, Credential, Credentials, FactorKind, FactorKinds, Profile, SecondFactors, User,
    UserId, UserRef,
};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{Attributes, CorruptItem, Item, text};

/// A user whom a scan has read.
#[derive(Debug)]
pub struct ScannedAccount {
    /// The credentials of the list are all among those to be stored, if they are stored.
    pub account: Account,
    /// The kinds of second factors that a login demands: what the pointer says. It may disagree with
    /// the account's factors after a restore.
    pub kinds: FactorKinds,
}

/// What a scan has found of a user so far.
#[derive(Default)]
struct Parts {
    user: Option<User>,
    profile: Option<Profile>,
    /// What the pointer says.
    kinds: Option<FactorKinds>,
    factors: Option<SecondFactors>,
    /// The list of the credentials.
    credentials: Option<Credentials>,
    /// The credentials themselves.
    stored: Vec<Credential>,
}

enum Found {
    Some(Box<Parts>),
    /// All, which were handed on.
    All,
}

impl Parts {
    /// Takes an item, and returns whose it is.
    fn read(item: &Item) -> Result<(UserRef, Self), CorruptItem> {
        let attributes = Attributes(item);
        let key = attributes.text("pk")?;
        let mut parts = Self::default();
        if key.starts_with(USER_PREFIX) {
            let id = UserId::from_stored(attributes.text("user_id")?.to_owned());
            parts.user = Some(parse_user(item)?);
            return Ok((UserRef::from(&id), parts));
        }
        if key.starts_with(CREDENTIAL_PREFIX) {
            let credential = parse_credential(item)?;
            let user = UserRef::from(&credential.user);
            parts.stored.push(credential);
            return Ok((user, parts));
        }
        let reference = if let Some(reference) = key.strip_prefix(POINTER_PREFIX) {
            parts.kinds = Some(parse_pointer(item)?.kinds);
            reference
        } else if let Some(reference) = key.strip_prefix(PROFILE_PREFIX) {
            parts.profile = Some(parse_profile(item)?);
            reference
        } else if let Some(reference) = key.strip_prefix(KEYS_PREFIX) {
            parts.credentials = Some(parse_keys(item)?);
            reference
        } else {
            parts.factors = Some(parse_factors(item)?);
            key.strip_prefix(FACTORS_PREFIX).unwrap_or(key)
        };
        let user = reference.parse();
        Ok((user.map_err(|()| CorruptItem::Attribute("pk"))?, parts))
    }

    /// Takes over what another item has. A user who is renamed meanwhile may be read twice.
    fn add(&mut self, other: Self) {
        self.user = other.user.or(self.user.take());
        self.profile = other.profile.or(self.profile.take());
        self.kinds = other.kinds.or(self.kinds);
        self.factors = other.factors.or(self.factors.take());
        self.credentials = other.credentials.or(self.credentials.take());
        self.stored.extend(other.stored);
    }

    /// Whether nothing is to come: a user whose pointer names no factors has none.
    fn is_whole(&self) -> bool {
        let has_factors = self.factors.is_some() || self.kinds.is_some_and(FactorKinds::is_empty);
        let has_credentials = match &self.credentials {
            Some(list) => self.stored.len() >= list.listed.len(),
            None => self.kinds.is_some_and(|kinds| {
                !kinds.has(FactorKind::Passkey) && !kinds.has(FactorKind::U2f)
            }),
        };
        let is_named = self.user.is_some() && self.profile.is_some() && self.kinds.is_some();
        is_named && has_factors && has_credentials
    }

    fn account(self) -> Option<ScannedAccount> {
        let mut credentials = self.credentials.unwrap_or_default();
        credentials.new = self.stored;
        credentials.new.retain(|one| {
            let mut listed = credentials.listed.iter();
            listed.any(|listed| listed.id == one.id)
        });
        let account = Account {
            user: self.user?,
            profile: self.profile.unwrap_or_default(),
            factors: self.factors.unwrap_or_default(),
            credentials,
        };
        Some(ScannedAccount {
            kinds: self.kinds.unwrap_or(account.kinds()),
            account,
        })
    }
}

impl Store {
    /// Calls `each` with every user, in no order, until it fails. Each user is handed on once all
    /// items were read, so what is kept in memory is what lacks some of them so far; users of a
    /// release without profiles are kept until the end. Returns how many users have factors that
    /// their pointers, read before, don't name: they were handed on without.
    ///
    /// Reads the whole users table, and not at one instant: for operators, never for a call.
    pub async fn scan_accounts<E: From<Error>>(
        &self,
        mut each: impl FnMut(ScannedAccount) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut found = HashMap::<UserRef, Found>::new();
        let mut late = 0;
        let prefixes = [
            USER_PREFIX,
            POINTER_PREFIX,
            PROFILE_PREFIX,
            FACTORS_PREFIX,
            KEYS_PREFIX,
            CREDENTIAL_PREFIX,
        ];
        self.scan_users_table(&prefixes, |item| -> Result<(), E> {
            let (user, parts) = Parts::read(item).map_err(Error::from)?;
            let entry = found
                .entry(user)
                .or_insert_with(|| Found::Some(Box::default()));
            let Found::Some(before) = entry else {
                let factors = parts.factors.unwrap_or_default();
                let credentials = parts.credentials.unwrap_or_default();
                let has_some = !factors.kinds().is_empty()
                    || !credentials.listed.is_empty()
                    || !parts.stored.is_empty();
                late += u64::from(has_some);
                return Ok(());
            };
            before.add(parts);
            if before.is_whole() {
                let whole = std::mem::take(&mut **before);
                *entry = Found::All;
                return whole.account().map_or(Ok(()), &mut each);
            }
            Ok(())
        })
        .await?;
        for parts in found.into_values() {
            if let Found::Some(parts) = parts
                && let Some(account) = parts.account()
            {
                each(account)?;
            }
        }
        Ok(late)
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
