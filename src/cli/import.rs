mod firebase;
mod line;
mod lines;
mod progress;
mod write;
mod writers;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::firebase::ConfigError;
use self::firebase::FirebaseConfig;
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
    /// A file of a Firebase project's password hash parameters, or - for stdin: its signer key
    /// becomes a part of each hash until the user's first login
    #[arg(long, value_name = "FILE")]
    firebase_hash_config: Option<PathBuf>,
    /// Print the counts as a JSON object
    #[arg(long)]
    json: bool,
}

/// What became of the lines so far.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    added: u64,
    unchanged: u64,
    refused: u64,
    /// How many of the added users have a hash that costs an attacker less than OWASP asks for,
    /// by what it is.
    weak: BTreeMap<&'static str, u64>,
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
        write!(f, "{added} added, {unchanged} unchanged, {refused} refused")?;
        if self.weak.is_empty() {
            return Ok(());
        }
        let all: u64 = self.weak.values().sum();
        let kinds: Vec<_> = self
            .weak
            .iter()
            .map(|(name, n)| format!("{name} ({n})"))
            .collect();
        let what = if all == 1 {
            "weak hash, until its user logs in"
        } else {
            "weak hashes, until their users log in"
        };
        write!(f, "\n{all} {what}: {}", kinds.join(", "))
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
        let firebase = self.firebase_hash_config.as_deref();
        if firebase == Some(self.file.as_path()) {
            return Err(Failure::SameInput);
        }
        let firebase = firebase.map(FirebaseConfig::read).transpose()?;
        let input = Input::open(&self.file).map_err(unreadable)?;
        let progress = Progress::new(input.bytes);
        let parallel = self.parallel.into();
        let mut writers = Writers::new(store, progress, self.skip, parallel, firebase);
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
                "weak": counts.weak,
                "lastLine": counts.last_line,
                "complete": outcome.is_ok(),
            }))?;
        } else {
            output.line(counts)?;
        }
        output.flush()?;
        let last = counts.last_line;
        if outcome.is_err() && last > 0 {
            eprintln!("Stopped after line {last}: run the same again, or go on with --skip {last}");
        }
        match outcome {
            Ok(()) if counts.refused > 0 => Err(Failure::LinesRefused(counts.refused)),
            outcome => outcome,
        }
    }
}
