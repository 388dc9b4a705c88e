use super::{Timestamp, TokenHash};

/// Which checks a change of a session passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassedChecks {
    /// The user was checked.
    pub user: bool,
    /// And the session had none before.
    pub added: bool,
    pub password: bool,
}

impl PassedChecks {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether all checks of `other` were passed here too. Whether one of the users was added
    /// makes no difference: when a change is repeated, its user is there already.
    pub fn covers(self, other: Self) -> bool {
        (self.user || !other.user) && (self.password || !other.password)
    }
}

/// The token that the newest change of a session replaced.
///
/// It authorises a little longer, so that two clients with one token, or one whose answer was
/// lost, are no error. But a token that was replaced when something was proved authorises
/// nothing but the same change again: whoever planted a session on somebody must not hold
/// that person's login for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplacedToken {
    pub hash: TokenHash,
    /// The instant from which it is void; at the latest that of the session.
    pub until: Timestamp,
    /// What the change that replaced it proved.
    pub checks: PassedChecks,
}

/// Whether a token that somebody presents, or another claim, is good for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenValidity {
    /// It is the session's own token, or the one just replaced and within its grace.
    Valid,
    /// It is the token that was replaced when this was proved. It authorises a Set that passes
    /// the same checks again, and nothing else.
    ValidToRepeat(PassedChecks),
    Invalid,
}

#[test]
fn a_repeated_change_passes_at_least_the_same_checks() {
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
