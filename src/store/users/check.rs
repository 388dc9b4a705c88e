//! Items of the users table that disagree: how they are found by one scan, and mended.
//!
//! Each write of a user is one transaction, so a fault comes from elsewhere: a release without
//! profiles that deletes a user who has one, a backup that was restored in part, a hand.

mod credentials;
mod factors;
mod found;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::builders::ConditionCheckBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};

use super::addresses::{MAX_HOLDERS, Sharing, address_key, join, leave, parse_holders};
use super::credentials::{CREDENTIAL_PREFIX, KEYS_PREFIX, credential_key, keys_key, parse_keys};
use super::factors::{FACTORS_PREFIX, factors_key, parse_factors};
use super::item::{POINTER_PREFIX, parse_pointer, pointer_key};
use super::parts::delete_if;
use super::profile::{PROFILE_PREFIX, parse_profile, profile_key};
use super::users_table_key;
use crate::domain::{Address, EmailAddress, PhoneNumber, Profile, UserPointer, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::changes::Expression;
use crate::store::item::{Attributes, CorruptItem, Item, text};
use found::{Involved, ScannedCredential, ScannedFactors, same_kinds};

pub use found::{ScannedUsers, StoredSecret, UserFault};

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    Mended,
    /// It was only there while the user was being changed.
    Gone,
    /// As many others as may have the address.
    Full,
    /// Somebody changes the user all the time.
    Busy,
}

/// How often a fault is mended whose items change meanwhile.
const TRIES: usize = 4;

impl Store {
    /// Reads all users' pointers, profiles, second factors, credentials and addresses.
    ///
    /// Reads the whole users table, and not at one instant: what seems to disagree may just have
    /// been changed, which [`Store::is_fault`] tells.
    pub async fn scan_users(&self) -> Result<ScannedUsers, Error> {
        let (email, phone) = (EmailAddress::PREFIX, PhoneNumber::PREFIX);
        let prefixes = [
            POINTER_PREFIX,
            PROFILE_PREFIX,
            FACTORS_PREFIX,
            KEYS_PREFIX,
            CREDENTIAL_PREFIX,
            email,
            phone,
        ];
        let mut scanned = ScannedUsers::default();
        self.scan_users_table(&prefixes, |item| Ok::<_, Error>(scanned.add(item)?))
            .await?;
        Ok(scanned)
    }

    /// Whether a fault that a scan has found is one: 1 request.
    pub async fn is_fault(&self, fault: &UserFault) -> Result<bool, Error> {
        Ok(fault.is_of(&self.get_involved(fault).await?)?)
    }

    /// Mends a fault. Each write states what it has read, so nothing is lost that the service or
    /// another command does at the same time.
    ///
    /// 2 requests, and more if others change the user at the same time.
    pub async fn repair(&self, fault: &UserFault) -> Result<Repair, Error> {
        for _ in 0..TRIES {
            let found = self.get_involved(fault).await?;
            if !fault.is_of(&found)? {
                return Ok(Repair::Gone);
            }
            if matches!(fault, UserFault::LackingAddress { .. })
                && found.holders.len() >= MAX_HOLDERS
            {
                return Ok(Repair::Full);
            }
            let items = self.repair_items(fault, &found)?;
            if self.try_transact(items).await?.is_none() {
                return Ok(Repair::Mended);
            }
        }
        Ok(Repair::Busy)
    }

    async fn get_involved(&self, fault: &UserFault) -> Result<Involved, Error> {
        let user = fault.user();
        let (pointer, profile) = (pointer_key(user), profile_key(user));
        let (factors, list) = (factors_key(user), keys_key(user));
        let credential = fault.credential().map(credential_key);
        let address = fault.address().map(text);
        let keys = [
            Some(&pointer),
            Some(&profile),
            Some(&factors),
            Some(&list),
            credential.as_ref(),
            address.as_ref(),
        ];
        let keys = keys.into_iter().flatten().cloned().map(users_table_key);
        let keys: Vec<_> = keys.map(|key| (self.tables.users.clone(), key)).collect();
        let mut items = self.get_items(&keys).await?;
        let mut take = |key: &AttributeValue| {
            let found = items
                .iter()
                .position(|(_, item)| item.get("pk") == Some(key));
            found.map(|found| items.swap_remove(found).1)
        };
        let holders = address.as_ref().and_then(&mut take);
        Ok(Involved {
            pointer: take(&pointer),
            factors: take(&factors),
            keys: take(&list),
            credential: credential.as_ref().and_then(&mut take),
            profile: take(&profile),
            holders: holders
                .as_ref()
                .map(parse_holders)
                .transpose()?
                .unwrap_or_default(),
        })
    }

    fn repair_items(
        &self,
        fault: &UserFault,
        found: &Involved,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let table = &self.tables.users;
        let user = fault.user();
        let none = Item::new();
        let profile = found.profile.as_ref().unwrap_or(&none);
        // A change writes another sequence; a user who is deleted and added again has the same one
        // at another time.
        let unchanged = Expression::unchanged(profile, ["sequence", "changed_at"]);
        let pointer = if found.pointer.is_some() {
            "attribute_exists(pk)"
        } else {
            "attribute_not_exists(pk)"
        };
        let pointer = self.check_pointer(user, pointer)?;
        Ok(match fault {
            UserFault::LeftProfile(_) => {
                vec![
                    pointer,
                    delete_if(self.delete(profile_key(user)), unchanged)?,
                ]
            }
            UserFault::LeftAddress { address, .. } => {
                let others = found.holders.len() > 1;
                let leave = leave(table, text(address), user, others)?;
                vec![pointer, self.check_profile(user, unchanged)?, leave]
            }
            UserFault::LackingAddress { address, .. } => {
                let join = join(table, text(address), user, Sharing::Others)?;
                vec![pointer, self.check_profile(user, unchanged)?, join]
            }
            UserFault::LeftFactors(_) => vec![pointer, self.delete_factors(user, found)?],
            UserFault::OtherKinds(_) => {
                let mut items = self.mend_pointer(user, found, found.kinds()?)?;
                items.push(self.check_item(keys_key(user), found.keys_unchanged())?);
                items
            }
            UserFault::LeftKeys(_) => vec![pointer, self.delete_keys(user, found)?],
            UserFault::LeftCredential { credential, .. } => {
                self.delete_left_credential(user, *credential, found)?
            }
            UserFault::LackingCredential { credential, .. } => {
                self.unlist_credential(user, *credential, found)?
            }
        })
    }

    fn check(&self, key: AttributeValue) -> ConditionCheckBuilder {
        ConditionCheck::builder()
            .table_name(&self.tables.users)
            .key("pk", key)
    }

    fn check_pointer(&self, user: UserRef, condition: &str) -> Result<TransactWriteItem, Error> {
        let check = self
            .check(pointer_key(user))
            .condition_expression(condition);
        let check = check.build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn check_profile(
        &self,
        user: UserRef,
        unchanged: Expression,
    ) -> Result<TransactWriteItem, Error> {
        self.check_item(profile_key(user), unchanged)
    }

    fn check_item(
        &self,
        key: AttributeValue,
        unchanged: Expression,
    ) -> Result<TransactWriteItem, Error> {
        let values = (!unchanged.values.is_empty()).then_some(unchanged.values);
        let check = self
            .check(key)
            .condition_expression(unchanged.text)
            .set_expression_attribute_names(Some(unchanged.names))
            .set_expression_attribute_values(values);
        let check = check.build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

impl ScannedUsers {
    fn add(&mut self, item: &Item) -> Result<(), CorruptItem> {
        let key = Attributes(item).text("pk")?;
        let user = |text: &str| text.parse().map_err(|()| CorruptItem::Attribute("pk"));
        if let Some(reference) = key.strip_prefix(POINTER_PREFIX) {
            self.users.insert(user(reference)?, parse_pointer(item)?);
        } else if let Some(reference) = key.strip_prefix(PROFILE_PREFIX) {
            let addresses = addresses(&parse_profile(item)?);
            self.profiles.insert(user(reference)?, addresses);
        } else if let Some(reference) = key.strip_prefix(FACTORS_PREFIX) {
            let factors = ScannedFactors::from(parse_factors(item)?);
            self.factors.insert(user(reference)?, factors);
        } else if let Some(reference) = key.strip_prefix(KEYS_PREFIX) {
            self.keys.insert(user(reference)?, parse_keys(item)?);
        } else if key.starts_with(CREDENTIAL_PREFIX) {
            let (hash, credential) = ScannedCredential::read(item)?;
            self.credentials.insert(hash, credential);
        } else {
            self.holders.insert(key.to_owned(), parse_holders(item)?);
        }
        Ok(())
    }

    /// What disagrees, or seemed to while it was read. Profiles come first: an address that is left
    /// with one is a fault of its own once the profile is gone.
    pub fn faults(&self) -> Vec<UserFault> {
        let mut faults = self.address_faults();
        faults.extend(self.credential_faults());
        faults.extend(self.factor_faults());
        faults
    }

    fn address_faults(&self) -> Vec<UserFault> {
        let mut faults = Vec::new();
        for user in self.profiles.keys() {
            if !self.users.contains_key(user) {
                faults.push(UserFault::LeftProfile(*user));
            }
        }
        for (address, holders) in &self.holders {
            for user in holders.iter().filter(|user| !self.has(**user, address)) {
                faults.push(UserFault::LeftAddress {
                    address: address.clone(),
                    user: *user,
                });
            }
        }
        for (user, addresses) in &self.profiles {
            if !self.users.contains_key(user) {
                continue;
            }
            for address in addresses {
                let holders = self.holders.get(address);
                if !holders.is_some_and(|holders| holders.contains(user)) {
                    faults.push(UserFault::LackingAddress {
                        address: address.clone(),
                        user: *user,
                    });
                }
            }
        }
        faults
    }

    fn has(&self, user: UserRef, address: &String) -> bool {
        let addresses = self.profiles.get(&user);
        let addresses = addresses.filter(|_| self.users.contains_key(&user));
        addresses.is_some_and(|addresses| addresses.contains(address))
    }

    /// The e-mail addresses that several users have, with these users.
    pub fn shared_emails(&self) -> Vec<(&str, Vec<&UserPointer>)> {
        let mut by_address = BTreeMap::<_, Vec<_>>::new();
        for (user, addresses) in &self.profiles {
            let Some(pointer) = self.users.get(user) else {
                continue;
            };
            for address in addresses {
                if let Some(email) = address.strip_prefix(EmailAddress::PREFIX) {
                    by_address.entry(email).or_default().push(pointer);
                }
            }
        }
        by_address.retain(|_, users| users.len() > 1);
        by_address.into_iter().collect()
    }
}

impl UserFault {
    fn is_of(&self, found: &Involved) -> Result<bool, CorruptItem> {
        let profile = found.profile.as_ref().map(parse_profile).transpose()?;
        let addresses = profile.as_ref().map(addresses).unwrap_or_default();
        let has_user = found.pointer.is_some();
        let has = |address: &String| has_user && addresses.contains(address);
        let is_holder = found.holders.contains(&self.user());
        Ok(match self {
            Self::LeftProfile(_) => !has_user && found.profile.is_some(),
            Self::LeftAddress { address, .. } => is_holder && !has(address),
            Self::LackingAddress { address, .. } => !is_holder && has(address),
            Self::LeftFactors(_) => !has_user && found.factors.is_some(),
            Self::LeftKeys(_) => !has_user && found.keys.is_some(),
            Self::LeftCredential { credential, user } => {
                let (is_listed, is_stored) = found.has_credential(*user, *credential)?;
                is_stored && !is_listed
            }
            Self::LackingCredential { credential, user } => {
                let (is_listed, is_stored) = found.has_credential(*user, *credential)?;
                is_listed && !is_stored
            }
            Self::OtherKinds(_) => match found.named_kinds()? {
                Some(named) => !same_kinds(named, found.kinds()?),
                None => false,
            },
        })
    }
}

/// The keys of the items of a profile's addresses.
fn addresses(profile: &Profile) -> Vec<String> {
    let email = profile.email.as_ref();
    let email = email.map(|email| address_key(&email.address));
    let phone = profile.phone.as_ref();
    let phone = phone.map(|phone| address_key(&phone.address));
    let keys = [email, phone].into_iter().flatten();
    keys.filter_map(|key| key.as_s().ok().cloned()).collect()
}
