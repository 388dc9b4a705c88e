use super::{Fault, refuse};
use crate::domain::{Challenge, Factor, Session, User};
use crate::error::WebAuthnError;
use crate::service::Context;
use crate::store::UsedCredential;

/// An answer that was right, and is used up together with the change of the session.
#[derive(Debug)]
pub(in crate::service::session) struct PassedAnswer {
    pub challenge: Challenge,
    pub used: UsedCredential,
    pub user: User,
    pub factor: Factor,
    /// Whether the credential has verified the user and is no passkey.
    pub u2f_verified_user: bool,
    /// Whether the challenge was one without a user.
    pub is_discoverable: bool,
}

impl PassedAnswer {
    /// The error for a credential that isn't there.
    pub fn not_found(&self, context: &Context) -> WebAuthnError {
        if self.is_discoverable {
            refuse(Fault("the credential is not known"), context)
        } else {
            WebAuthnError::NotFound
        }
    }

    /// Checks that the challenge still waits for its answer in a session that others have written
    /// since, and that the session has not got another user.
    pub fn require_challenge_of(
        &self,
        session: &Session,
        context: &Context,
    ) -> Result<(), WebAuthnError> {
        if session.challenges.web_authn(&self.challenge).is_none() {
            return Err(refuse(Fault("the challenge was answered"), context));
        }
        let own = session.factors.user();
        if own.is_some_and(|own| own.user_id != self.user.user_id) {
            return Err(refuse(Fault("the session has another user"), context));
        }
        Ok(())
    }
}
