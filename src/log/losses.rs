use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::Log;
use crate::domain::Timestamp;

/// How often clients lost a request or a connection because there was no room, by their addresses.
#[derive(Debug, Default)]
pub struct Losses {
    counts: Mutex<HashMap<IpAddr, u64>>,
    changed: Notify,
}

impl Losses {
    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn record(&self, address: IpAddr) {
        *self.counts().entry(address).or_default() += 1;
        self.changed.notify_one();
    }

    /// Logs the losses since the last line, at most once a second.
    pub async fn log_to(&self, log: &Log, now: fn() -> Timestamp) {
        loop {
            self.changed.notified().await;
            let counts =
                std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
            if let Some((address, _)) = counts.iter().max_by_key(|(_, count)| **count) {
                log.losses(counts.values().sum(), *address, now());
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}
