//! What the clients of one session share.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sesame::domain::{HashString, RecoveryCode, User};

use super::checker::Event;
use super::steps::Step;
use crate::support::app::{App, NOW, PASSWORD};

/// The passwords that the user has by turns, the first at first.
pub const PASSWORDS: [&str; 2] = [PASSWORD, "An0ther!"];

/// How many recovery codes the user has: few enough that some are used again.
pub const CODES: u64 = 4;

/// The longest delay of a fault; after it, no request is in progress.
pub const LATEST: Duration = Duration::from_millis(60);

/// What the clients of one session share.
pub struct Meeting {
    pub app: Arc<App>,
    /// A token with all permissions.
    pub bearer: String,
    pub user: User,
    /// Those of [`PASSWORDS`].
    pub hashes: [HashString; 2],
    /// The recovery codes that the user has at first.
    pub codes: Vec<RecoveryCode>,
    /// The idempotency key with which all of them create the session.
    pub key: String,
    pub seed: u64,
    /// The clock of the history, which ticks with each beginning and each end of a call.
    pub ticks: AtomicU64,
    /// The time, in milliseconds since [`NOW`].
    pub time: AtomicI64,
    pub known: Mutex<Known>,
    pub record: Mutex<Vec<Event<Step>>>,
}

/// What the answers so far have shown.
#[derive(Default)]
pub struct Known {
    pub session_id: Option<String>,
    pub tokens: Vec<String>,
    pub sequence: u64,
}

impl Meeting {
    pub fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    pub fn now(&self) -> i64 {
        NOW.as_millis() + self.time.load(Ordering::SeqCst)
    }

    /// Notes the steps of one call, each of which follows the one before.
    pub fn note(&self, steps: Vec<Step>, invoked: u64, returned: Option<u64>) {
        let mut record = self.record.lock().unwrap();
        let mut follows = None;
        for step in steps {
            let at = record.len();
            record.push(Event {
                step,
                invoked,
                returned,
                follows,
            });
            follows = Some(at);
        }
    }
}
