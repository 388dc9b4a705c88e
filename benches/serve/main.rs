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
mod relay;
mod report;
mod schedule;
mod service;
mod statistics;
mod throughput;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::Value;

use self::database::Database;
use self::load::Load;
use self::outcome::Outcome;
use self::service::Service;
use self::throughput::Measurement;

#[derive(Parser)]
struct Arguments {
    /// Measure each rate for a few seconds only, with the program that was built with the bench
    #[arg(long)]
    check: bool,

    /// How many seconds each rate is measured; 20 by default, 3 with --check
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: Option<u32>,

    /// Measure instead how many logins a second the service reaches with a database that answers
    /// after so many milliseconds, beside one that answers at once
    #[arg(long, value_name = "MS")]
    answer_after: Option<u64>,

    /// The processors of the service, with commas between, such as 0; all by default
    #[arg(long, value_delimiter = ',')]
    processors: Vec<usize>,

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
        database::serve(arguments.wait()).map(|()| ExitCode::SUCCESS)
    } else {
        run(&arguments)
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("serve: {error}");
        ExitCode::FAILURE
    })
}

impl Arguments {
    fn wait(&self) -> Option<Duration> {
        self.answer_after.map(Duration::from_millis)
    }

    fn load(&self) -> Load {
        let load = if self.check { Load::SHORT } else { Load::FULL };
        match self.seconds {
            Some(seconds) => load.lasting(seconds),
            None => load,
        }
    }

    /// How many hashes the service computes at once: one on each of its processors.
    fn checks_at_once(&self) -> Outcome<usize> {
        Ok(match self.processors.len() {
            0 => std::thread::available_parallelism()?.get(),
            count => count,
        })
    }
}

fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None if arguments.check => PathBuf::from(env!("CARGO_BIN_EXE_sesame")),
        None => binaries::build("sesame", "cli")?,
    };
    let database = Database::start(arguments.wait())?;
    let start = |url: &str| Service::start(&program, &arguments.processors, url);
    let service = start(&database.url)?;
    // One thread, so that the generator can't take more than one processor.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (load, checks_at_once) = (arguments.load(), arguments.checks_at_once()?);

    let (json, faults) = if let Some(wait) = arguments.wait() {
        let late = start(&database.late_url)?;
        let measurement = Measurement {
            checks_at_once,
            seconds: load.seconds(),
            wait,
            at_once: &service,
            late: &late,
        };
        let throughput = runtime.block_on(measurement.run())?;
        throughput.print();
        // A few seconds on a busy machine say nothing.
        let faults = (!arguments.check).then(|| throughput.faults());
        (throughput.to_json(), faults.unwrap_or_default())
    } else {
        let report = runtime.block_on(load.run(checks_at_once, &service, &database))?;
        report.print();
        (report.to_json(), verdict::faults(&report))
    };
    if let Some(path) = &arguments.json {
        write_json(&json, path)?;
    }
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    Ok(ExitCode::from(u8::from(!faults.is_empty())))
}

fn write_json(report: &Value, path: &PathBuf) -> Outcome<()> {
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()).into())
}
