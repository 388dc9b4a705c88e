//! The command line tool, the local service and the server.

mod process;

use std::process::ExitCode;

use clap::Parser as _;
use sesame::cli::{Cli, Environment};

use self::process::now;

fn main() -> ExitCode {
    let environment = Environment {
        now,
        variable,
        program,
    };
    sesame::cli::run(Cli::parse(), environment)
}

/// The value of an environment variable. In a shell, an empty one is as good as none.
fn variable(name: &str) -> Option<String> {
    process::variable(name).filter(|value| !value.is_empty())
}

fn program() -> String {
    let name = std::env::args().next();
    name.unwrap_or_else(|| "sesame".to_owned())
}
