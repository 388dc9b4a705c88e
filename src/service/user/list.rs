use std::collections::HashMap;

use super::answers::{ShownState, ShownUser};
use crate::domain::{
    Account, Operation, Page, Permit, Timestamp, UserEntry, UserKeys, UserOrder, UserQuery,
    UserState,
};
use crate::error::Error;
use crate::service::{Context, Service, UseCase};

/// How many users one call may find by keys.
const MAX_FOUND: usize = 100;
/// How many users a search looks at, and how far its pages reach.
const MAX_SEARCHED: usize = 10_000;

const NARROW: &str = "narrow it by a login name, an address, a number or ids";

/// `ListUsersRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListUsers {
    pub page: Page,
    pub order: UserOrder,
    pub query: UserQuery,
}

/// `ListUsersResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUsers {
    /// How many users match, on all pages together.
    pub total: u64,
    pub order: UserOrder,
    pub users: Vec<ShownUser>,
    pub timestamp: Timestamp,
}

impl ListedUsers {
    /// The highest sequence among the users.
    pub fn processed_sequence(&self) -> u64 {
        let sequences = self.users.iter().map(|user| user.details.sequence.0);
        sequences.max().unwrap_or_default()
    }
}

impl UseCase for ListUsers {
    const OPERATION: Operation = Operation::ListUsers;
    type Outcome = ListedUsers;

    /// Lists the users who match, among those whom the principal may read.
    ///
    /// Requests, one after another: by keys at most 3, and 8 at all; more only while users are
    /// renamed. A search takes one for each megabyte of the index, and one for each hundred users
    /// of the page.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ListedUsers, Error> {
        let keys = match permit.listed_user()? {
            Some(own) => Some(UserKeys::of_user(own.clone())),
            None => self.query.keys(&service.policy.resource_owner),
        };
        let (total, users) = match keys {
            Some(keys) => service.list_by_keys(&self, &keys, context).await?,
            None => service.search_users(&self, context).await?,
        };
        Ok(ListedUsers {
            total,
            order: self.order,
            users,
            timestamp: context.now,
        })
    }
}

impl ListUsers {
    /// Those of `users` who match, in the order of the list.
    fn select<T>(
        &self,
        mut users: Vec<T>,
        organization: &str,
        entry: impl Fn(&T) -> &UserEntry,
    ) -> Vec<T> {
        users.retain(|user| self.query.matches(entry(user), organization));
        users.sort_by_cached_key(|user| entry(user).sort_key(self.order));
        if !self.page.ascending {
            users.reverse();
        }
        users
    }

    fn page<T>(&self, users: Vec<T>) -> impl Iterator<Item = T> {
        let offset = usize::try_from(self.page.offset).unwrap_or(usize::MAX);
        let limit = self.page.limit as usize;
        users.into_iter().skip(offset).take(limit)
    }
}

impl Service {
    /// The number of users who match, and those of the page.
    async fn list_by_keys(
        &self,
        list: &ListUsers,
        keys: &UserKeys,
        context: &Context,
    ) -> Result<(u64, Vec<ShownUser>), Error> {
        let found = self.store.find_accounts(keys, MAX_FOUND);
        let found = context.database(found).await?;
        let found = found.ok_or(Error::ListTooLong(NARROW))?.into_iter();
        let users = found.map(|account| {
            let shown = self.shown(account, context.now);
            (UserEntry::new(&shown.account, state(shown.state)), shown)
        });
        let organization = &self.policy.resource_owner;
        let users = list.select(users.collect(), organization, |(entry, _)| entry);
        let total = users.len() as u64;
        Ok((total, list.page(users).map(|(_, shown)| shown).collect()))
    }

    /// The same by a look at all users in the index.
    async fn search_users(
        &self,
        list: &ListUsers,
        context: &Context,
    ) -> Result<(u64, Vec<ShownUser>), Error> {
        let end = list.page.offset.saturating_add(list.page.limit.into());
        if end > MAX_SEARCHED as u64 {
            return Err(Error::ListTooLong(NARROW));
        }
        let entries = self.store.scan_user_index(MAX_SEARCHED);
        let entries = context.database(entries).await?;
        let entries = entries.ok_or(Error::ListTooLong(NARROW))?;
        let matching = list.select(entries, &self.policy.resource_owner, |entry| entry);
        let total = matching.len() as u64;
        let page: Vec<_> = list.page(matching).collect();

        let accounts = context.database(self.store.read_entries(&page)).await?;
        let mut accounts: HashMap<String, Account> = accounts
            .into_iter()
            .map(|account| (account.user.user_id.to_string(), account))
            .collect();
        // Whoever was deleted since is left out.
        let users = page
            .iter()
            .filter_map(|entry| accounts.remove(entry.user_id.as_str()));
        let users = users.map(|account| self.shown(account, context.now));
        Ok((total, users.collect()))
    }
}

fn state(shown: ShownState) -> UserState {
    match shown {
        ShownState::Active => UserState::Active,
        ShownState::Inactive => UserState::Inactive,
        ShownState::Locked => UserState::Locked,
        ShownState::Unknown => UserState::Unknown,
    }
}
