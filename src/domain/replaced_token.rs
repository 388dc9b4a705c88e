use super::{Timestamp, TokenHash};

/// The checks that a change of a session passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassedChecks {
    pub user: bool,
    /// The user was checked, and the session had no user before.
    pub added: bool,
    pub password: bool,
}

impl PassedChecks {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether these include all checks of `other`. Whether the user was added makes no
    /// difference, because when a change is repeated, the session has its user already.
    pub fn covers(self, other: Self) -> bool {
        (self.user || !other.user) && (self.password || !other.password)
    }
}

/// The token that the newest change of a session replaced.
///
/// It stays valid for a grace period, for clients that share a token and for a client whose
/// response was lost. But if the change passed a check, the replaced token only authorizes a
/// repetition of that change. Otherwise an attacker who lets a user log in to a session that the
/// attacker created could use the login during the grace period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplacedToken {
    pub hash: TokenHash,
    /// The instant from which it is invalid: the end of its grace, or that of the session if
    /// that is earlier.
    pub until: Timestamp,
    /// The checks that the change that replaced it passed.
    pub checks: PassedChecks,
}

/// Whether a presented token, or another permit, is valid for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenValidity {
    /// It is the session's current token, or the one that was replaced last and is within its
    /// grace.
    Valid,
    /// It is the token that was replaced by a change that passed these checks. It authorizes a
    /// Set that passes the same checks again, and nothing else.
    ValidToRepeat(PassedChecks),
    Invalid,
}

#[test]
fn a_change_is_repeated_only_with_the_same_checks_or_more() {
    let checks = |user, password| PassedChecks {
        user,
        password,
        added: false,
    };
    let added = PassedChecks {
        added: true,
        ..checks(true, false)
    };
    for (repeated, first, want) in [
        (checks(true, true), checks(true, true), true),
        (checks(true, true), checks(true, false), true),
        (checks(true, true), checks(false, true), true),
        (checks(true, false), added, true),
        (checks(true, false), checks(true, true), false),
        (checks(false, true), checks(true, true), false),
        (checks(false, true), added, false),
        (checks(false, false), checks(false, true), false),
    ] {
        assert_eq!(repeated.covers(first), want, "{repeated:?} {first:?}");
    }
}
