use tokio::time::Instant;

use crate::domain::Timestamp;
use crate::log::CallRecord;

/// The time of a call, and the record of what happens in it.
#[derive(Debug)]
pub struct Context {
    /// When the call began. It is the time of the checks and changes that the call makes. Locks
    /// and grace periods begin at [`Self::time`] instead, because a call may wait long before it
    /// writes.
    pub now: Timestamp,
    pub record: CallRecord,
    /// When the call began, on a monotonic clock.
    pub started: Instant,
}

impl Context {
    /// The context of a call that begins `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
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
