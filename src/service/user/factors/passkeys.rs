use super::registration::{Attachment, BegunRegistration, NewRegistration, RegistrationAnswer};
use crate::domain::{
    CodeId, CodePurpose, CredentialKind, Invalid, Operation, Permit, PresentedCode, RegistrationId,
    RelyingParties, RpId, Timestamp, UserId,
};
use crate::error::{Error, UserCommand, UserError};
use crate::service::codes::{Channel, CheckedCode, CodeOrder, CodeUser, invalid_code};
use crate::service::user::UserRefusal;
use crate::service::{Context, Delivery, Details, ReturnedCode, Service, UseCase};
use crate::store::StoredUser;

/// `CreatePasskeyRegistrationLinkRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePasskeyRegistrationLink {
    pub user_id: UserId,
    pub delivery: Delivery,
}

/// `CreatePasskeyRegistrationLinkResponse`.
#[derive(Clone, Debug)]
pub struct CreatedLink {
    pub details: Details,
    pub code: Option<ReturnedCode>,
}

/// `RegisterPasskeyRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterPasskey {
    pub user_id: UserId,
    pub code: Option<LinkCode>,
    pub attachment: Option<Attachment>,
    /// `None`: the first of the deployment's.
    pub domain: Option<String>,
}

/// The code of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCode {
    /// `None`: no code's id is written so.
    pub id: Option<CodeId>,
    pub code: PresentedCode,
}

/// `VerifyPasskeyRegistrationRequest`.
#[derive(Debug)]
pub struct VerifyPasskeyRegistration {
    pub user_id: UserId,
    pub answer: RegistrationAnswer,
}

/// `ListPasskeysRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPasskeys {
    pub user_id: UserId,
}

/// `ListPasskeysResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPasskeys {
    pub passkeys: Vec<ListedPasskey>,
    pub sequence: u64,
    pub timestamp: Timestamp,
}

/// A passkey of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPasskey {
    pub id: RegistrationId,
    pub name: String,
}

impl UseCase for CreatePasskeyRegistrationLink {
    const OPERATION: Operation = Operation::CreatePasskeyRegistrationLink;
    type Outcome = CreatedLink;

    /// Sends or returns the code of a link by which a passkey can be registered.
    ///
    /// Requests, one after another: 5 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedLink, Error> {
        permit.user(&self.user_id)?;
        service.relying_parties()?;
        let delivery = service.checked_delivery(&self.delivery, Channel::Email)?;
        let keys = service.code_keys(context).await?;
        let account = service
            .user_to_send_to(&self.user_id, UserCommand::Other, context)
            .await?;
        let email = account.profile.email.as_ref();
        let email = email.ok_or(UserError::NoAddress)?;
        let order = CodeOrder::register_passkey(email.address.clone(), delivery);
        let code = service.request_link(&account, &order, &keys, permit, context);
        let code = code.await?;
        Ok(CreatedLink {
            details: service.user_details(&account),
            code,
        })
    }
}

impl UseCase for RegisterPasskey {
    const OPERATION: Operation = Operation::RegisterPasskey;
    type Outcome = BegunRegistration;

    /// Begins the registration of a passkey. The code of a link is used up by it.
    ///
    /// Requests, one after another: 3, or 4 with a code.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<BegunRegistration, Error> {
        let registrar = service.registrar(&self.user_id, permit, context);
        if self.code.is_none() {
            registrar?;
        }
        let rp_id = relying_party(service.relying_parties()?, self.domain.as_deref())?;
        let (seen, code) = service.find_by_link(&self, permit, context).await?;
        let new = NewRegistration {
            kind: CredentialKind::Passkey,
            rp_id,
            attachment: self.attachment,
            code: code.as_ref(),
            registrar: registrar.ok(),
        };
        let begun = service.begin_registration(seen, new, permit, context).await;
        if let (Err(_), Some(code)) = (&begun, &code) {
            service.return_try(code, context).await;
        }
        begun
    }
}

impl UseCase for VerifyPasskeyRegistration {
    const OPERATION: Operation = Operation::VerifyPasskeyRegistration;
    type Outcome = Details;

    /// Requests, one after another: 3, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let kind = CredentialKind::Passkey;
        service
            .complete_registration(&self.user_id, kind, self.answer, permit, context)
            .await
    }
}

impl UseCase for ListPasskeys {
    const OPERATION: Operation = Operation::ListPasskeys;
    type Outcome = ListedPasskeys;

    /// Requests, one after another: 2.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ListedPasskeys, Error> {
        permit.user(&self.user_id)?;
        service.relying_parties()?;
        context.record.user(&self.user_id);
        let found = service.find_user(&self.user_id, context).await;
        let account = found.map_err(UserRefusal::of_read)?.account;
        let passkeys = account.credentials.of(CredentialKind::Passkey);
        let passkeys = passkeys.map(|one| ListedPasskey {
            id: one.registration,
            name: one.name.clone(),
        });
        Ok(ListedPasskeys {
            passkeys: passkeys.collect(),
            sequence: account.profile.sequence.0,
            timestamp: context.now,
        })
    }
}

impl Service {
    /// Reads the user of a registration, and tries the code of its link if there is one.
    async fn find_by_link(
        &self,
        request: &RegisterPasskey,
        permit: &Permit,
        context: &Context,
    ) -> Result<(StoredUser, Option<CheckedCode>), Error> {
        let (user, command) = (&request.user_id, UserCommand::Other);
        let Some(LinkCode { id, code }) = &request.code else {
            let seen = self
                .find_for_factors(user, command, permit, context)
                .await?;
            return Ok((seen, None));
        };
        context.record.user(user);
        let purpose = CodePurpose::RegisterPasskey;
        let checked = self.check_code(user, purpose, code, command, permit, context);
        let CodeUser { seen, code } = checked.await?;
        if !id.is_some_and(|id| code.has_id(id)) {
            return Err(invalid_code(purpose));
        }
        Ok((seen, Some(code)))
    }
}

/// The domain that a credential is to be bound to.
pub(super) fn relying_party<'a>(
    parties: &'a RelyingParties,
    domain: Option<&str>,
) -> Result<&'a RpId, Invalid> {
    match domain {
        None => Ok(parties.first()),
        Some(domain) => parties.find(domain).ok_or_else(|| {
            let reason = "is none that passkeys and security keys are registered for";
            Invalid::new("domain", reason)
        }),
    }
}
