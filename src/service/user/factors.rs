//! The second factors and passkeys of users: how they are set up, listed and removed. Each change of them is a
//! change of the user, with all that one has.

mod list;
mod otp;
mod passkeys;
mod recovery_codes;
mod registration;
mod remove;
mod security_keys;
mod totp;

use super::answers::Fault;
use super::change::{AccountChange, AskedCodes, ChangeParts};
use crate::domain::{Account, FactorKind, Permit, Principal, SessionId, UserId, UserScope};
use crate::error::{Error, FactorError, UserCommand, WebAuthnError};
use crate::service::codes::CheckedCode;
use crate::service::{Context, Details, Service};
use crate::store::StoredUser;

pub use list::{FactorStates, ListAuthenticationFactors, ListedFactor};
pub use otp::{AddOTPEmail, AddOTPSMS};
pub use passkeys::{
    CreatePasskeyRegistrationLink, CreatedLink, LinkCode, ListPasskeys, ListedPasskey,
    ListedPasskeys, RegisterPasskey, VerifyPasskeyRegistration,
};
pub use recovery_codes::{GenerateRecoveryCodes, MadeRecoveryCodes, RemoveRecoveryCodes};
pub use registration::{Attachment, BegunRegistration, CreationOptions, RegistrationAnswer};
pub use remove::{RemoveOTPEmail, RemoveOTPSMS, RemovePasskey, RemoveTOTP, RemoveU2F};
pub use security_keys::{RegisterU2F, VerifyU2FRegistration};
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
        let change = |account: &Account| {
            self.require_strongest(account, permit, context)?;
            change(account)
        };
        let changed = self.change_by_code(seen, command, None, permit, context, &change);
        Ok(self.user_details(&changed.await?))
    }

    /// The same without that question, and with a code, if one permits the change. It is used up.
    async fn change_by_code(
        &self,
        seen: StoredUser,
        command: UserCommand,
        code: Option<&CheckedCode>,
        permit: &Permit,
        context: &Context,
        change: AccountChange<'_>,
    ) -> Result<Account, Error> {
        let parts = ChangeParts {
            command,
            asked: &AskedCodes::default(),
            proof: code,
            kept: own_session(&seen.account.user.user_id, permit),
        };
        let change = |account: &Account| Ok(without_former_access(account, change(account)?));
        let changed = self.change_and_send(seen, parts, permit, context, &change);
        changed.await.map(|(after, _)| after)
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

/// The account after a change of its factors. Whoever had the password alone until then, or read the
/// mail, may have given an address that waits to be verified, to which codes must not come to go, or
/// begun to register a passkey by a code, which could be completed beside the first factor.
fn without_former_access(before: &Account, mut after: Account) -> Account {
    let (old, new) = (before.kinds(), after.kinds());
    let is_first = !old.has_lasting() && new.has_lasting();
    let takes_email = !old.has(FactorKind::OtpEmail) && new.has(FactorKind::OtpEmail);
    if is_first || takes_email {
        after.profile.new_email = None;
    }
    if is_first {
        after.credentials.pending.retain(|one| !one.by_code);
    }
    after
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

impl From<WebAuthnError> for Fault {
    fn from(error: WebAuthnError) -> Self {
        Self::Call(error.into())
    }
}
