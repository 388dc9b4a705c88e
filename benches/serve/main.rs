//! Measures `sesame serve` under load: `cargo bench --features dev --bench serve`, with
//! `-- --help` for its options.
//!
//! Three processes share the processors: the service (the release build), the emulated DynamoDB,
//! and this one, which sends the calls. How to read the output: `benches/README.md`.

#[path = "../cold_start/binaries.rs"]
mod binaries;
mod calls;
mod client;
mod cost;
mod database;
mod load;
#[path = "../cold_start/outcome.rs"]
mod outcome;
mod phase;
mod process;
mod report;
mod schedule;
mod service;
mod statistics;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use self::database::Database;
use self::load::Load;
use self::outcome::Outcome;
use self::report::Report;
use self::service::Service;

#[derive(Parser)]
struct Arguments {
    /// Measure each rate for a few seconds only, with the program that was built with the bench
    #[arg(long)]
    check: bool,

    /// How many seconds each rate is measured; 20 by default, 3 with --check
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: Option<u32>,

    /// The program; without this, its release build is made
    #[arg(long)]
    program: Option<PathBuf>,

    /// A file to which the results are written as JSON
    #[arg(long)]
    json: Option<PathBuf>,

    /// Be the emulated DynamoDB
    #[arg(long, hide = true)]
    database: bool,

    /// An argument that `cargo bench` passes
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.database {
        database::serve().map(|()| ExitCode::SUCCESS)
    } else {
        run(&arguments)
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("serve: {error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None if arguments.check => PathBuf::from(env!("CARGO_BIN_EXE_sesame")),
        None => binaries::build("sesame", "cli")?,
    };
    let database = Database::start()?;
    let service = Service::start(&program, &database.url)?;
    // One thread, so that the generator can't take more than one processor.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let load = if arguments.check {
        Load::SHORT
    } else {
        Load::FULL
    };
    let load = match arguments.seconds {
        Some(seconds) => load.lasting(seconds),
        None => load,
    };

    let report = runtime.block_on(load.run(&service, &database))?;
    report.print();
    if let Some(path) = &arguments.json {
        write_json(&report, path)?;
    }
    let faults = verdict::faults(&report);
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    Ok(ExitCode::from(u8::from(!faults.is_empty())))
}

fn write_json(report: &Report, path: &PathBuf) -> Outcome<()> {
    let text = serde_json::to_string_pretty(&report.to_json())?;
    std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()).into())
}
