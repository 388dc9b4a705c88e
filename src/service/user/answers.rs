//! What the calls on users answer, and their errors.

use super::UserRefusal;
use crate::domain::{Account, FactorKind, StateChange, Timestamp, UserId, UserSearch, UserState};
use crate::error::{Error, FactorError, TokenFault, UserCommand, UserError, WebAuthnError};
use crate::service::{Context, Details, Service};
use crate::store::StoredUser;

/// `zitadel.user.v2.User`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownUser {
    pub account: Account,
    pub state: ShownState,
    pub details: Details,
}

/// The state of a user as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShownState {
    Active,
    Inactive,
    /// An administrator has to unlock the user: because one locked it, or after too many wrong
    /// passwords. A lock that ends by itself isn't shown.
    Locked,
    Unknown,
}

impl Service {
    pub(super) fn shown(&self, account: Account, now: Timestamp) -> ShownUser {
        let user = &account.user;
        let is_locked_out = || {
            let lock = user.attempts.locked_until(self.policy.attempts, now);
            lock.is_err()
        };
        let state = match user.state {
            UserState::Active if is_locked_out() => ShownState::Locked,
            UserState::Active => ShownState::Active,
            UserState::Inactive => ShownState::Inactive,
            UserState::Locked => ShownState::Locked,
            UserState::Unknown => ShownState::Unknown,
        };
        ShownUser {
            details: self.user_details(&account),
            state,
            account,
        }
    }

    /// The details of a user, whose dates are absent until a release with profiles has changed it.
    pub(super) fn user_details(&self, account: &Account) -> Details {
        let profile = &account.profile;
        Details {
            creation_date: profile.created_at,
            ..self.details(profile.sequence, profile.changed_at)
        }
    }

    /// Reads the user of a call: 2 requests.
    pub(in crate::service) async fn find_user(
        &self,
        id: &UserId,
        context: &Context,
    ) -> Result<StoredUser, UserRefusal> {
        let search = UserSearch::Id(id.clone());
        context.database(self.users.find(&search)).await
    }
}

/// Why a call on a user fails.
pub(super) enum Fault {
    Refusal(UserRefusal),
    Call(Error),
}

impl From<UserRefusal> for Fault {
    fn from(refusal: UserRefusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<UserError> for Fault {
    fn from(error: UserError) -> Self {
        Self::Call(error.into())
    }
}

impl Fault {
    /// Whether the change may have been carried out or not.
    pub fn is_server_fault(&self) -> bool {
        match self {
            Self::Refusal(UserRefusal::Failed(error)) | Self::Call(error) => {
                error.is_server_fault()
            }
            Self::Refusal(_) => false,
        }
    }

    pub fn of(self, command: UserCommand) -> Error {
        match self {
            Self::Refusal(refusal) => refusal.of(command),
            Self::Call(error) => error,
        }
    }
}

impl UserRefusal {
    /// The error of a command.
    pub(in crate::service) fn of(self, command: UserCommand) -> Error {
        let wrong_state = || match command {
            UserCommand::State(change) => UserError::WrongState(change),
            _ => UserError::ChangedMeanwhile,
        };
        let error = match self {
            Self::NoSuchName(_) | Self::NoSuchId(_) => UserError::Unknown(command),
            Self::NameTaken(_) | Self::AddressTaken => UserError::NameTaken,
            Self::IdTaken(_) => UserError::IdTaken,
            Self::AddressFull => UserError::TooManyUsersOfAddress,
            Self::Inactive | Self::Locked | Self::NewerState => wrong_state(),
            Self::Changed | Self::CodeChanged | Self::TriesUsedUp => UserError::ChangedMeanwhile,
            Self::NoEmail | Self::NowhereToReset => UserError::NoAddress,
            Self::HasTotp => return FactorError::Exists(FactorKind::Totp).into(),
            Self::NoSuchCredential => return FactorError::NoneToRemove(FactorKind::Passkey).into(),
            Self::CredentialTaken => return WebAuthnError::Taken.into(),
            Self::NotActive(_) => return Error::UserNotActive,
            // The principal is the user, by the token of that session.
            Self::SessionEnded => return Error::Unauthenticated(TokenFault::Invalid),
            Self::Failed(error) => return error,
        };
        error.into()
    }

    /// The error of a call that reads.
    pub(super) fn of_read(self) -> Error {
        match self {
            Self::NoSuchId(_) => Error::UserNotFound,
            other => other.of(UserCommand::Other),
        }
    }
}

/// Whether the API carries out a change of the state. It refuses one that would change nothing, so
/// that of two callers at once one learns of the other.
pub(super) fn is_due(change: StateChange, account: &Account) -> bool {
    let user = &account.user;
    match (change, user.state) {
        (StateChange::Lock, UserState::Active)
        | (StateChange::Unlock, UserState::Locked)
        | (StateChange::Deactivate, UserState::Active | UserState::Locked)
        | (StateChange::Activate, UserState::Inactive) => true,
        (StateChange::Unlock, UserState::Active) => {
            user.attempts.failures > 0 || account.factors.attempts.failures > 0
        }
        _ => false,
    }
}
