use zeroize::Zeroizing;

use crate::domain::{
    Account, CodeId, FactorKind, Operation, PendingTotp, Permit, SecondFactors, Totp, TotpCode,
    TotpSecret, UserId, WriteId,
};
use crate::error::{Error, FactorError, UserCommand};
use crate::service::factor_keys::seal_totp;
use crate::service::{Context, Details, Service, UseCase};

/// `RegisterTOTPRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterTOTP {
    pub user_id: UserId,
}

/// `RegisterTOTPResponse`.
#[derive(Clone, Debug)]
pub struct RegisteredTotp {
    pub details: Details,
    pub secret: TotpSecret,
    pub uri: Zeroizing<String>,
}

/// `VerifyTOTPRegistrationRequest`.
#[derive(Clone, Debug)]
pub struct VerifyTOTPRegistration {
    pub user_id: UserId,
    pub code: TotpCode,
}

impl UseCase for RegisterTOTP {
    const OPERATION: Operation = Operation::RegisterTOTP;
    type Outcome = RegisteredTotp;

    /// Makes a secret, which replaces one that was not verified: the same one again would hand an
    /// intruder's to its victim.
    ///
    /// Requests, one after another: 3.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<RegisteredTotp, Error> {
        let id = self.user_id;
        service.may_change_factors(&id, permit, context)?;
        service.may_set_up(FactorKind::Totp)?;
        let keys = service.factor_keys(context).await?;
        let command = UserCommand::RegisterTotp;
        let seen = service
            .find_for_factors(&id, command, permit, context)
            .await?;
        let secret = TotpSecret::generate()?;
        let pending = PendingTotp {
            id: CodeId::generate(),
            secret: seal_totp(&keys, &id, &secret)?,
            tries: 0,
            try_id: String::new(),
            expires_at: context.now.plus(PendingTotp::LIFETIME),
        };
        let login_name = seen.account.user.login_name.clone();
        let change = |account: &Account| {
            if account.factors.totp.is_some() {
                return Err(FactorError::Exists(FactorKind::Totp).into());
            }
            let factors = SecondFactors {
                pending_totp: Some(pending.clone()),
                ..account.factors.clone()
            };
            Ok(Account {
                factors,
                ..account.clone()
            })
        };
        let changed = service.change_factors(seen, command, permit, context, &change);
        let details = changed.await?;
        let uri = secret.uri(&service.policy.totp_issuer, login_name.as_str());
        Ok(RegisteredTotp {
            details,
            uri: Zeroizing::new(uri),
            secret,
        })
    }
}

impl UseCase for VerifyTOTPRegistration {
    const OPERATION: Operation = Operation::VerifyTOTPRegistration;
    type Outcome = Details;

    /// Verifies a registration. The try is counted before the code is judged, and the code is used up
    /// by it: its step is the last one that was accepted.
    ///
    /// Requests, one after another: 4, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let Self { user_id: id, code } = self;
        service.may_change_factors(&id, permit, context)?;
        service.may_set_up(FactorKind::Totp)?;
        let keys = service.factor_keys(context).await?;
        let command = UserCommand::Other;
        let seen = service
            .find_for_factors(&id, command, permit, context)
            .await?;
        let pending = open_registration(&seen.account.factors)?.clone();
        if !pending.is_open(context.now) {
            return Err(FactorError::NoRegistration.into());
        }
        let secret = service.open_totp_secret(&keys, &id, &pending.secret, context);
        let secret = secret.await?;
        let tried = service
            .store
            .count_totp_try(&id, WriteId::generate(), context.now);
        let tried = context.database(tried).await?;
        let is_same = |other: &PendingTotp| other.id == pending.id;
        if !tried.is_counted || !tried.pending.as_ref().is_some_and(is_same) {
            return Err(FactorError::NoRegistration.into());
        }
        let step = secret.accepted_step(&code, context.now, None);
        let step = step.ok_or(FactorError::Wrong(FactorKind::Totp))?;
        let change = |account: &Account| {
            let stored = open_registration(&account.factors)?;
            if stored.id != pending.id {
                return Err(FactorError::NoRegistration.into());
            }
            let totp = Totp {
                secret: stored.secret.clone(),
                last_step: step,
                added_at: context.now,
            };
            let factors = SecondFactors {
                totp: Some(totp),
                pending_totp: None,
                ..account.factors.clone()
            };
            Ok(Account {
                factors,
                ..account.clone()
            })
        };
        service
            .change_factors(seen, command, permit, context, &change)
            .await
    }
}

impl Service {
    /// The authenticator app of a user who is added with its secret. No code of it was used yet.
    pub(in crate::service::user) async fn first_totp(
        &self,
        user: &UserId,
        secret: &TotpSecret,
        context: &Context,
    ) -> Result<Totp, Error> {
        self.may_set_up(FactorKind::Totp)?;
        let keys = self.factor_keys(context).await?;
        Ok(Totp {
            secret: seal_totp(&keys, user, secret)?,
            last_step: 0,
            added_at: context.now,
        })
    }
}

/// The registration that waits to be verified.
fn open_registration(factors: &SecondFactors) -> Result<&PendingTotp, FactorError> {
    if factors.totp.is_some() {
        return Err(FactorError::RegistrationDone);
    }
    let pending = factors.pending_totp.as_ref();
    pending.ok_or(FactorError::NoRegistration)
}
