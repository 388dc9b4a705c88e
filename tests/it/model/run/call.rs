//! A call, and what its answer must be.

use serde_json::Value;
use sesame::api::Version;

use crate::model::reference::Principal;
use crate::model::users::Refusal;
use crate::support::answer::{Outcome, is_unknown, millis, number};
use crate::support::client::{JsonCall, Wire};

/// A call that is being made.
pub struct PendingCall {
    pub wire: Wire,
    pub version: Version,
    pub call: JsonCall,
    pub principal: Result<Principal, Refusal>,
    pub session: Option<usize>,
    pub token: Option<String>,
    /// Whether there are so few faults that each request succeeds after retries.
    pub gets_through: bool,
}

/// The outcome of a call.
pub struct FinishedCall {
    pub outcome: Outcome,
    /// The time by which it ended, in milliseconds.
    pub by: i64,
}

pub fn assert_details(body: &Value, sequence: u64, changed_at: i64) {
    let details = &body["details"];
    assert_eq!(number(&details["sequence"]), sequence);
    assert_eq!(millis(&details["changeDate"]), changed_at);
}

/// Checks that a call failed with the model's error, or with that of an unreachable database.
pub fn assert_refused(want: Result<(), Refusal>, outcome: &Outcome, pending: &PendingCall) {
    if is_unknown(outcome) {
        assert!(!pending.gets_through, "{outcome:?}, not {want:?}");
        return;
    }
    assert_eq!(outcome.as_ref().map(drop).map_err(String::as_str), want);
}
