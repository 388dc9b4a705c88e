use std::sync::Arc;

use super::request::code_target;
use crate::domain::{
    Account, ActiveCode, CodeId, CodePurpose, CodeRecord, Destination, FoldedName, Permission,
    Permit, PresentedCode, UserId, UserRef, UserState, WriteId,
};
use crate::error::{Error, UserCommand, UserError, WebAuthnError};
use crate::service::{Context, Service, UserRefusal};
use crate::store::{CodeWrite, StoredUser};
use crate::token::{ServerKey, ServerKeys};

/// A code that was right, for a user who may use it.
pub(in crate::service) struct CheckedCode {
    pub record: CodeRecord,
    pub destination: Destination,
    key: ServerKey,
    /// Whether a try was counted for it.
    is_counted: bool,
}

/// The user of a code, as far as he is known.
pub(in crate::service) struct CodeUser {
    pub seen: StoredUser,
    pub code: CheckedCode,
}

/// Why a code is not accepted.
enum CodeFault {
    Wrong,
    Expired,
}

impl Service {
    /// Tries a code, and reads its user.
    ///
    /// The code's key follows from the user's id, so it is tried before anybody knows whether there
    /// is such a user, and to principals that may not see users, all faults are one answer, after the
    /// same requests: 3, one after another.
    ///
    /// # Errors
    ///
    /// - [`UserError::CodeInvalid`]; to principals that see users also [`UserError::CodeExpired`],
    ///   [`Error::UserNotActive`] and the error for an unknown user.
    pub(in crate::service) async fn check_code(
        &self,
        user: &UserId,
        purpose: CodePurpose,
        presented: &PresentedCode,
        command: UserCommand,
        permit: &Permit,
        context: &Context,
    ) -> Result<CodeUser, Error> {
        let keys = self.code_keys(context).await?;
        let tried = self
            .try_code(user, purpose, presented, keys, context)
            .await?;
        let found = self.find_user_of_code(user, context).await;
        let principal = permit.principal();
        let sees_users = [Permission::UserRead, Permission::UserWrite]
            .iter()
            .any(|permission| principal.has(*permission));
        let invalid = || invalid_code(purpose);
        let seen = match found {
            Ok(seen) => seen,
            Err(UserRefusal::Failed(error)) => return Err(error),
            Err(refusal) if sees_users => return Err(refusal.of(command)),
            Err(_) => return Err(invalid()),
        };
        if seen.account.user.state != UserState::Active {
            return Err(if sees_users {
                Error::UserNotActive
            } else {
                invalid()
            });
        }
        let code = tried.map_err(|fault| match fault {
            CodeFault::Expired if sees_users && purpose == CodePurpose::ResetPassword => {
                UserError::CodeExpired.into()
            }
            CodeFault::Wrong | CodeFault::Expired => invalid(),
        })?;
        code.require_current(&seen.account)?;
        Ok(CodeUser { seen, code })
    }

    /// Compares a code. A try at the short form is counted before: 1 request either way.
    async fn try_code(
        &self,
        user: &UserId,
        purpose: CodePurpose,
        presented: &PresentedCode,
        keys: Arc<ServerKeys>,
        context: &Context,
    ) -> Result<Result<CheckedCode, CodeFault>, Error> {
        let now = context.time();
        let (record, is_counted) = match presented {
            PresentedCode::Long(_) => {
                let record = self.store.get_code(user, purpose);
                (context.database(record).await?, false)
            }
            PresentedCode::Short(_) => {
                let tried = self
                    .store
                    .count_try(user, purpose, WriteId::generate(), now);
                let tried = context.database(tried).await?;
                let none = || CodeRecord::none(user.clone(), purpose);
                (tried.record.unwrap_or_else(none), tried.is_counted)
            }
        };
        let Some(active) = record.active.clone() else {
            return Ok(Err(CodeFault::Wrong));
        };
        let keys = self.keys_of_code(keys, &record, context).await?;
        let Some(key) = keys.with_name(active.target.key) else {
            return Ok(Err(CodeFault::Wrong));
        };
        if !active.is_valid(now) {
            return Ok(Err(CodeFault::Expired));
        }
        let is_right = |destination: &Destination| {
            let code = |round| key.code(user, purpose, destination, active.id, round);
            match presented {
                // The links of former rounds stay right.
                PresentedCode::Long(text) => {
                    (1..=active.round).any(|round| code(round).is_long(text))
                }
                PresentedCode::Short(text) => is_counted && code(active.round).is_short(text),
            }
        };
        Ok(match active.target.destinations().find(is_right) {
            Some(destination) => Ok(CheckedCode {
                record,
                destination,
                key: key.clone(),
                is_counted,
            }),
            None => Err(CodeFault::Wrong),
        })
    }

    /// Reads the user of a code. One who doesn't exist costs as many requests as one who does.
    pub(in crate::service) async fn find_user_of_code(
        &self,
        id: &UserId,
        context: &Context,
    ) -> Result<StoredUser, UserRefusal> {
        let found = self.find_user(id, context).await;
        if let Err(UserRefusal::NoSuchId(_)) = &found {
            let nobody = FoldedName::for_unknown_user(id.as_str());
            let nobody = (UserRef::from(id), nobody);
            let read = self.store.read_accounts(std::slice::from_ref(&nobody));
            context.database(read).await?;
        }
        found
    }

    /// Gives back the try of a code that was right, for a change that was refused for another
    /// reason: 1 request if one was counted.
    pub(in crate::service) async fn return_try(&self, code: &CheckedCode, context: &Context) {
        if !code.is_counted {
            return;
        }
        let returned = self.store.return_try(&code.record);
        if let Err(error) = context.database(returned).await {
            context.record.side_error(&error);
        }
    }
}

impl CheckedCode {
    /// The write that uses the code up.
    pub fn consume(&self) -> CodeWrite {
        CodeWrite::Consume(Box::new(self.record.clone()))
    }

    /// Checks that the code is still good for what the user is now: its address is the user's, and
    /// no password was set since.
    pub fn require_current(&self, account: &Account) -> Result<(), Error> {
        let purpose = self.record.purpose;
        let profile = &account.profile;
        let email = profile.email.as_ref().map(|email| email.address.clone());
        let own = match (&self.destination, purpose) {
            (Destination::Email(_), CodePurpose::VerifyEmail) => {
                profile.unverified_email().map(Destination::Email)
            }
            (Destination::Email(_), _) => email.map(Destination::Email),
            (Destination::Phone(_), CodePurpose::VerifyPhone) => {
                profile.unverified_phone().map(Destination::Phone)
            }
            (Destination::Phone(_), _) => profile.verified_phone().cloned().map(Destination::Phone),
        };
        let is_own = own.is_some_and(|own| own.folded() == self.destination.folded());
        let target = code_target(account, purpose, self.destination.clone(), &self.key);
        let active = self.record.active.as_ref();
        let is_bound = active.is_some_and(|active| active.target.agrees(&target));
        if is_own && is_bound && account.user.state == UserState::Active {
            Ok(())
        } else {
            Err(invalid_code(purpose))
        }
    }

    /// Whether a message had it.
    pub fn was_sent(&self) -> bool {
        let active = self.record.active.as_ref();
        active.is_none_or(ActiveCode::was_sent)
    }

    pub fn has_id(&self, id: CodeId) -> bool {
        let active = self.record.active.as_ref();
        active.is_some_and(|active| active.id == id)
    }
}

/// The error for a code that is not accepted.
pub(in crate::service) fn invalid_code(purpose: CodePurpose) -> Error {
    match purpose {
        CodePurpose::RegisterPasskey => WebAuthnError::WrongCode.into(),
        _ => UserError::CodeInvalid(purpose).into(),
    }
}
