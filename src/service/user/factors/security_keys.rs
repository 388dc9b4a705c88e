use super::passkeys::relying_party;
use super::registration::{BegunRegistration, NewRegistration, RegistrationAnswer};
use crate::domain::{CredentialKind, FactorKind, Operation, Permit, UserId};
use crate::error::{Error, UserCommand};
use crate::service::{Context, Details, Service, UseCase};

/// `RegisterU2FRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterU2F {
    pub user_id: UserId,
    /// `None`: the first of the deployment's.
    pub domain: Option<String>,
}

/// `VerifyU2FRegistrationRequest`.
#[derive(Debug)]
pub struct VerifyU2FRegistration {
    pub user_id: UserId,
    pub answer: RegistrationAnswer,
}

impl UseCase for RegisterU2F {
    const OPERATION: Operation = Operation::RegisterU2F;
    type Outcome = BegunRegistration;

    /// Begins the registration of a security key.
    ///
    /// Requests, one after another: 3.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<BegunRegistration, Error> {
        let registrar = service.registrar(&self.user_id, permit, context)?;
        let rp_id = relying_party(service.relying_parties()?, self.domain.as_deref())?;
        service.may_set_up(FactorKind::U2f)?;
        let command = UserCommand::Other;
        let seen = service
            .find_for_factors(&self.user_id, command, permit, context)
            .await?;
        let new = NewRegistration {
            kind: CredentialKind::U2f,
            rp_id,
            attachment: None,
            code: None,
            registrar: Some(registrar),
        };
        service.begin_registration(seen, new, permit, context).await
    }
}

impl UseCase for VerifyU2FRegistration {
    const OPERATION: Operation = Operation::VerifyU2FRegistration;
    type Outcome = Details;

    /// Requests, one after another: 3, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        service.may_change_factors(&self.user_id, permit, context)?;
        service.relying_parties()?;
        service.may_set_up(FactorKind::U2f)?;
        let kind = CredentialKind::U2f;
        service
            .complete_registration(&self.user_id, kind, self.answer, permit, context)
            .await
    }
}
