//! The second factors of users: how they are set up, listed and removed. Each change of them is a
//! change of the user, with all that one has.

mod list;
mod otp;
mod recovery_codes;
mod remove;
mod totp;

use super::answers::Fault;
use super::change::{AccountChange, AskedCodes, ChangeParts};
use crate::domain::{
    Account, FactorKind, Permit, Principal, Profile, SessionId, UserId, UserScope,
};
use crate::error::{Error, FactorError, UserCommand};
use crate::service::{Context, Details, Service};
use crate::store::StoredUser;

pub use list::{FactorStates, ListAuthenticationFactors, ListedFactor};
pub use otp::{AddOTPEmail, AddOTPSMS};
pub use recovery_codes::{GenerateRecoveryCodes, MadeRecoveryCodes, RemoveRecoveryCodes};
pub use remove::{RemoveOTPEmail, RemoveOTPSMS, RemoveTOTP};
pub use totp::{RegisterTOTP, RegisteredTotp, VerifyTOTPRegistration};

impl Service {
    /// Whether a principal may change what a user logs in with, before anything is read. Returns
    /// whether it is the user.
    pub(super) fn may_change_factors(
        &self,
        id: &UserId,
        permit: &Permit,
        context: &Context,
    ) -> Result<bool, Error> {
        let is_own = permit.user(id)? == UserScope::Own;
        self.require_strongest_at_first(permit, context)?;
        Ok(is_own)
    }

    /// Reads the user whose factors are to be changed.
    async fn find_for_factors(
        &self,
        id: &UserId,
        command: UserCommand,
        permit: &Permit,
        context: &Context,
    ) -> Result<StoredUser, Error> {
        context.record.user(id);
        let found = self.find_user(id, context).await;
        let found = found.map_err(|refusal| refusal.of(command))?;
        self.require_strongest(&found.account, permit, context)?;
        Ok(found)
    }

    /// Whether a user who changes what he logs in with has just proved who he is, as strongly as his
    /// factors allow: otherwise whoever has the password alone, or a session that was left open,
    /// would make them his own. Principals that act by a permission need no proof.
    pub(super) fn require_strongest(
        &self,
        account: &Account,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        let (kinds, fresh) = (account.kinds(), self.policy.fresh);
        Ok(permit.require_strongest(kinds, context.now, fresh)?)
    }

    /// The same by the kinds that the user had when the call began.
    pub(super) fn require_strongest_at_first(
        &self,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        match permit.principal() {
            Principal::User { proof, .. } => {
                let (kinds, fresh) = (proof.kinds, self.policy.fresh);
                Ok(permit.require_strongest(kinds, context.now, fresh)?)
            }
            _ => Ok(()),
        }
    }

    /// Changes the factors of a user. Whether the user may do it himself is asked of what he has at
    /// the moment of the change.
    async fn change_factors(
        &self,
        seen: StoredUser,
        command: UserCommand,
        permit: &Permit,
        context: &Context,
        change: AccountChange<'_>,
    ) -> Result<Details, Error> {
        let parts = ChangeParts {
            command,
            asked: &AskedCodes::default(),
            proof: None,
            kept: own_session(&seen.account.user.user_id, permit),
        };
        let change = |account: &Account| {
            self.require_strongest(account, permit, context)?;
            Ok(without_waiting_address(account, change(account)?))
        };
        let changed = self.change_and_send(seen, parts, permit, context, &change);
        let (after, _) = changed.await?;
        Ok(self.user_details(&after))
    }

    /// # Errors
    ///
    /// [`FactorError::SwitchedOff`]: the deployment has none of the kind set up.
    pub(super) fn may_set_up(&self, kind: FactorKind) -> Result<(), FactorError> {
        if self.policy.second_factors.has(kind) {
            Ok(())
        } else {
            Err(FactorError::SwitchedOff)
        }
    }
}

/// The account after a change of its factors. Whoever had the password alone until then may have given
/// an address that waits to be verified: codes must not come to go there.
fn without_waiting_address(before: &Account, after: Account) -> Account {
    let (old, new) = (before.kinds(), after.kinds());
    let is_first = !old.has_lasting() && new.has_lasting();
    let takes_email = !old.has(FactorKind::OtpEmail) && new.has(FactorKind::OtpEmail);
    if !is_first && !takes_email {
        return after;
    }
    let profile = Profile {
        new_email: None,
        ..after.profile.clone()
    };
    Account { profile, ..after }
}

/// The session that stays when the principal ends those of a user: the one with whose token a user
/// acts himself.
pub(super) fn own_session(user: &UserId, permit: &Permit) -> Option<SessionId> {
    let is_own = permit.principal().user() == Some(user);
    permit.session().filter(|_| is_own)
}

impl From<FactorError> for Fault {
    fn from(error: FactorError) -> Self {
        Self::Call(error.into())
    }
}
