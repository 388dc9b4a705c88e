use crate::domain::Timestamp;

/// The clock, the environment and the name of the process, which only its `main` may read.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    pub now: fn() -> Timestamp,
    /// The value of an environment variable. One that is set but empty has none.
    pub variable: fn(&str) -> Option<String>,
    /// The name by which the process was started.
    pub program: fn() -> String,
}
