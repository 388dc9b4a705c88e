//! Users as a list finds them: by keys, or all who are in the index.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::types::AttributeValue;

use super::addresses::{address_key, parse_holders};
use super::item::{USER_PREFIX, parse_pointer, pointer_key, user_key};
use super::profile::PROFILE_PREFIX;
use super::users_table_key;
use crate::aws::failure;
use crate::domain::{
    Account, DisplayName, EmailAddress, FoldedName, LoginName, PersonName, PhoneNumber, UserEntry,
    UserId, UserKeys, UserRef, UserState,
};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{Attributes, CorruptItem, Item};
use crate::store::schema::USERS_INDEX;

/// How often users who were renamed between two requests are looked for.
const TRIES: usize = 3;

/// Users who were found, some with the login name under which they were.
#[derive(Default)]
struct FoundUsers {
    named: HashMap<UserRef, FoldedName>,
    unnamed: HashSet<UserRef>,
}

impl Store {
    /// The users to whom `keys` lead, with their profiles, in no order. `None`: they are more than
    /// `max`, and were not read.
    ///
    /// One request for each kind of keys, all at once; then one for the pointers of the users who
    /// have an address or a number, if any; then one for fifty users, two of them at once. The last
    /// two come again for users who were renamed in between.
    pub async fn find_accounts(
        &self,
        keys: &UserKeys,
        max: usize,
    ) -> Result<Option<Vec<Account>>, Error> {
        let ids = keys.ids.iter().map(|id| pointer_key(UserRef::from(id)));
        let (pointers, logins, emails, phones) = tokio::try_join!(
            self.get_users_table_items(ids),
            self.get_users_table_items(keys.names.iter().map(user_key)),
            self.get_users_table_items(keys.emails.iter().map(address_key)),
            self.get_users_table_items(keys.phones.iter().map(address_key)),
        )?;
        let mut users = FoundUsers::default();
        for item in pointers {
            let pointer = parse_pointer(&item)?;
            users.name(&pointer.id, &pointer.login_name);
        }
        for item in logins {
            let (id, name) = user_and_name(&item)?;
            users.name(&id, &name);
        }
        for item in emails.iter().chain(&phones) {
            users.unnamed.extend(parse_holders(item)?);
        }
        let named = &users.named;
        users.unnamed.retain(|user| !named.contains_key(user));
        if users.named.len() + users.unnamed.len() > max {
            return Ok(None);
        }
        self.read_found(users).await.map(Some)
    }

    /// Those of the users in the index who still exist, with their profiles, in no order.
    ///
    /// One request for fifty users, two of them at once, and more for users who were renamed since.
    pub async fn read_entries(&self, entries: &[UserEntry]) -> Result<Vec<Account>, Error> {
        let mut users = FoundUsers::default();
        for entry in entries {
            users.name(&entry.user_id, &entry.login_name);
        }
        self.read_found(users).await
    }

    async fn read_found(&self, mut users: FoundUsers) -> Result<Vec<Account>, Error> {
        let mut accounts = Vec::new();
        for _ in 0..TRIES {
            let unnamed: Vec<_> = users.unnamed.drain().collect();
            let read = self.get_sessions_and_users(&[], &unnamed).await?;
            for pointer in read.users.values() {
                users.name(&pointer.id, &pointer.login_name);
            }
            let named: Vec<_> = users.named.drain().collect();
            let found = self.read_accounts(&named).await?;
            // Whoever isn't there under that name was deleted, and has no pointer, or renamed.
            users.unnamed = named.into_iter().map(|(user, _)| user).collect();
            for one in found {
                users.unnamed.remove(&UserRef::from(&one.user.user_id));
                accounts.push(one);
            }
            if users.unnamed.is_empty() {
                return Ok(accounts);
            }
        }
        let text = "users were renamed each time that they were looked for";
        Err(Error::Unavailable(text.into()))
    }

    /// Reads those of the given items that exist, in no order. Keys may be there twice.
    ///
    /// One request for a hundred keys.
    async fn get_users_table_items(
        &self,
        keys: impl Iterator<Item = AttributeValue>,
    ) -> Result<Vec<Item>, Error> {
        let mut distinct: Vec<AttributeValue> = Vec::new();
        for key in keys {
            if !distinct.contains(&key) {
                distinct.push(key);
            }
        }
        let keys = distinct.into_iter();
        let keys = keys.map(|key| (self.tables.users.clone(), users_table_key(key)));
        let read = self.get_items(&keys.collect::<Vec<_>>()).await?;
        Ok(read.into_iter().map(|(_, item)| item).collect())
    }

    /// Every user in the index, in no order. `None`: they are more than `max`.
    ///
    /// A request for each megabyte of index, one after another. The index is eventually consistent,
    /// and has no state that wrong passwords brought about.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: there is no index, or it is being built, too.
    pub async fn scan_user_index(&self, max: usize) -> Result<Option<Vec<UserEntry>>, Error> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.tables.users)
            .index_name(USERS_INDEX.name)
            .into_paginator()
            .send();
        let mut logins = Vec::new();
        let mut profiles = HashMap::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(index_failure)?.items.unwrap_or_default() {
                let key = Attributes(&item).text("pk")?;
                if key.starts_with(USER_PREFIX) {
                    logins.push(item);
                } else if key.starts_with(PROFILE_PREFIX) {
                    let id = Attributes(&item).text("user_id")?.to_owned();
                    profiles.insert(id, item);
                }
            }
            if logins.len() > max {
                return Ok(None);
            }
        }
        let mut entries = HashMap::new();
        for login in &logins {
            let entry = parse_entry(login, &profiles)?;
            // While a user is renamed, the index may have both names.
            entries.insert(entry.user_id.to_string(), entry);
        }
        Ok(Some(entries.into_values().collect()))
    }
}

impl FoundUsers {
    fn name(&mut self, id: &UserId, name: &LoginName) {
        self.named.insert(UserRef::from(id), name.folded());
    }
}

fn user_and_name(item: &Item) -> Result<(UserId, LoginName), CorruptItem> {
    let item = Attributes(item);
    Ok((
        UserId::from_stored(item.text("user_id")?.to_owned()),
        LoginName::from_stored(item.text("login_name")?.to_owned()),
    ))
}

/// Reads a user of the index. `profiles` are by user id; a user of a release without profiles has
/// none.
fn parse_entry(login: &Item, profiles: &HashMap<String, Item>) -> Result<UserEntry, CorruptItem> {
    let (user_id, login_name) = user_and_name(login)?;
    let none = Item::new();
    let profile = Attributes(profiles.get(user_id.as_str()).unwrap_or(&none));
    let login = Attributes(login);
    let name = |name| -> Result<_, CorruptItem> {
        let text = profile.optional_text(name)?;
        Ok(text.map(|text| PersonName::from_stored(text.to_owned())))
    };
    let email = profile.optional_text("email")?;
    let phone = profile.optional_text("phone")?;
    Ok(UserEntry {
        display_name: DisplayName::unless_copied(login.display_name()?, &login_name),
        state: UserState::named(login.text("state")?).unwrap_or(UserState::Unknown),
        given_name: name("given_name")?,
        family_name: name("family_name")?,
        nick_name: name("nick_name")?,
        email: email.map(|email| EmailAddress::from_stored(email.to_owned())),
        phone: phone.map(|phone| PhoneNumber::from_stored(phone.to_owned())),
        created_at: profile.optional_millis("created_at")?,
        user_id,
        login_name,
    })
}

/// The error of a scan of the index. DynamoDB refuses one of an index that it doesn't have, or is
/// building, as invalid.
fn index_failure(error: SdkError<ScanError, HttpResponse>) -> Error {
    match error.code() {
        Some("ValidationException" | "ResourceNotFoundException") => {
            let name = USERS_INDEX.name;
            let text = format!(
                "the index {name} is missing or being built: see `sesame tables check`: {}",
                error.message().unwrap_or_default()
            );
            Error::Unavailable(text.into())
        }
        _ => failure(error),
    }
}
