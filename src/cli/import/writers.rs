use std::collections::VecDeque;
use std::io;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Counts;
use super::firebase::FirebaseConfig;
use super::line::{self, Refused};
use super::lines::Line;
use super::progress::Progress;
use super::write::{self, Outcome};
use crate::domain::{FoldedName, User, UserId};
use crate::error::Error;
use crate::store::Store;

/// Writes lines, several at a time, as if one after the other.
pub struct Writers<'a> {
    store: &'a Store,
    progress: Progress,
    /// Lines up to this one are passed over.
    skip: u64,
    parallel: usize,
    firebase: Option<FirebaseConfig>,
    /// In the order of their lines, so that reports and counts are in it too.
    under_way: VecDeque<UnderWay>,
    counts: Counts,
    /// Why the first line that could not be written could not.
    failed: Option<Error>,
}

/// A line that is being written.
struct UnderWay {
    number: u64,
    end: u64,
    claims: Option<Claims>,
    /// The weakness of the hash, by its name.
    weakness: Option<&'static str>,
    task: JoinHandle<Result<Outcome, Error>>,
}

/// What one user alone can have.
struct Claims {
    user_id: UserId,
    login_name: FoldedName,
}

impl Claims {
    fn of(login: &User) -> Self {
        Self {
            user_id: login.user_id.clone(),
            login_name: login.login_name.folded(),
        }
    }

    fn collide(&self, other: &Self) -> bool {
        self.user_id == other.user_id || self.login_name == other.login_name
    }
}

impl<'a> Writers<'a> {
    pub fn new(
        store: &'a Store,
        progress: Progress,
        skip: u64,
        parallel: usize,
        firebase: Option<FirebaseConfig>,
    ) -> Self {
        Self {
            firebase,
            store,
            progress,
            skip,
            parallel,
            under_way: VecDeque::new(),
            counts: Counts {
                last_line: skip,
                ..Counts::default()
            },
            failed: None,
        }
    }

    /// Writes lines until there are no more, or one can't be written. May be dropped at
    /// any time: lines under way stay so.
    pub async fn write_all(
        &mut self,
        mut lines: mpsc::Receiver<io::Result<Line>>,
    ) -> io::Result<()> {
        while self.failed.is_none() {
            tokio::select! {
                line = lines.recv(), if self.under_way.len() < self.parallel => match line {
                    Some(line) => self.write(line?).await,
                    None => break,
                },
                () = self.take_oldest(), if !self.under_way.is_empty() => {}
            }
        }
        while self.failed.is_none() && !self.under_way.is_empty() {
            self.take_oldest().await;
        }
        Ok(())
    }

    /// Waits for all that is under way.
    pub async fn finish(&mut self) {
        while !self.under_way.is_empty() {
            self.take_oldest().await;
        }
    }

    pub fn end(self) -> (Counts, Option<Error>) {
        self.progress.finish();
        (self.counts, self.failed)
    }

    async fn write(&mut self, line: Line) {
        if line.number <= self.skip {
            return;
        }
        let firebase = self.firebase.as_ref();
        let user = line.text.and_then(|text| line::parse(&text, firebase));
        let claims = user.as_ref().ok().map(|user| Claims::of(&user.login));
        let weakness = user.as_ref().ok().and_then(|user| user.weakness);
        let login = user.map(|user| user.login);
        // Of two lines that want the same, the first gets it, every time.
        while self.has_under_way(claims.as_ref()) {
            self.take_oldest().await;
        }
        self.under_way.push_back(UnderWay {
            number: line.number,
            end: line.end,
            claims,
            weakness,
            task: tokio::spawn(outcome(self.store.clone(), login)),
        });
    }

    fn has_under_way(&self, claims: Option<&Claims>) -> bool {
        let mut others = self.under_way.iter().filter_map(|one| one.claims.as_ref());
        claims.is_some_and(|claims| others.any(|other| claims.collide(other)))
    }

    /// Waits for the oldest line and counts it.
    async fn take_oldest(&mut self) {
        let Some(oldest) = self.under_way.front_mut() else {
            return;
        };
        let outcome = (&mut oldest.task).await;
        let (number, end) = (oldest.number, oldest.end);
        if let (Ok(Ok(Outcome::InsertOutcome)), Some(weakness)) = (&outcome, oldest.weakness) {
            *self.counts.weak.entry(weakness).or_default() += 1;
        }
        self.under_way.pop_front();
        match outcome {
            Ok(Ok(outcome)) => self.count(number, end, &outcome),
            Ok(Err(error)) => self.fail(error),
            Err(panicked) => self.fail(Error::Internal(panicked.into())),
        }
    }

    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    fn count(&mut self, number: u64, end: u64, outcome: &Outcome) {
        match outcome {
            Outcome::InsertOutcome => self.counts.added += 1,
            Outcome::Unchanged => self.counts.unchanged += 1,
            Outcome::Refused(reason) => {
                self.counts.refused += 1;
                self.progress
                    .report(format_args!("line {number}: {reason}"));
            }
        }
        if self.failed.is_none() {
            self.counts.last_line = number;
        }
        self.progress.update(end, &self.counts);
    }
}

async fn outcome(store: Store, login: Result<User, Refused>) -> Result<Outcome, Error> {
    match login {
        Ok(login) => write::write(&store, &login).await,
        Err(refused) => Ok(Outcome::Refused(refused)),
    }
}
