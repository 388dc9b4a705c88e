use super::{PassedChecks, Timestamp, TokenHash};

/// The token that the newest change of a session replaced.
///
/// It stays valid for a grace period, for clients that share a token and for a client whose
/// response was lost. But if the change passed a check, the replaced token only authorizes a
/// repetition of that change. Otherwise an attacker who lets a user log in to a session that the
/// attacker created could use the login during the grace period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedToken {
    pub hash: TokenHash,
    /// The instant from which it is invalid: the end of its grace, or that of the session if
    /// that is earlier.
    pub until: Timestamp,
    /// The checks that the change that replaced it passed.
    pub checks: PassedChecks,
}

/// Whether a presented token, or another permit, is valid for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenValidity {
    /// It is the session's current token, or the one that was replaced last and is within its
    /// grace.
    Valid,
    /// It is the token that was replaced by a change that passed these checks. It authorizes a
    /// Set that passes the same checks again, and nothing else.
    ValidToRepeat(PassedChecks),
    Invalid,
}
