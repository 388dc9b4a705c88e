use std::collections::BTreeSet;

use crate::domain::{
    Account, FactorKind, Operation, Permit, RecoveryCode, RecoveryCodeHash, UserId,
};
use crate::error::{Error, FactorError, UserCommand};
use crate::service::{Context, Details, Service, UseCase};

/// `GenerateRecoveryCodesRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerateRecoveryCodes {
    pub user_id: UserId,
    /// 1 to 10.
    pub count: usize,
}

/// `GenerateRecoveryCodesResponse`.
#[derive(Clone, Debug)]
pub struct MadeRecoveryCodes {
    pub details: Details,
    pub codes: Vec<RecoveryCode>,
}

impl UseCase for GenerateRecoveryCodes {
    const OPERATION: Operation = Operation::GenerateRecoveryCodes;
    type Outcome = MadeRecoveryCodes;

    /// Makes codes in the place of those that there are. Only their hashes are stored.
    ///
    /// Requests, one after another: 3, and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<MadeRecoveryCodes, Error> {
        let Self { user_id, count } = self;
        let is_own = service.may_change_factors(&user_id, permit, context)?;
        let command = UserCommand::Other;
        let seen = service
            .find_for_factors(&user_id, command, permit, context)
            .await?;
        let codes = (0..count).map(|_| RecoveryCode::generate());
        let codes = codes.collect::<Result<Vec<_>, _>>()?;
        let hashes: BTreeSet<_> = codes
            .iter()
            .map(|code| RecoveryCodeHash::of_code(&user_id, code))
            .collect();
        let change = |account: &Account| Ok(replaced(account, &hashes, is_own)?);
        let changed = service.change_factors(seen, command, permit, context, &change);
        Ok(MadeRecoveryCodes {
            details: changed.await?,
            codes,
        })
    }
}

/// The account with other recovery codes. Whoever found the ones before may be logged in by them, so
/// sessions end if there were any.
fn replaced(
    account: &Account,
    hashes: &BTreeSet<RecoveryCodeHash>,
    is_own: bool,
) -> Result<Account, FactorError> {
    // Without a second factor, a login would never ask for them: the user would keep them in vain.
    if is_own && !account.kinds().has_lasting() {
        return Err(FactorError::NoFactorToRecover);
    }
    let mut after = account.clone();
    after.factors.recovery_codes.clone_from(hashes);
    if !account.factors.recovery_codes.is_empty() {
        after.user = after.user.logged_out();
    }
    Ok(after)
}

/// `RemoveRecoveryCodesRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveRecoveryCodes {
    pub user_id: UserId,
}

impl UseCase for RemoveRecoveryCodes {
    const OPERATION: Operation = Operation::RemoveRecoveryCodes;
    type Outcome = Details;

    /// Removes the recovery codes, if there are any.
    ///
    /// Requests, one after another: 3 and those of a notice, or 2 without codes.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        service.may_change_factors(&self.user_id, permit, context)?;
        let command = UserCommand::Other;
        let seen = service
            .find_for_factors(&self.user_id, command, permit, context)
            .await?;
        let change = |account: &Account| Ok(account.without_factor(FactorKind::RecoveryCodes));
        service
            .change_factors(seen, command, permit, context, &change)
            .await
    }
}
