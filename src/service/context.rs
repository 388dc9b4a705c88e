use std::net::IpAddr;

use tokio::time::Instant;

use crate::domain::Timestamp;
use crate::log::CallRecord;

/// The address of a call's client, if anything that can be trusted says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub ip: Option<IpAddr>,
    /// Whether it may be that of a load balancer, and so of many clients.
    pub may_be_many: bool,
}

impl Client {
    /// The address by which failed logins are counted, if it is that of one client.
    pub fn counted_ip(self) -> Option<IpAddr> {
        self.ip.filter(|_| !self.may_be_many)
    }
}

/// The time of a call, and the record of what happens in it.
#[derive(Debug)]
pub struct Context {
    /// When the call began. It is the time of the checks and changes that the call makes. Locks
    /// and grace periods begin at [`Self::time`] instead, because a call may wait long before it
    /// writes.
    pub now: Timestamp,
    pub record: CallRecord,
    pub client: Client,
    /// When the call began, on a monotonic clock.
    pub started: Instant,
}

impl Context {
    /// The context of a call of `client` that begins `now`.
    pub fn new(client: Client, now: Timestamp) -> Self {
        Self {
            now,
            client,
            record: CallRecord::default(),
            started: Instant::now(),
        }
    }

    /// The current time: `now` plus the time that has passed since the call began.
    pub fn time(&self) -> Timestamp {
        self.now.plus(self.started.elapsed())
    }

    /// Waits for requests to DynamoDB, and records how long they took.
    pub async fn database<T>(&self, requests: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = requests.await;
        let took = started.elapsed();
        self.record.note(|facts| facts.database += took);
        answer
    }
}
