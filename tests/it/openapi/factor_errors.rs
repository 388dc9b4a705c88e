//! Which call has which errors of second factors.

use sesame::api::Version;
use sesame::domain::{FactorKind, Operation as Rpc};
use sesame::error::FactorError;

use super::calls::CREATES;
use crate::support::openapi::document::Operation;

/// Those that set a factor up.
const ADDS: [(Rpc, FactorKind); 3] = [
    (Rpc::RegisterTOTP, FactorKind::Totp),
    (Rpc::AddOTPSMS, FactorKind::OtpSms),
    (Rpc::AddOTPEmail, FactorKind::OtpEmail),
];
const REMOVES: [(Rpc, FactorKind); 5] = [
    (Rpc::RemoveTOTP, FactorKind::Totp),
    (Rpc::RemoveOTPSMS, FactorKind::OtpSms),
    (Rpc::RemoveOTPEmail, FactorKind::OtpEmail),
    // Both kinds of credentials have one id.
    (Rpc::RemovePasskey, FactorKind::Passkey),
    (Rpc::RemoveU2F, FactorKind::Passkey),
];
/// Those that change something of a user's second factors.
pub const CHANGES: [Rpc; 15] = [
    Rpc::RegisterTOTP,
    Rpc::VerifyTOTPRegistration,
    Rpc::RemoveTOTP,
    Rpc::AddOTPSMS,
    Rpc::RemoveOTPSMS,
    Rpc::AddOTPEmail,
    Rpc::RemoveOTPEmail,
    Rpc::GenerateRecoveryCodes,
    Rpc::RemoveRecoveryCodes,
    Rpc::RegisterPasskey,
    Rpc::VerifyPasskeyRegistration,
    Rpc::RemovePasskey,
    Rpc::RegisterU2F,
    Rpc::VerifyU2FRegistration,
    Rpc::RemoveU2F,
];

/// Whether a call takes a server key for second factors.
pub fn has_keys(rpc: Rpc) -> bool {
    let adds = ADDS.iter().any(|(of, _)| *of == rpc);
    adds || rpc == Rpc::VerifyTOTPRegistration || CREATES.contains(&rpc)
}

/// Whether an operation checks second factors and sends their codes: v2alpha does not.
pub fn checks(operation: &Operation) -> bool {
    [Rpc::CreateSession, Rpc::SetSession].contains(&operation.rpc)
        && operation.version > Version::V2alpha
}

/// Whether an operation may answer with an error. Exhaustive on purpose: each error must choose its
/// operations here.
pub fn may_answer(operation: &Operation, error: &FactorError) -> bool {
    let rpc = operation.rpc;
    let is_one_of = |some: &[Rpc]| some.contains(&rpc);
    let is_of = |some: &[(Rpc, FactorKind)], kind| some.contains(&(rpc, kind));
    let checks = checks(operation);
    let recovers = checks && operation.version == Version::V2;
    match error {
        FactorError::NotSetUp(FactorKind::RecoveryCodes)
        | FactorError::UserMissingToCheck(FactorKind::RecoveryCodes)
        | FactorError::CodeEmpty(FactorKind::RecoveryCodes)
        | FactorError::Wrong(FactorKind::RecoveryCodes) => recovers,
        FactorError::Locked(lock) if lock.kind == FactorKind::RecoveryCodes => recovers,
        // A create has no challenge yet that could have expired.
        FactorError::Expired => checks && rpc == Rpc::SetSession,
        FactorError::Wrong(FactorKind::Totp) => checks || rpc == Rpc::VerifyTOTPRegistration,
        FactorError::NoProofYet
        | FactorError::UserMissingToCheck(_)
        | FactorError::UserMissingToChallenge(_)
        | FactorError::NotSetUp(_)
        | FactorError::NotReady(_)
        | FactorError::NoChallenge
        | FactorError::CodeEmpty(_)
        | FactorError::Wrong(_)
        | FactorError::Locked(_) => checks,
        FactorError::Exists(kind) | FactorError::Unverified(kind) => is_of(&ADDS, *kind),
        FactorError::NoRegistration | FactorError::RegistrationDone => {
            rpc == Rpc::VerifyTOTPRegistration
        }
        FactorError::NoneToRemove(kind) => is_of(&REMOVES, *kind),
        FactorError::WrongCount(_) | FactorError::NoFactorToRecover => {
            rpc == Rpc::GenerateRecoveryCodes
        }
        FactorError::LastFactor => {
            let phones = [Rpc::RemovePhone, Rpc::UpdateUser, Rpc::UpdateHumanUser];
            REMOVES.iter().any(|(of, _)| *of == rpc) || is_one_of(&phones)
        }
        FactorError::SwitchedOff => {
            let keys = [Rpc::RegisterU2F, Rpc::VerifyU2FRegistration];
            ADDS.iter().any(|(of, _)| *of == rpc) || is_one_of(&CREATES) || is_one_of(&keys)
        }
    }
}
