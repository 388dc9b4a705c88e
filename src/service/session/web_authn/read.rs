use super::{Credential, Fault};
use crate::webauthn::AssertionResponse;

/// An answer, and the credential that it names.
#[derive(Debug)]
pub(in crate::service::session) struct ReadAnswer {
    pub response: AssertionResponse,
    pub credential: Option<Credential>,
}

impl ReadAnswer {
    /// Checks that the handle in the answer is that of the credential's user.
    pub(super) fn require_handle(
        &self,
        credential: &Credential,
        is_needed: bool,
    ) -> Result<(), Fault> {
        match self.response.user_handle.as_deref() {
            Some(handle) if handle != credential.handle.0 => {
                Err(Fault("the handle is not that of the credential's user"))
            }
            None if is_needed => Err(Fault("the answer has no handle")),
            Some(_) | None => Ok(()),
        }
    }
}
