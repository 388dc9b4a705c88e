//! The command line tool, the local service and the server: reads the clock and the
//! environment for [`sesame::cli`].

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser as _;
use sesame::cli::{Cli, Environment};
use sesame::domain::Timestamp;

fn main() -> ExitCode {
    sesame::cli::run(
        Cli::parse(),
        Environment {
            now,
            variable,
            program,
        },
    )
}

#[allow(
    clippy::disallowed_methods,
    reason = "time comes in here, and nowhere below"
)]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_millis(0).plus(since_1970.unwrap_or_default())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the environment comes in here, and nowhere below"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn program() -> String {
    let name = std::env::args().next();
    name.unwrap_or_else(|| "sesame".to_owned())
}
