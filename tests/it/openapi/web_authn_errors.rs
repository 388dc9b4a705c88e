//! Which call has which errors of passkeys and security keys.

use sesame::domain::Operation as Rpc;
use sesame::error::WebAuthnError;

use super::factor_errors::checks;
use crate::support::openapi::document::Operation;

/// Whether an operation may answer with an error. Exhaustive on purpose: each error must choose its
/// operations here.
pub fn may_answer(operation: &Operation, error: &WebAuthnError) -> bool {
    let answers = operation.rpc == Rpc::SetSession && checks(operation);
    let rpc = operation.rpc;
    let begins = matches!(rpc, Rpc::RegisterPasskey | Rpc::RegisterU2F);
    let completes = matches!(
        rpc,
        Rpc::VerifyPasskeyRegistration | Rpc::VerifyU2FRegistration
    );
    match error {
        WebAuthnError::UserMissing | WebAuthnError::NoneUsable | WebAuthnError::NoChallenge => {
            checks(operation)
        }
        // A create has no challenge yet that could be answered.
        WebAuthnError::WrongAnswer
        | WebAuthnError::MalformedAnswer
        | WebAuthnError::NotFound
        | WebAuthnError::UserNotActive
        | WebAuthnError::MayBeCopied => answers,
        WebAuthnError::NoRegistration
        | WebAuthnError::MalformedRegistration
        | WebAuthnError::WrongRegistration
        | WebAuthnError::Taken => completes,
        WebAuthnError::TooMany => begins || completes,
        WebAuthnError::WrongCode | WebAuthnError::SentCodeTooWeak => rpc == Rpc::RegisterPasskey,
        WebAuthnError::IdMissing => matches!(rpc, Rpc::RemovePasskey | Rpc::RemoveU2F),
    }
}
