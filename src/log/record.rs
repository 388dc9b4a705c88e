use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use crate::domain::{Principal, SessionId, UserId};
use crate::error::chain;
use crate::lock::lock;

/// The record of a call that is being carried out, for its one line in the log.
#[derive(Debug, Default)]
pub struct CallRecord(Mutex<CallFacts>);

/// How far a login has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginStep {
    /// No password was tried.
    #[default]
    None,
    Begun,
    /// An attempt at the password has been or is being counted whose outcome may not be known yet.
    AttemptPending,
}

/// The facts of a call. They hold no password, token or hash, and no login name of an unknown
/// user, because people type passwords into that field.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    pub principal: Option<String>,
    pub user: Option<UserId>,
    /// The session that the call created or named.
    pub session: Option<SessionId>,
    /// The time spent waiting for DynamoDB. Parallel requests are counted once.
    pub database: Duration,
    /// How long it took to compute password hashes, if the call computed any.
    pub hash: Option<Duration>,
    /// How many password hashes the checks of the call computed.
    pub hashes: u32,
    pub login: LoginStep,
    /// The actual error, if the client got another one in its place.
    pub concealed: Option<&'static str>,
    /// Whether this call's wrong password locked the user.
    pub locked_out: bool,
    /// The address that the principal vouches for, by which a failed login is counted.
    pub login_address: Option<String>,
    /// Whether a limit on the client's address would have refused the call.
    pub over_limit: bool,
    /// How often another writer was first.
    pub conflicts: u32,
    /// Whether the call goes on to its end whatever the client's deadline: a message is being sent or
    /// is about to be, after what was stored for it, or an attempt at a second factor has been or is
    /// being counted whose outcome may not be known yet.
    pub runs_to_end: bool,
    /// The purposes of the codes that were returned.
    pub codes_returned: BTreeSet<&'static str>,
    /// What was wrong with the answer of an authenticator. Clients get one error for all of it.
    pub key_fault: Option<&'static str>,
    /// An error of a write beside the call's own, which does not fail the call.
    pub side_error: Option<String>,
    /// How many messages to users could not be sent.
    pub message_failures: u32,
    /// How many were not sent because the deployment's limit of a day is reached.
    pub message_limits: u32,
}

impl CallRecord {
    pub fn read(&self) -> CallFacts {
        lock(&self.0).clone()
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut CallFacts)) {
        change(&mut lock(&self.0));
    }

    pub(crate) fn principal(&self, principal: &Principal) {
        self.note(|facts| facts.principal = Some(principal.to_string()));
    }

    /// Notes the session, if the call has one. Its id is no secret: without the token, it is of no
    /// use.
    pub fn session(&self, id: Option<SessionId>) {
        self.note(|facts| facts.session = id.or(facts.session));
    }

    pub(crate) fn user(&self, user: &UserId) {
        self.note(|facts| facts.user = Some(user.clone()));
    }

    /// Notes the actual error where the client gets another one. The first one is kept.
    pub(crate) fn conceal(&self, truth: &'static str) {
        self.note(|facts| _ = facts.concealed.get_or_insert(truth));
    }

    pub(crate) fn side_error(&self, error: &dyn std::error::Error) {
        let text = chain(error);
        self.note(|facts| facts.side_error = Some(text));
    }

    /// Notes that a message to a user could not be sent, and why. The error names neither address nor
    /// code.
    pub fn message_failed(&self, error: &dyn std::error::Error) {
        self.side_error(error);
        self.note(|facts| facts.message_failures += 1);
    }

    /// Notes that a message was not sent because the deployment's limit of a day is reached.
    pub fn message_limit(&self) {
        self.note(|facts| facts.message_limits += 1);
    }

    pub(crate) fn hashed(&self, took: Duration, hashes: u32) {
        self.note(|facts| {
            *facts.hash.get_or_insert_default() += took;
            facts.hashes += hashes;
        });
    }
}
