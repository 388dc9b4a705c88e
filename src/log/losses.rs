use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;

use super::Log;
use crate::domain::Timestamp;

/// How often clients lost a request or a connection because there was no room, by their addresses.
#[derive(Debug, Default)]
pub struct Losses(watch::Sender<HashMap<IpAddr, u64>>);

impl Losses {
    pub fn record(&self, address: IpAddr) {
        self.0
            .send_modify(|counts| *counts.entry(address).or_default() += 1);
    }

    /// Logs the losses since the last line, at most once a second.
    pub async fn log_to(&self, log: &Log, now: fn() -> Timestamp) {
        let mut counts = self.0.subscribe();
        while counts.wait_for(|counts| !counts.is_empty()).await.is_ok() {
            let counts = self.0.send_replace(HashMap::new());
            if let Some((address, _)) = counts.iter().max_by_key(|(_, count)| **count) {
                let lost: u64 = counts.values().sum();
                log.warn(
                    "clients lost requests or connections, because there was no room for all",
                    json!({ "lost": lost, "client_ip": address }),
                    now(),
                );
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}
