use tokio::time::Instant;

use crate::domain::Timestamp;
use crate::log::CallRecord;

/// The time of a call, and the record of what happens in it.
#[derive(Debug)]
pub struct Context {
    /// When the call began. What a call does counts as done at this time, but for what others
    /// measure from its writes, such as a lock: that is done at [`Self::time`].
    pub now: Timestamp,
    pub record: CallRecord,
    started: Instant,
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

    /// The time that it is by now, while the call is under way.
    pub fn time(&self) -> Timestamp {
        self.now.plus(self.started.elapsed())
    }

    /// When the call began, on the clock that runs evenly.
    pub fn started(&self) -> Instant {
        self.started
    }
}
