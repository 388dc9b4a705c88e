//! Measures a cold start: `cargo cold-start`, with `--help` for its options.
//!
//! It serves Lambda's runtime API, starts the function and a hello world of the same profile in
//! turns, and prints times, sizes, memory and, if valgrind is installed, instructions. With
//! `--check` it only counts instructions and the size of the zip, and fails if one is over a limit.

mod binaries;
mod calls;
mod database;
mod events;
mod instructions;
mod limits;
mod outcome;
mod process;
mod response;
mod runtime_api;
mod timing;
mod zip;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use self::database::{Costs, Database};
use self::events::Event;
use self::outcome::Outcome;
use self::process::Program;
use self::runtime_api::RuntimeApi;
use self::timing::Programs;

/// So many that the start hardly shows.
const PROFILED_CALLS: usize = 10;

#[derive(Parser)]
struct Arguments {
    /// How many starts of each program are timed
    #[arg(long, default_value_t = 40)]
    runs: usize,

    /// Only count instructions and the size of the zip, and fail if one is over a limit
    #[arg(long)]
    check: bool,

    /// Only write what callgrind counts of a start and ten calls to this file
    #[arg(long)]
    profile: Option<PathBuf>,

    /// A file with an event that succeeds, which is sent instead of a login in each protocol
    #[arg(long)]
    event: Option<PathBuf>,

    /// The function; without this, one is built
    #[arg(long)]
    function: Option<PathBuf>,

    /// The hello world; without this, one is built, but not with --check, which doesn't need it
    #[arg(long)]
    hello: Option<PathBuf>,

    /// An argument that `cargo bench` passes
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cold_start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let events = match &arguments.event {
        Some(path) => vec![Event::read(path)?],
        None => events::protocol_events()?.to_vec(),
    };
    let function = match &arguments.function {
        Some(path) => path.clone(),
        None => binaries::build("sesame-function", "")?,
    };
    let hello = match &arguments.hello {
        Some(path) => Some(path.clone()),
        None if arguments.check => None,
        None => Some(binaries::build("hello", "hello")?),
    };
    let hello = hello.map(|path| Program::new("hello world", path));
    let api = RuntimeApi::start()?;

    let function_with = |costs| -> Outcome<Program> {
        let database = Database::start(costs)?;
        Ok(Program::new("function", function.clone()).with_settings(&database))
    };

    if let Some(out) = &arguments.profile {
        let function = function_with(Costs::SMALL)?;
        instructions::write_counts(&function, &api, &events[0], PROFILED_CALLS, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.check
        && let Some(hello) = hello.clone()
    {
        let programs = Programs {
            function: function_with(Costs::DEFAULT)?,
            small: function_with(Costs::SMALL)?,
            hello,
        };
        timing::print(&programs, &api, &events[0], arguments.runs)?;
    }
    if !instructions::can_be_counted() {
        eprintln!("Instructions are counted by valgrind, which is not installed.");
        return Ok(ExitCode::from(u8::from(arguments.check)));
    }
    let counts = instructions::count(function_with, hello.as_ref(), &api, &events)?;
    let within_limits = limits::print(&counts) & limits::print_zip(zip::size(&function)?);
    Ok(ExitCode::from(u8::from(arguments.check && !within_limits)))
}
