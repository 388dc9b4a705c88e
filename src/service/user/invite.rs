use super::send_code::AskedCode;
use crate::domain::{Account, CodePurpose, Destination, FactorKind, Operation, Permit, UserId};
use crate::error::{Error, UserCommand, UserError};
use crate::service::codes::{Channel, CodeOrder};
use crate::service::{Context, Delivery, Details, Service, UseCase};

/// `CreateInviteCodeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateInviteCode {
    pub user_id: UserId,
    pub delivery: Delivery,
    /// What the user is invited to, as the message names it.
    pub application_name: Option<String>,
}

/// `ResendInviteCodeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendInviteCode {
    pub user_id: UserId,
}

impl UseCase for CreateInviteCode {
    const OPERATION: Operation = Operation::CreateInviteCode;
    type Outcome = AskedCode;

    /// Invites a user who has nothing to log in with: whoever has the code verifies the address, and
    /// an application lets him choose the first password.
    ///
    /// Requests, one after another: 5 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<AskedCode, Error> {
        permit.user(&self.user_id)?;
        let delivery = service.delivery(&self.delivery, Channel::Email, permit)?;
        let keys = service.code_keys(context).await?;
        let account = service
            .user_to_send_to(&self.user_id, UserCommand::CreateInvite, context)
            .await?;
        if can_log_in(&account) {
            return Err(UserError::InviteNotNeeded(false).into());
        }
        let order = CodeOrder {
            purpose: CodePurpose::Invite,
            destination: invited_at(&account)?,
            delivery,
            application_name: self.application_name,
            is_again: false,
        };
        let code = service.request_code(&account, &order, &keys, permit, context);
        let code = code.await?;
        Ok(service.asked_code(&account, code))
    }
}

impl UseCase for ResendInviteCode {
    const OPERATION: Operation = Operation::ResendInviteCode;
    type Outcome = Details;

    /// Sends a valid invitation again, with the template and the application that it had.
    ///
    /// Requests, one after another: 6 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        permit.user(&self.user_id)?;
        service.require_sending(Channel::Email)?;
        let keys = service.code_keys(context).await?;
        let account = service
            .user_to_send_to(&self.user_id, UserCommand::ResendInvite, context)
            .await?;
        if can_log_in(&account) {
            return Err(UserError::InviteNotNeeded(true).into());
        }
        let record = service.store.get_code(&self.user_id, CodePurpose::Invite);
        let record = context.database(record).await?;
        let invitation = record.active.and_then(|active| active.invitation);
        let invitation = invitation.filter(|invitation| !invitation.is_returned);
        let invitation = invitation.ok_or(UserError::NoCode(CodePurpose::Invite))?;
        // The addresses that links may have can have changed since.
        let delivery = Delivery::Send(invitation.url_template);
        let order = CodeOrder {
            purpose: CodePurpose::Invite,
            destination: invited_at(&account)?,
            delivery: service.delivery(&delivery, Channel::Email, permit)?,
            application_name: invitation.application_name,
            is_again: true,
        };
        let code = service.request_code(&account, &order, &keys, permit, context);
        code.await?;
        Ok(service.user_details(&account))
    }
}

/// Whether a user has anything to begin a login with.
fn can_log_in(account: &Account) -> bool {
    account.user.password_hash.is_some() || account.kinds().has(FactorKind::Passkey)
}

fn invited_at(account: &Account) -> Result<Destination, UserError> {
    let email = account.profile.email.as_ref();
    let email = email.ok_or(UserError::NoAddress)?;
    Ok(Destination::Email(email.address.clone()))
}
