mod line;
mod lines;
mod progress;
mod write;
mod writers;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use self::lines::Input;
use self::progress::Progress;
use self::writers::Writers;
use super::failure::Failure;
use super::output::Output;
use super::signals::Signals;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub struct Import {
    /// A file of JSON Lines, or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Pass over the first lines, which an interrupted import has done
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    skip: u64,
    /// How many users are written at a time, 1 to 256
    #[arg(long, value_name = "NUMBER", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
    /// Print the counts as a JSON object
    #[arg(long)]
    json: bool,
}

/// What became of the lines so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    added: u64,
    unchanged: u64,
    refused: u64,
    /// The number of the last line that is done, and all before it.
    last_line: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            added,
            unchanged,
            refused,
            ..
        } = self;
        write!(f, "{added} added, {unchanged} unchanged, {refused} refused")
    }
}

/// For the lines under way when the import is stopped.
const GRACE: Duration = Duration::from_secs(10);

impl Import {
    pub async fn run(self, store: &Store) -> Result<(), Failure> {
        let unreadable = |error| Failure::Input {
            what: self.file.display().to_string(),
            error,
        };
        let mut signals = Signals::listen().map_err(Failure::Start)?;
        let input = Input::open(&self.file).map_err(unreadable)?;
        let progress = Progress::new(input.bytes);
        let mut writers = Writers::new(store, progress, self.skip, self.parallel.into());
        let lines = input.lines().map_err(unreadable)?;

        let outcome = tokio::select! {
            biased;
            () = signals.next() => Err(Failure::Interrupted),
            outcome = writers.write_all(lines) => {
                outcome.map_err(unreadable)
            }
        };
        // What is under way is written, unless the table doesn't let it or somebody has
        // no patience.
        let drained = tokio::select! {
            biased;
            () = signals.next() => false,
            drained = tokio::time::timeout(GRACE, writers.finish()) => drained.is_ok(),
        };
        let (counts, failed) = writers.end();
        let outcome = match failed {
            Some(error) => Err(Failure::Database(error)),
            None if drained => outcome,
            None => Err(Failure::Interrupted),
        };
        self.conclude(&counts, outcome)
    }

    fn conclude(&self, counts: &Counts, outcome: Result<(), Failure>) -> Result<(), Failure> {
        let mut output = Output::stdout();
        if self.json {
            output.json(&serde_json::json!({
                "added": counts.added,
                "unchanged": counts.unchanged,
                "refused": counts.refused,
                "lastLine": counts.last_line,
                "complete": outcome.is_ok(),
            }))?;
        } else {
            output.line(counts)?;
        }
        output.flush()?;
        if outcome.is_err() {
            let last = counts.last_line;
            eprintln!("Stopped after line {last}: run the same again, or go on with --skip {last}");
        }
        match outcome {
            Ok(()) if counts.refused > 0 => Err(Failure::LinesRefused(counts.refused)),
            outcome => outcome,
        }
    }
}
