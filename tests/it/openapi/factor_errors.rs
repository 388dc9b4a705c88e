//! Which operations may answer with which error of second factors.

use sesame::api::Version;
use sesame::domain::{FactorKind, Operation as Rpc};
use sesame::error::FactorError;

use crate::support::openapi::document::Operation;

/// Whether an operation may answer with an error. Exhaustive on purpose: each error must choose its
/// operations here.
pub fn may_answer(operation: &Operation, error: &FactorError) -> bool {
    let checks = checks(operation);
    let recovers = checks && operation.version == Version::V2;
    match error {
        FactorError::NotSetUp(FactorKind::RecoveryCodes)
        | FactorError::UserMissingToCheck(FactorKind::RecoveryCodes)
        | FactorError::CodeEmpty(FactorKind::RecoveryCodes)
        | FactorError::Wrong(FactorKind::RecoveryCodes) => recovers,
        FactorError::Locked(lock) if lock.kind == FactorKind::RecoveryCodes => recovers,
        FactorError::NoProofYet
        | FactorError::UserMissingToCheck(_)
        | FactorError::UserMissingToChallenge(_)
        | FactorError::NotSetUp(_)
        | FactorError::NotReady(_)
        | FactorError::NoChallenge
        | FactorError::CodeEmpty(_)
        | FactorError::Wrong(_)
        | FactorError::Locked(_) => checks,
        // A create has no challenge yet that could have expired.
        FactorError::Expired => checks && operation.rpc == Rpc::SetSession,
        FactorError::Exists(_)
        | FactorError::Unverified(_)
        | FactorError::NoRegistration
        | FactorError::RegistrationDone
        | FactorError::NoneToRemove(_)
        | FactorError::WrongCount(_)
        | FactorError::NoFactorToRecover
        | FactorError::LastFactor
        | FactorError::SwitchedOff => false,
    }
}

/// Whether it checks second factors, and makes challenges for them.
pub fn checks(operation: &Operation) -> bool {
    let is_check = [Rpc::CreateSession, Rpc::SetSession].contains(&operation.rpc);
    is_check && operation.version > Version::V2alpha
}
