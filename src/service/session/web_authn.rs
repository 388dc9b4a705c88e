//! Challenges for the authenticators of users, and the check of their answers: passkeys in the place of
//! a password, with and without a user, and security keys beside one.

mod answer;
mod challenge;
mod judge;
mod passed;
mod read;

use crate::domain::{
    Challenge, Credential, CredentialId, RpId, UserVerification, WebAuthnChallenge,
};
use crate::error::WebAuthnError;
use crate::service::Context;
use crate::webauthn::{AssertionResponse, Fault, Malformed};

pub(super) use challenge::KeyRights;
pub(super) use passed::PassedAnswer;
pub(super) use read::ReadAnswer;

/// The answer of an authenticator that a request presents, if it can be read.
pub type PresentedAnswer = Result<AssertionResponse, Malformed>;

/// The challenge that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedKey {
    pub domain: String,
    /// `None`: it is not said, or is none that this service knows.
    pub verification: Option<UserVerification>,
}

/// The same, for one of the deployment's domains.
#[derive(Debug)]
pub(super) struct CheckedKey {
    pub rp_id: RpId,
    pub verification: UserVerification,
}

/// What an authenticator is asked to sign, and with which credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    pub challenge: Challenge,
    pub rp_id: RpId,
    pub verification: UserVerification,
    /// None in a challenge without a user: the authenticator offers those that it has.
    pub credentials: Vec<OfferedKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedKey {
    pub id: CredentialId,
    pub transports: Vec<String>,
}

/// A challenge that is still to be stored with its session.
#[derive(Debug)]
pub(super) struct KeyChallenge {
    pub challenge: WebAuthnChallenge,
    pub request: KeyRequest,
}

/// The answer to a client for all that can be wrong with an authenticator's. Operators see which it was.
fn refuse(fault: Fault, context: &Context) -> WebAuthnError {
    context.record.note(|facts| facts.key_fault = Some(fault.0));
    WebAuthnError::WrongAnswer
}
