//! The secrets of authenticator apps, which only the server keys open.

use super::session::TOTP_PURPOSE;
use super::{Context, Service};
use crate::domain::{SealedSecret, TotpSecret, UserId};
use crate::error::Error;
use crate::token::{OpenFault, ServerKeys};

impl Service {
    /// Opens the secret of a user's authenticator app. If none of the keys has sealed it, they are read
    /// again: it may be one that was added a moment ago.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`]: no key opens it.
    pub(super) async fn open_totp_secret(
        &self,
        keys: &ServerKeys,
        user: &UserId,
        secret: &SealedSecret,
        context: &Context,
    ) -> Result<TotpSecret, Error> {
        let mut opened = keys.open(TOTP_PURPOSE, user, secret);
        if let Err(OpenFault::UnknownKey(name)) = opened
            && let Some(keys) = self.server_keys_with(name, context).await?
        {
            opened = keys.open(TOTP_PURPOSE, user, secret);
        }
        let bytes = opened.map_err(|fault| {
            let text = format!("the secret of an authenticator app can't be opened: {fault}");
            Error::Internal(text.into())
        })?;
        Ok(TotpSecret::from_bytes(bytes.to_vec()))
    }
}

/// Seals the secret of a user's authenticator app with the first key.
pub(super) fn seal_totp(
    keys: &ServerKeys,
    user: &UserId,
    secret: &TotpSecret,
) -> Result<SealedSecret, Error> {
    keys.first().seal(TOTP_PURPOSE, user, secret.as_bytes())
}
