//! Measures what a call costs as users and sessions grow in number: `cargo bench --features dev
//! --bench growth`, with `-- --help` for its options.
//!
//! The service runs in this process over the emulated database in a file. How to read the output:
//! `benches/README.md`.

mod calls;
mod fill;
mod measure;
mod meter;
#[path = "../cold_start/outcome.rs"]
mod outcome;
mod report;
mod service;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use self::fill::Filler;
use self::outcome::Outcome;
use self::report::{Report, Size};

/// How many users there are, and as many sessions.
const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];
const SHORT_SIZES: [usize; 3] = [10, 1_000, 10_000];
/// How often each call is made at each size.
const ROUNDS: usize = 200;
const SHORT_ROUNDS: usize = 30;

#[derive(Parser)]
struct Arguments {
    /// Stop at ten thousand users
    #[arg(long)]
    check: bool,

    /// A file to which the results are written as JSON
    #[arg(long)]
    json: Option<PathBuf>,

    /// A folder with 5 GB of space for the database, instead of the system's for temporary files
    #[arg(long)]
    folder: Option<PathBuf>,

    /// An argument that `cargo bench` passes
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("growth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let folder = match &arguments.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let file = folder.path().join("tables");
    let (sizes, rounds) = if arguments.check {
        (&SHORT_SIZES[..], SHORT_ROUNDS)
    } else {
        (&SIZES[..], ROUNDS)
    };
    // One thread, as in Lambda.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut filler = runtime.block_on(Filler::create(&file))?;
    let mut report = Report::default();
    for &size in sizes {
        let started = Instant::now();
        filler.fill_to(size)?;
        eprintln!(
            "{size} users: filled in {:.1} s",
            started.elapsed().as_secs_f64()
        );
        let calls = runtime.block_on(measure::run(&file, size, rounds))?;
        report.sizes.push(Size { users: size, calls });
    }

    report.print();
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&report.to_json())?;
        std::fs::write(path, text + "\n")
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let faults = report.faults();
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    Ok(ExitCode::from(u8::from(!faults.is_empty())))
}
