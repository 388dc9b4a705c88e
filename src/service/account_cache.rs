use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::domain::{ServiceAccount, Timestamp, TokenHash};
use crate::lock::lock;

/// How long a process remembers a service account: a revoked token works that much longer in a
/// process that has seen it.
const MAX_AGE: Duration = Duration::from_mins(1);
/// How many service accounts a process remembers. A deployment has a handful.
const MAX_ACCOUNTS: usize = 1000;

/// The service accounts that the process has read in the last minute, by their tokens.
#[derive(Debug, Default)]
pub(super) struct ServiceAccountCache(Mutex<HashMap<TokenHash, (ServiceAccount, Timestamp)>>);

impl ServiceAccountCache {
    pub fn get(&self, token: TokenHash, now: Timestamp) -> Option<ServiceAccount> {
        let accounts = lock(&self.0);
        let (account, read_at) = accounts.get(&token)?;
        let is_fresh = read_at.until(now).is_some_and(|age| age < MAX_AGE);
        is_fresh.then(|| account.clone())
    }

    pub fn insert(&self, token: TokenHash, account: ServiceAccount, now: Timestamp) {
        let mut accounts = lock(&self.0);
        if accounts.len() >= MAX_ACCOUNTS {
            accounts.clear();
        }
        accounts.insert(token, (account, now));
    }
}
