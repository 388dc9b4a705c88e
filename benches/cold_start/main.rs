//! What a cold start costs: `cargo cold-start`, with `--help` for how to ask.
//!
//! Plays Lambda's runtime API, starts the function and a hello world of the same
//! profile in turns, and prints times, sizes, memory and, where valgrind is,
//! instructions. With `--check` it counts instructions alone and fails over a limit.

mod answer;
mod binaries;
mod calls;
mod database;
mod events;
mod instructions;
mod limits;
mod process;
mod runtime_api;
mod timing;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use self::database::{Costs, Database};
use self::events::Event;
use self::process::Program;
use self::runtime_api::RuntimeApi;
use self::timing::Programs;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
struct Arguments {
    /// Starts of each program that are timed
    #[arg(long, default_value_t = 40)]
    runs: usize,

    /// Count instructions, time nothing, and fail over a limit
    #[arg(long)]
    check: bool,

    /// An event that succeeds, to be sent instead of a login in each protocol
    #[arg(long)]
    event: Option<PathBuf>,

    /// The function, if it is to be another than the one built here
    #[arg(long)]
    function: Option<PathBuf>,

    /// The hello world, likewise
    #[arg(long)]
    hello: Option<PathBuf>,

    /// Given by `cargo bench`
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
        None => events::of_protocols()?.to_vec(),
    };
    let function = match &arguments.function {
        Some(path) => path.clone(),
        None => binaries::build("sesame-function", "")?,
    };
    let hello = match &arguments.hello {
        Some(path) => path.clone(),
        None => binaries::build("hello", "hello")?,
    };
    let hello = Program::new("hello world", hello);
    let api = RuntimeApi::start()?;

    let function_with = |costs| -> Outcome<Program> {
        let database = Database::start(costs)?;
        Ok(Program::new("function", function.clone()).with(&database))
    };

    if !arguments.check {
        let programs = Programs {
            function: function_with(Costs::DEFAULT)?,
            small: function_with(Costs::SMALL)?,
            hello: hello.clone(),
        };
        timing::print(&programs, &api, &events[0], arguments.runs)?;
    }
    if !instructions::can_be_counted() {
        eprintln!("Instructions are counted by valgrind, which isn't here.");
        return Ok(ExitCode::from(u8::from(arguments.check)));
    }
    let counts = instructions::count(function_with, &hello, &api, &events)?;
    let kept = limits::print(&counts);
    Ok(ExitCode::from(u8::from(arguments.check && !kept)))
}
