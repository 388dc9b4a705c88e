//! The clock and the settings of the process, which every program reads here and hands on. Beside
//! these, clap reads the variables of its options, and `aws-config` those of AWS.

use std::time::SystemTime;

use sesame::domain::Timestamp;

#[allow(
    clippy::disallowed_methods,
    reason = "the one place where a program reads the clock"
)]
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_millis(0).plus(since_1970.unwrap_or_default())
}

/// The value of an environment variable.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where a program reads its settings"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
