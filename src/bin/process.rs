//! The clock and the environment of the process, which every program reads here and hands on.

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
    reason = "the one place where a program reads the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
