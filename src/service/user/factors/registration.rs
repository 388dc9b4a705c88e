//! How passkeys and security keys are registered: a call begins it with a challenge that is stored with
//! the user, and another one completes it with the answer of the authenticator.

use crate::domain::{
    Account, Challenge, Credential, CredentialKind, Credentials, Denial, DisplayName,
    ListedCredential, PendingCredential, Permit, Principal, RegistrationId, RelyingParties, RpId,
    UserHandle, UserId, UserScope, UserState,
};
use crate::error::{Error, UserCommand, WebAuthnError};
use crate::service::codes::CheckedCode;
use crate::service::user::UserRefusal;
use crate::service::user::answers::Fault;
use crate::service::{Context, Details, Service};
use crate::store::StoredUser;
use crate::webauthn::{Expected, Malformed, Registered, RegistrationResponse, verify_registration};

/// What a page gives an authenticator to make a credential by.
#[derive(Clone, Debug)]
pub struct CreationOptions {
    pub kind: CredentialKind,
    pub challenge: Challenge,
    pub rp_id: RpId,
    /// What browsers may call the deployment.
    pub rp_name: String,
    pub handle: UserHandle,
    pub user_name: String,
    pub display_name: String,
    pub attachment: Option<Attachment>,
    /// What the user has already for the same domain.
    pub excluded: Vec<ListedCredential>,
}

/// Which authenticators a page is to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Those that are part of the device.
    Platform,
    /// Those that are not, such as security keys.
    CrossPlatform,
}

/// A registration that waits for the answer of an authenticator.
#[derive(Clone, Debug)]
pub struct BegunRegistration {
    pub details: Details,
    pub id: RegistrationId,
    pub options: CreationOptions,
}

/// The answer of an authenticator to the options of a registration.
#[derive(Debug)]
pub struct RegistrationAnswer {
    /// `None`: no registration's id is written so.
    pub id: Option<RegistrationId>,
    /// An answer that can't be read is wrong as any other, and so uses its registration up.
    pub response: Result<RegistrationResponse, Malformed>,
    /// 1 to 200 characters.
    pub name: String,
}

/// A registration that is to begin.
pub(super) struct NewRegistration<'a> {
    pub kind: CredentialKind,
    pub rp_id: &'a RpId,
    pub attachment: Option<Attachment>,
    /// The code of a link, which was right.
    pub code: Option<&'a CheckedCode>,
    /// `None`: the code alone permits it.
    pub registrar: Option<Registrar>,
}

/// Who registers credentials of a user by a right of his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registrar {
    /// A principal with the permission.
    Permitted,
    /// The user, who has just proved who he is.
    User,
}

impl Service {
    /// What passkeys and security keys are bound to.
    ///
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: the deployment has neither.
    pub(in crate::service) fn relying_parties(&self) -> Result<&RelyingParties, Error> {
        let parties = self.policy.relying_parties.as_ref();
        parties.ok_or_else(|| Error::Unimplemented("passkeys without RP_IDS".into()))
    }

    /// Who registers, before anything is read. A denial is not the last word if a code, or the
    /// registration that one began, permits it.
    pub(super) fn registrar(
        &self,
        id: &UserId,
        permit: &Permit,
        context: &Context,
    ) -> Result<Registrar, Denial> {
        if permit.user(id)? == UserScope::Any {
            return Ok(Registrar::Permitted);
        }
        if let Principal::User { proof, .. } = permit.principal() {
            permit.require_strongest(proof.kinds, context.now, self.policy.fresh)?;
        }
        Ok(Registrar::User)
    }

    /// Stores a registration with its challenge: 1 request.
    pub(super) async fn begin_registration(
        &self,
        seen: StoredUser,
        new: NewRegistration<'_>,
        permit: &Permit,
        context: &Context,
    ) -> Result<BegunRegistration, Error> {
        let pending = PendingCredential {
            id: RegistrationId::generate()?,
            kind: new.kind,
            challenge: Challenge::generate()?,
            rp_id: new.rp_id.clone(),
            expires_at: context.now.plus(PendingCredential::LIFETIME),
            by_code: new.code.is_some(),
        };
        let handle = UserHandle::generate()?;
        let change = |account: &Account| {
            self.may_begin(&new, account, permit, context)?;
            Ok(with_pending(account, &pending, handle, context)?)
        };
        let command = UserCommand::Other;
        let changed = self.change_by_code(seen, command, new.code, permit, context, &change);
        let after = changed.await?;
        let mut excluded = after.credentials.listed.clone();
        excluded.retain(|one| one.rp_id == pending.rp_id);
        let (login_name, display_name) = (&after.user.login_name, &after.user.display_name);
        let user_name = login_name.as_str().to_owned();
        Ok(BegunRegistration {
            details: self.user_details(&after),
            id: pending.id,
            options: CreationOptions {
                kind: pending.kind,
                challenge: pending.challenge,
                rp_id: pending.rp_id,
                rp_name: self.policy.totp_issuer.clone(),
                handle: after.credentials.handle.unwrap_or(handle),
                display_name: DisplayName::or_login_name(display_name.as_ref(), login_name)
                    .to_owned(),
                user_name,
                attachment: new.attachment,
                excluded,
            },
        })
    }

    /// Whether a registration may begin, by what the user has at the moment of the change.
    fn may_begin(
        &self,
        new: &NewRegistration<'_>,
        account: &Account,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        let by_right = match new.registrar {
            Some(Registrar::User) => self.require_strongest(account, permit, context),
            Some(Registrar::Permitted) => Ok(()),
            None => Err(Error::PermissionDenied),
        };
        let Some(code) = new.code else {
            return by_right;
        };
        code.require_current(account)?;
        let is_user = new.registrar == Some(Registrar::User) && by_right.is_ok();
        // A page with the permission passes on what it was given, so its right is none of the
        // code's holder: who reads the mail has one factor, and a passkey counts as two.
        if code.was_sent() && account.kinds().has_lasting() && !is_user {
            return Err(WebAuthnError::SentCodeTooWeak.into());
        }
        Ok(())
    }

    /// Completes the registration that an answer names, and uses it up, also if the answer is wrong.
    ///
    /// Requests, one after another: 3, and those of a notice.
    pub(super) async fn complete_registration(
        &self,
        user: &UserId,
        kind: CredentialKind,
        answer: RegistrationAnswer,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let parties = self.relying_parties()?;
        let registrar = self.registrar(user, permit, context);
        context.record.user(user);
        let RegistrationAnswer { id, response, name } = answer;
        let seen = match self.find_user_of_code(user, context).await {
            Ok(seen) => seen,
            Err(UserRefusal::Failed(error)) => return Err(error),
            Err(refusal) if registrar.is_ok() => return Err(refusal.of(UserCommand::Other)),
            Err(_) => return Err(unknown(registrar)),
        };
        let open = |account: &Account| {
            let pending = account.credentials.pending.iter();
            let mut named = pending.filter(|one| Some(one.id) == id && one.kind == kind);
            let pending = named.find(|one| context.now < one.expires_at);
            let pending = pending.ok_or_else(|| unknown(registrar))?;
            let is_active = account.user.state == UserState::Active;
            match registrar {
                _ if pending.by_code && is_active => Ok(pending.clone()),
                Ok(Registrar::Permitted) => Ok(pending.clone()),
                Ok(Registrar::User) => {
                    self.require_strongest(account, permit, context)?;
                    Ok(pending.clone())
                }
                Err(_) => Err(unknown(registrar)),
            }
        };
        let pending = open(&seen.account)?;
        let registered = match judge(&pending, response, parties, context) {
            Ok(registered) => registered,
            Err(error) => {
                self.end_registration(seen, &pending, permit, context)
                    .await?;
                return Err(error.into());
            }
        };
        let change = |account: &Account| {
            let pending = open(account)?;
            Ok(with_credential(
                account,
                &pending,
                &registered,
                &name,
                context,
            )?)
        };
        let command = UserCommand::Other;
        let changed = self.change_by_code(seen.clone(), command, None, permit, context, &change);
        match changed.await {
            Ok(after) => Ok(self.user_details(&after)),
            Err(Error::WebAuthn(error @ (WebAuthnError::Taken | WebAuthnError::TooMany))) => {
                self.end_registration(seen, &pending, permit, context)
                    .await?;
                Err(error.into())
            }
            Err(error) => Err(error),
        }
    }

    /// Drops a registration whose answer is of no use: 1 request.
    async fn end_registration(
        &self,
        seen: StoredUser,
        pending: &PendingCredential,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        let change = |account: &Account| {
            let credentials = account.credentials.clone().without_pending(pending.id);
            if credentials == account.credentials {
                return Err(Fault::from(WebAuthnError::NoRegistration));
            }
            Ok(account.with_credentials(credentials))
        };
        let command = UserCommand::Other;
        let changed = self.change_by_code(seen, command, None, permit, context, &change);
        changed.await.map(drop)
    }
}

/// The error for a registration that isn't there. Whether there is such a user is told to nobody who
/// has no right to the call.
fn unknown(registrar: Result<Registrar, Denial>) -> Error {
    match registrar {
        Ok(_) | Err(Denial::Forbidden) => WebAuthnError::NoRegistration.into(),
        Err(denial) => denial.into(),
    }
}

/// Verifies the answer of an authenticator. Clients aren't told what is wrong with it.
fn judge(
    pending: &PendingCredential,
    response: Result<RegistrationResponse, Malformed>,
    parties: &RelyingParties,
    context: &Context,
) -> Result<Registered, WebAuthnError> {
    let response = response.map_err(|fault| {
        context.record.note(|facts| facts.key_fault = Some(fault.0));
        WebAuthnError::MalformedRegistration
    })?;
    let expected = Expected {
        challenge: pending.challenge,
        rp_id: &pending.rp_id,
        parties,
        user_verification: pending.kind == CredentialKind::Passkey,
    };
    verify_registration(&response, &expected).map_err(|fault| {
        context.record.note(|facts| facts.key_fault = Some(fault.0));
        WebAuthnError::WrongRegistration
    })
}

fn has_room(account: &Account) -> Result<(), WebAuthnError> {
    if account.credentials.listed.len() < Credentials::MAX {
        Ok(())
    } else {
        Err(WebAuthnError::TooMany)
    }
}

/// The account with a registration that was begun. The user's handle is made by the first.
fn with_pending(
    account: &Account,
    pending: &PendingCredential,
    handle: UserHandle,
    context: &Context,
) -> Result<Account, WebAuthnError> {
    has_room(account)?;
    let credentials = account.credentials.clone();
    let mut credentials = credentials.with_pending(pending.clone(), context.now);
    credentials.handle.get_or_insert(handle);
    Ok(account.with_credentials(credentials))
}

/// The account with the credential of a registration, which ends.
fn with_credential(
    account: &Account,
    pending: &PendingCredential,
    registered: &Registered,
    name: &str,
    context: &Context,
) -> Result<Account, WebAuthnError> {
    has_room(account)?;
    let credentials = account.credentials.clone();
    if credentials.get(&registered.id).is_some() {
        return Err(WebAuthnError::Taken);
    }
    // Each registration that was begun has made one.
    let handle = credentials.handle.ok_or(WebAuthnError::NoRegistration)?;
    let Registered {
        id,
        key,
        algorithm,
        sign_count,
        user_verified: _,
        backup,
        aaguid,
        transports,
    } = registered.clone();
    let credential = Credential {
        id,
        user: account.user.user_id.clone(),
        handle,
        kind: pending.kind,
        rp_id: pending.rp_id.clone(),
        key,
        algorithm,
        sign_count,
        backup,
        transports,
        aaguid,
        created_at: context.now,
        used_at: None,
    };
    let credentials = credentials.without_pending(pending.id).with_registered(
        credential,
        pending.id,
        name.to_owned(),
    );
    Ok(account.with_credentials(credentials))
}
