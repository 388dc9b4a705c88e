//! The calls that send a code and change nothing else.

use crate::domain::{Account, Code, CodePurpose, Destination, Operation, Permit, UserId};
use crate::error::{Error, UserCommand, UserError};
use crate::service::codes::{Channel, CodeOrder};
use crate::service::{Context, Delivery, Details, Service, UseCase};

/// A code that was asked for: returned, or sent.
#[derive(Clone, Debug)]
pub struct AskedCode {
    pub details: Details,
    pub code: Option<Code>,
}

/// `SendEmailCodeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendEmailCode {
    pub user_id: UserId,
    pub delivery: Delivery,
}

/// `ResendEmailCodeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendEmailCode {
    pub user_id: UserId,
    pub delivery: Delivery,
}

/// `ResendPhoneCodeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendPhoneCode {
    pub user_id: UserId,
    pub delivery: Delivery,
}

/// `PasswordResetRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    pub user_id: UserId,
    pub delivery: Delivery,
    /// Whether it is to go to the phone, if there is a verified number.
    pub prefers_sms: bool,
}

impl UseCase for SendEmailCode {
    const OPERATION: Operation = Operation::SendEmailCode;
    type Outcome = AskedCode;

    /// Sends a code to the e-mail address that is to be verified. For a verified one, nothing is
    /// sent, and that is success: login pages ask each time that they are loaded.
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
            .user_to_send_to(&self.user_id, UserCommand::SetEmail, context)
            .await?;
        let profile = &account.profile;
        let code = match profile.unverified_email() {
            Some(address) => {
                let order = CodeOrder::verify_email(address, delivery);
                let code = service.request_code(&account, &order, &keys, permit, context);
                code.await?
            }
            None if profile.email.is_none() => return Err(UserError::NoAddress.into()),
            None if self.delivery == Delivery::Return => {
                return Err(UserError::NoCode(CodePurpose::VerifyEmail).into());
            }
            None => None,
        };
        Ok(service.asked_code(&account, code))
    }
}

impl UseCase for ResendEmailCode {
    const OPERATION: Operation = Operation::ResendEmailCode;
    type Outcome = AskedCode;

    /// Sends a valid code again.
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
            .user_to_send_to(&self.user_id, UserCommand::SetEmail, context)
            .await?;
        let address = account.profile.unverified_email();
        let address = address.ok_or(UserError::NoCode(CodePurpose::VerifyEmail))?;
        let order = CodeOrder::verify_email(address, delivery).again();
        let code = service.request_code(&account, &order, &keys, permit, context);
        let code = code.await?;
        Ok(service.asked_code(&account, code))
    }
}

impl UseCase for ResendPhoneCode {
    const OPERATION: Operation = Operation::ResendPhoneCode;
    type Outcome = AskedCode;

    /// Sends a valid code again.
    ///
    /// Requests, one after another: 5 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<AskedCode, Error> {
        permit.user(&self.user_id)?;
        let delivery = service.delivery(&self.delivery, Channel::Sms, permit)?;
        let keys = service.code_keys(context).await?;
        let account = service
            .user_to_send_to(&self.user_id, UserCommand::Other, context)
            .await?;
        let number = account.profile.unverified_phone();
        let number = number.ok_or(UserError::NoCode(CodePurpose::VerifyPhone))?;
        let order = CodeOrder::verify_phone(number, delivery).again();
        let code = service.request_code(&account, &order, &keys, permit, context);
        let code = code.await?;
        Ok(service.asked_code(&account, code))
    }
}

impl UseCase for PasswordReset {
    const OPERATION: Operation = Operation::PasswordReset;
    type Outcome = AskedCode;

    /// Sends a code by which a password can be set: to the verified e-mail address or, while none
    /// was verified, to the one that there is.
    ///
    /// Requests, one after another: 5 and the message.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<AskedCode, Error> {
        permit.user(&self.user_id)?;
        Service::may_deliver(&self.delivery, permit)?;
        let keys = service.code_keys(context).await?;
        let account = service
            .user_to_send_to(&self.user_id, UserCommand::PasswordReset, context)
            .await?;
        let profile = &account.profile;
        let number = profile.verified_phone().filter(|_| self.prefers_sms);
        let (destination, channel) = match (number, &profile.email) {
            (Some(number), _) => (Destination::Phone(number.clone()), Channel::Sms),
            (None, Some(email)) => (Destination::Email(email.address.clone()), Channel::Email),
            (None, None) => return Err(UserError::NoAddress.into()),
        };
        let order = CodeOrder {
            purpose: CodePurpose::ResetPassword,
            destination,
            delivery: service.delivery(&self.delivery, channel, permit)?,
            application_name: None,
            is_again: false,
        };
        let code = service.request_code(&account, &order, &keys, permit, context);
        let code = code.await?;
        Ok(service.asked_code(&account, code))
    }
}

impl Service {
    pub(super) async fn user_to_send_to(
        &self,
        id: &UserId,
        command: UserCommand,
        context: &Context,
    ) -> Result<Account, Error> {
        context.record.user(id);
        let found = self.find_user(id, context).await;
        let found = found.map_err(|refusal| refusal.of(command))?;
        Ok(found.account)
    }

    pub(super) fn asked_code(&self, account: &Account, code: Option<Code>) -> AskedCode {
        AskedCode {
            details: self.user_details(account),
            code,
        }
    }
}
