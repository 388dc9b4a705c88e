//! The command line tool, the local service and the server.

mod process;

use std::process::ExitCode;

use clap::Parser as _;
use sesame::cli::{Cli, Environment};

use self::process::{now, variable};

fn main() -> ExitCode {
    let environment = Environment {
        now,
        variable,
        program,
    };
    sesame::cli::run(Cli::parse(), environment)
}

fn program() -> String {
    let name = std::env::args().next();
    name.unwrap_or_else(|| "sesame".to_owned())
}
