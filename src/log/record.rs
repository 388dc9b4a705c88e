use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Principal, SessionId, UserId};
use crate::error::chain;

/// The record of a call that is being carried out, for its one line in the log.
#[derive(Debug, Default)]
pub struct CallRecord(Mutex<CallFacts>);

/// No password, token or hash goes in here, nor a login name that nobody has: people
/// type their passwords into the wrong field.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    pub principal: Option<String>,
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
    pub attempt_pending: bool,
    /// What was wrong in truth, where the caller was told that the password was.
    pub concealed: Option<&'static str>,
    /// This call's wrong password locked the user.
    pub locked_out: bool,
    /// Writes that another writer was ahead of.
    pub conflicts: u32,
    /// Something that failed beside the call, which was answered all the same.
    pub side_error: Option<String>,
}

impl CallRecord {
    pub fn read(&self) -> CallFacts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut CallFacts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn principal(&self, principal: &Principal) {
        self.note(|facts| facts.principal = Some(principal.to_string()));
    }

    /// Its id is no secret: without its token, it is of no use.
    pub fn session(&self, id: SessionId) {
        self.note(|facts| facts.session = Some(id));
    }

    pub(crate) fn user(&self, user: &UserId) {
        self.note(|facts| facts.user = Some(user.clone()));
    }

    /// Notes the error that the caller is not told of. The first one is kept.
    pub(crate) fn conceal(&self, truth: &'static str) {
        self.note(|facts| _ = facts.concealed.get_or_insert(truth));
    }

    pub(crate) fn side_error(&self, error: &dyn std::error::Error) {
        let text = chain(error);
        self.note(|facts| facts.side_error = Some(text));
    }

    pub(crate) fn hashed(&self, took: Duration) {
        self.note(|facts| *facts.hash.get_or_insert_default() += took);
    }

    /// Counts the time of `requests` as DynamoDB's.
    pub(crate) async fn database<T>(&self, requests: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = requests.await;
        self.note(|facts| facts.database += started.elapsed());
        answer
    }
}
