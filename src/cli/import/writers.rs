use std::collections::VecDeque;
use std::sync::Arc;
use std::{fmt, io};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::counts::Counts;
use super::firebase::FirebaseConfig;
use super::line::{self, LineError};
use super::lines::Line;
use super::progress::Progress;
use crate::cli::failure::Failure;
use crate::cli::notices::Notices;
use crate::cli::server_keys::KeysIfSet;
use crate::domain::{FoldedName, Timestamp, UserId};
use crate::error::Error;
use crate::service::{ImportOutcome, ImportedUser, Users};

/// Writes several lines at a time, with the same results as one after another.
pub struct Writers<'a> {
    users: &'a Users,
    now: fn() -> Timestamp,
    progress: Progress,
    source: Source<'a>,
    parallel: usize,
    /// Whether users who are there get other values.
    updates: bool,
    /// Sends users the messages about changes of their second factors.
    notices: Option<Arc<Notices>>,
    /// The lines that are being written, in their order, which reports and counts keep.
    pending: VecDeque<PendingLine>,
    counts: Counts,
    /// The error of the first line that could not be written.
    failure: Option<Failure>,
}

/// How lines are read.
pub struct Source<'a> {
    /// The number of the last line that is skipped.
    pub skip: u64,
    pub firebase: Option<FirebaseConfig>,
    /// The server keys, which open and seal the secrets of authenticator apps.
    pub keys: KeysIfSet<'a>,
}

/// A line that is being written.
struct PendingLine {
    number: u64,
    end: u64,
    keys: Option<UniqueKeys>,
    /// The name of the weak scheme, if the hash is weak.
    weakness: Option<&'static str>,
    task: JoinHandle<Result<LineOutcome, Error>>,
}

/// The values that no two users share.
type UniqueKeys = (UserId, FoldedName);

impl<'a> Writers<'a> {
    pub fn new(
        users: &'a Users,
        now: fn() -> Timestamp,
        progress: Progress,
        source: Source<'a>,
        parallel: usize,
        updates: bool,
        notices: Option<Arc<Notices>>,
    ) -> Self {
        Self {
            updates,
            notices,
            users,
            now,
            progress,
            parallel,
            pending: VecDeque::new(),
            counts: Counts {
                last_line: source.skip,
                ..Counts::default()
            },
            failure: None,
            source,
        }
    }

    /// Writes all lines, or those before the first that can't be written. The future may be dropped
    /// at any time: lines that are being written stay pending.
    pub async fn write_all(
        &mut self,
        mut lines: mpsc::Receiver<io::Result<Line>>,
    ) -> io::Result<()> {
        while self.failure.is_none() {
            tokio::select! {
                line = lines.recv(), if self.pending.len() < self.parallel => match line {
                    Some(line) => self.write(line?).await,
                    None => break,
                },
                () = self.take_oldest(), if !self.pending.is_empty() => {}
            }
        }
        while self.failure.is_none() && !self.pending.is_empty() {
            self.take_oldest().await;
        }
        Ok(())
    }

    /// Waits for all pending lines.
    pub async fn finish(&mut self) {
        while !self.pending.is_empty() {
            self.take_oldest().await;
        }
    }

    pub fn into_counts(mut self) -> (Counts, Option<Failure>) {
        self.progress.erase();
        (self.counts, self.failure)
    }

    async fn write(&mut self, line: Line) {
        if line.number <= self.source.skip {
            return;
        }
        let firebase = self.source.firebase.as_ref();
        let mut imported = line.text.and_then(|text| line::parse(&text, firebase));
        if let Ok(parsed) = &mut imported
            && parsed.user.factors.totp.is_some()
        {
            match self.source.keys.get().await {
                Ok(Some(keys)) => parsed.user.keys = Some(keys),
                Ok(None) => imported = Err(LineError::NoServerKey),
                Err(failure) => {
                    self.failure.get_or_insert(failure);
                    return;
                }
            }
        }
        let valid = imported.as_ref().ok();
        let keys = valid.map(|line| (line.user.user_id.clone(), line.user.login_name.folded()));
        let weakness = valid.and_then(|line| line.weakness);
        let user = imported.map(|line| line.user);
        // If two lines have the same id or name, the first one always gets it.
        while self.has_conflict(keys.as_ref()) {
            self.take_oldest().await;
        }
        self.pending.push_back(PendingLine {
            number: line.number,
            end: line.end,
            keys,
            weakness,
            task: tokio::spawn(write_line(
                self.users.clone(),
                user,
                self.updates,
                self.notices.clone(),
                (self.now)(),
            )),
        });
    }

    fn has_conflict(&self, keys: Option<&UniqueKeys>) -> bool {
        let mut others = self.pending.iter().filter_map(|one| one.keys.as_ref());
        keys.is_some_and(|keys| others.any(|other| keys.0 == other.0 || keys.1 == other.1))
    }

    /// Waits for the oldest pending line and counts it.
    async fn take_oldest(&mut self) {
        let Some(oldest) = self.pending.front_mut() else {
            return;
        };
        let outcome = (&mut oldest.task).await;
        let (number, end, weakness) = (oldest.number, oldest.end, oldest.weakness);
        self.pending.pop_front();
        match outcome.unwrap_or_else(|panic| Err(Error::Internal(panic.into()))) {
            Ok(outcome) => self.count(number, outcome, weakness),
            Err(error) => {
                self.failure.get_or_insert(error.into());
                return;
            }
        }
        if self.failure.is_none() {
            self.counts.last_line = number;
        }
        self.progress.update(end, || self.counts.lines());
    }

    fn count(&mut self, number: u64, outcome: LineOutcome, weakness: Option<&'static str>) {
        let mut count_weakness = || {
            if let Some(weakness) = weakness {
                *self.counts.weak.entry(weakness).or_default() += 1;
            }
        };
        let refused = match outcome {
            Ok(ImportOutcome::Added) => {
                count_weakness();
                self.counts.added += 1;
                return;
            }
            Ok(ImportOutcome::Unchanged) => {
                self.counts.unchanged += 1;
                return;
            }
            Ok(ImportOutcome::Differs(fields)) => {
                self.counts.differing += 1;
                self.report(number, format_args!("differs in {}", fields.join(", ")));
                return;
            }
            Ok(ImportOutcome::Updated(fields, _)) => {
                if fields.contains(&"passwordHash") {
                    count_weakness();
                }
                self.counts.updated += 1;
                self.report(number, format_args!("updates {}", fields.join(", ")));
                return;
            }
            Ok(ImportOutcome::NameTaken(holder)) => LineError::NameTaken(holder),
            Ok(ImportOutcome::IdTaken) => LineError::IdTaken,
            Ok(ImportOutcome::AddressTaken) => LineError::AddressTaken,
            Ok(ImportOutcome::AddressFull) => LineError::AddressFull,
            Ok(ImportOutcome::CredentialTaken) => LineError::CredentialTaken,
            Err(refused) => refused,
        };
        self.counts.refused += 1;
        self.report(number, refused);
    }

    fn report(&mut self, number: u64, what: impl fmt::Display) {
        self.progress.report(format_args!("line {number}: {what}"));
    }
}

/// What became of a line.
type LineOutcome = Result<ImportOutcome, LineError>;

async fn write_line(
    users: Users,
    user: Result<ImportedUser, LineError>,
    updates: bool,
    notices: Option<Arc<Notices>>,
    now: Timestamp,
) -> Result<LineOutcome, Error> {
    let user = match user {
        Ok(user) => user,
        Err(refused) => return Ok(Err(refused)),
    };
    let outcome = users.import(&user, updates, now).await?;
    if let (ImportOutcome::Updated(_, updated), Some(notices)) = (&outcome, notices) {
        notices.tell(&updated.account, updated.factors, now).await;
    }
    Ok(Ok(outcome))
}
