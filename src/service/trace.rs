use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Caller, SessionId, Timestamp, UserId};
use crate::error::chain;

/// What happens while a call is carried out, for its one line in the log; and how long it
/// has taken so far.
#[derive(Debug)]
pub struct Trace {
    traced: Mutex<Traced>,
    started: Instant,
}

/// No password, token or hash goes in here, nor a login name that nobody has: people
/// type their passwords into the wrong field.
#[derive(Clone, Debug, Default)]
pub struct Traced {
    pub caller: Option<String>,
    pub user: Option<UserId>,
    /// The session that the call made or asked for.
    pub session: Option<SessionId>,
    /// How long DynamoDB took, of requests that ran side by side the longest.
    pub database: Duration,
    /// How long password hashes took to compute, if any was.
    pub hash: Option<Duration>,
    /// A password was tried.
    pub login: bool,
    /// An attempt may be counted that only the end of the call settles.
    pub settling: bool,
    /// What was wrong in truth, where the caller was told that the password was.
    pub concealed: Option<&'static str>,
    /// This call's wrong password locked the user.
    pub locked_out: bool,
    /// Writes that another writer was ahead of.
    pub conflicts: u32,
    /// Something that failed beside the call, which was answered all the same.
    pub beside: Option<String>,
}

/// The call begins.
impl Default for Trace {
    fn default() -> Self {
        Self {
            traced: Mutex::default(),
            started: Instant::now(),
        }
    }
}

impl Trace {
    /// The time by now, of a call that began at `begun`. Most of what a call does counts as
    /// done when it began; what others measure from its writes, such as a lock, does not.
    pub(super) fn time(&self, begun: Timestamp) -> Timestamp {
        begun.plus(self.started.elapsed())
    }

    pub fn read(&self) -> Traced {
        self.traced
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Traced)) {
        change(&mut self.traced.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn caller(&self, caller: &Caller) {
        self.note(|traced| traced.caller = Some(caller.to_string()));
    }

    /// Its id is no secret: without its token, it is of no use.
    pub fn session(&self, id: SessionId) {
        self.note(|traced| traced.session = Some(id));
    }

    pub(super) fn user(&self, user: &UserId) {
        self.note(|traced| traced.user = Some(user.clone()));
    }

    /// Notes the error that the caller is not told of. The first one is kept.
    pub(super) fn conceal(&self, truth: &'static str) {
        self.note(|traced| _ = traced.concealed.get_or_insert(truth));
    }

    pub(super) fn beside(&self, error: &dyn std::error::Error) {
        let text = chain(error);
        self.note(|traced| traced.beside = Some(text));
    }

    pub(super) fn hashed(&self, took: Duration) {
        self.note(|traced| *traced.hash.get_or_insert_default() += took);
    }

    /// Counts the time of `requests` as DynamoDB's.
    pub(super) async fn database<T>(&self, requests: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = requests.await;
        self.note(|traced| traced.database += started.elapsed());
        answer
    }
}
