//! The steps of which calls consist.

use crate::support::administration::SetPasswordOutcome;
use std::collections::BTreeMap;

/// What authorises a call.
#[derive(Clone, Debug)]
pub enum Permit {
    Permission,
    Token(String),
}

/// What a Set checks. Each has all that the one before has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checks {
    Nothing,
    Password,
    /// A recovery code beside the password.
    RecoveryCode,
}

#[derive(Clone, Debug)]
pub enum Step {
    /// A call read the user.
    Read {
        call: usize,
    },
    /// A Set checked this password, which is right.
    Checked {
        call: usize,
        password: usize,
    },
    /// A Set checked this password, which is wrong.
    Wrong {
        password: usize,
    },
    /// A Set checked this password, if it came to that.
    MayBeChecked {
        call: usize,
        password: usize,
    },
    /// A Set checked this recovery code, which was used before.
    Used {
        code: usize,
    },
    /// The user got this password.
    NewPassword {
        call: usize,
        password: usize,
        keeps: bool,
        outcome: SetPasswordOutcome,
    },
    /// The create put the session, or found it there.
    Created {
        call: usize,
        answer: Option<(u64, String)>,
        expires_at: i64,
    },
    /// A Set read a session that it may change.
    Admitted {
        claim: Permit,
        now: i64,
        at_sequence: Option<u64>,
        checks: Checks,
    },
    /// The Set changed the session.
    Changed(Change),
    /// A Set read a session whose token it has, whether the session is valid or not.
    Held {
        claim: Permit,
        now: i64,
        checks: Checks,
    },
    /// The Set found the session ended, or of another generation than its check.
    Over {
        call: usize,
    },
    /// The Set found the session expired.
    Expired {
        by: i64,
    },
    /// The Set found the session at another sequence.
    Elsewhere {
        at_sequence: u64,
    },
    Seen {
        claim: Permit,
        now: i64,
        sequence: u64,
        metadata: BTreeMap<String, String>,
        expires_at: i64,
    },
    NotFound {
        now: i64,
    },
    /// A call was refused because of its token.
    Refused {
        claim: Permit,
        now: i64,
        by: Refusal,
    },
    Deleted {
        claim: Permit,
        now: i64,
        answer: Option<u64>,
    },
    /// All sessions of the user with a proof were ended.
    Ended,
}

/// The call that refused a token, which decides in which states of a session it is checked. A Set of
/// the password whose token only repeats is refused so for a wrong password, too.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    Set,
    /// A Get checks the token of a valid session.
    Get,
    /// A Delete checks the token of a session that was not deleted.
    Delete,
}

#[derive(Clone, Debug)]
pub struct Change {
    pub call: usize,
    pub key: String,
    pub value: String,
    pub at_sequence: Option<u64>,
    /// When the call began.
    pub now: i64,
    /// The lifetime that it sets, in milliseconds.
    pub lifetime: Option<i64>,
    pub checks: Checks,
    /// The recovery code that it uses up.
    pub code: Option<usize>,
    pub answer: Option<(u64, String)>,
}
