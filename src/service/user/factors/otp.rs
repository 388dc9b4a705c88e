use crate::domain::{Account, Operation, OtpMethod, Permit, UserId};
use crate::error::{Error, FactorError, UserCommand};
use crate::service::{Context, Details, Service, UseCase};

/// `AddOTPSMSRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddOTPSMS {
    pub user_id: UserId,
}

/// `AddOTPEmailRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddOTPEmail {
    pub user_id: UserId,
}

impl UseCase for AddOTPSMS {
    const OPERATION: Operation = Operation::AddOTPSMS;
    type Outcome = Details;

    /// Requests, one after another: 3, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        service
            .add_otp(&self.user_id, OtpMethod::Sms, permit, context)
            .await
    }
}

impl UseCase for AddOTPEmail {
    const OPERATION: Operation = Operation::AddOTPEmail;
    type Outcome = Details;

    /// Requests, one after another: 3, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        service
            .add_otp(&self.user_id, OtpMethod::Email, permit, context)
            .await
    }
}

impl Service {
    /// Has codes sent to the user's verified address or number, as a second factor.
    async fn add_otp(
        &self,
        id: &UserId,
        method: OtpMethod,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        self.may_change_factors(id, permit, context)?;
        self.may_set_up(method.kind())?;
        // Without one, no code could be made, and the user would be locked out.
        self.factor_keys(context).await?;
        let command = UserCommand::Other;
        let seen = self.find_for_factors(id, command, permit, context).await?;
        let change = |account: &Account| Ok(with_otp(account, method, context)?);
        self.change_factors(seen, command, permit, context, &change)
            .await
    }
}

fn with_otp(
    account: &Account,
    method: OtpMethod,
    context: &Context,
) -> Result<Account, FactorError> {
    let mut after = account.clone();
    let profile = &account.profile;
    let (since, is_verified) = match method {
        OtpMethod::Sms => (
            &mut after.factors.otp_sms,
            profile.verified_phone().is_some(),
        ),
        OtpMethod::Email => (
            &mut after.factors.otp_email,
            profile.verified_email().is_some(),
        ),
    };
    if since.is_some() {
        return Err(FactorError::Exists(method.kind()));
    }
    if !is_verified {
        return Err(FactorError::Unverified(method.kind()));
    }
    *since = Some(context.now);
    Ok(after)
}
