//! Which call has which errors of passkeys and security keys.

use sesame::domain::Operation as Rpc;
use sesame::error::WebAuthnError;

use super::factor_errors::checks;
use crate::support::openapi::document::Operation;

/// Whether an operation may answer with an error. Exhaustive on purpose: each error must choose its
/// operations here.
pub fn may_answer(operation: &Operation, error: &WebAuthnError) -> bool {
    let answers = operation.rpc == Rpc::SetSession && checks(operation);
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
        | WebAuthnError::Taken
        | WebAuthnError::TooMany
        | WebAuthnError::WrongCode
        | WebAuthnError::SentCodeTooWeak => false,
    }
}
