mod counts;
pub mod firebase;
mod line;
mod lines;
mod progress;
mod writers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::counts::Counts;
use self::firebase::FirebaseConfig;
use self::lines::read_lines;
pub use self::progress::Progress;
use self::writers::{Source, Writers};
use super::connection::Connection;
use super::failure::Failure;
use super::notices::Notices;
use super::output::{print_json, print_line};
use super::server_keys::KeysIfSet;
use super::signals::Signals;
use crate::service::Users;

#[derive(Debug, clap::Args)]
pub struct Import {
    /// A file of JSON Lines, or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Skip the first lines, which an interrupted import has done
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    skip: u64,
    /// The number of users that are written at a time, 1 to 256
    #[arg(long, value_name = "NUMBER", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
    /// A file with a Firebase project's password hash parameters, or - for stdin: its signer key
    /// is stored in each hash until the user's first login
    #[arg(long, value_name = "FILE")]
    firebase_hash_config: Option<PathBuf>,
    /// Give users who are there the values of their lines, password hashes included
    ///
    /// What a line leaves out stays. Another hash or state ends the user's sessions, and so do other
    /// second factors in the place of those that were there.
    #[arg(long)]
    update: bool,
    /// Change nothing, and print what would be done
    ///
    /// Each line is held against the table, and not against the other lines.
    #[arg(long)]
    dry_run: bool,
    /// Print the counts as a JSON object
    #[arg(long)]
    json: bool,
}

/// How long the lines that are being written may take when the import is stopped.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

impl Import {
    pub async fn run(self, users: &Users, connection: &Connection) -> Result<(), Failure> {
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
        let (lines, bytes) = read_lines(&self.file).map_err(unreadable)?;
        let progress = Progress::new(bytes);
        let parallel = self.parallel.into();
        let users = &if self.dry_run {
            users.clone().rehearsing()
        } else {
            users.clone()
        };
        // Users who are added with their factors had them before: nothing was changed.
        let notices = if self.update && !self.dry_run {
            Notices::open(connection).await?.map(Arc::new)
        } else {
            None
        };
        let source = Source {
            skip: self.skip,
            firebase,
            keys: KeysIfSet::new(connection),
        };
        let now = connection.environment.now;
        let mut writers =
            Writers::new(users, now, progress, source, parallel, self.update, notices);

        let outcome = tokio::select! {
            biased;
            () = signals.next() => Err(Failure::Interrupted),
            outcome = writers.write_all(lines) => {
                outcome.map_err(unreadable)
            }
        };
        // Lines that are being written are finished, unless the table takes too long or a second
        // signal comes.
        let finished = tokio::select! {
            biased;
            () = signals.next() => false,
            finished = tokio::time::timeout(SHUTDOWN_GRACE, writers.finish()) => finished.is_ok(),
        };
        let (counts, failure) = writers.into_counts();
        let outcome = match failure {
            Some(failure) => Err(failure),
            None if finished => outcome,
            None => Err(Failure::Interrupted),
        };
        self.report(&counts, outcome)
    }

    fn report(&self, counts: &Counts, outcome: Result<(), Failure>) -> Result<(), Failure> {
        if self.json {
            print_json(&serde_json::json!({
                "dryRun": self.dry_run,
                "added": counts.added,
                "updated": counts.updated,
                "unchanged": counts.unchanged,
                "differing": counts.differing,
                "refused": counts.refused,
                "weak": counts.weak,
                "lastLine": counts.last_line,
                "complete": outcome.is_ok(),
            }))?;
        } else if self.dry_run {
            print_line(format_args!("dry run, nothing was written: {counts}"))?;
        } else {
            print_line(counts)?;
        }
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
