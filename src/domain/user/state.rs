use super::UserState;

/// What an administrator does to the state of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateChange {
    Lock,
    /// It also ends the lock after too many wrong passwords.
    Unlock,
    Deactivate,
    Activate,
}

impl StateChange {
    /// The state of a user after the change, which may be the same as before. `None`: the user's
    /// state bars the change.
    ///
    /// No change lets a user in by accident: activating doesn't undo a lock, and a lock doesn't
    /// replace a deactivation, which unlocking would then undo. Nobody knows what a state of a newer
    /// release bars.
    pub fn apply(self, from: UserState) -> Option<UserState> {
        match (self, from) {
            (Self::Lock | Self::Unlock, UserState::Inactive)
            | (Self::Activate, UserState::Locked)
            | (_, UserState::Unknown) => None,
            (Self::Lock, _) => Some(UserState::Locked),
            (Self::Deactivate, _) => Some(UserState::Inactive),
            (Self::Unlock | Self::Activate, _) => Some(UserState::Active),
        }
    }
}

#[test]
fn no_change_of_state_lets_a_user_in_by_accident() {
    use UserState::{Active, Inactive, Locked, Unknown};

    for (change, active, locked, inactive) in [
        (StateChange::Lock, Some(Locked), Some(Locked), None),
        (StateChange::Unlock, Some(Active), Some(Active), None),
        (
            StateChange::Deactivate,
            Some(Inactive),
            Some(Inactive),
            Some(Inactive),
        ),
        (StateChange::Activate, Some(Active), None, Some(Active)),
    ] {
        let got = [Active, Locked, Inactive].map(|from| change.apply(from));
        assert_eq!(got, [active, locked, inactive], "{change:?}");
        assert_eq!(change.apply(Unknown), None, "{change:?}");
    }
}
