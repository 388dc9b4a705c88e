use crate::domain::Timestamp;

/// The clock, the settings and the name of the process, which only its `main` reads. Beside
/// these, clap reads the variables of its options, and `aws-config` those of AWS.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    pub now: fn() -> Timestamp,
    /// The value of an environment variable. One that is set but empty has none.
    pub variable: fn(&str) -> Option<String>,
    /// The name by which the process was started.
    pub program: fn() -> String,
}
