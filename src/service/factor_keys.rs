//! The keys that second factors need, and the secrets of authenticator apps, which only they open.

use std::sync::Arc;

use super::{Context, Service};
use crate::domain::{SealedSecret, TotpSecret, UserId};
use crate::error::Error;
use crate::token::{OpenFault, ServerKeys};

/// What the secret of an authenticator app is sealed for.
const TOTP_PURPOSE: &str = "totp";

/// Seals the secret of a user's authenticator app with the first key.
///
/// # Errors
///
/// [`Error::Internal`]: the operating system has no random numbers.
pub fn seal_totp(
    keys: &ServerKeys,
    user: &UserId,
    secret: &TotpSecret,
) -> Result<SealedSecret, Error> {
    keys.first().seal(TOTP_PURPOSE, user, secret.as_bytes())
}

/// Opens the secret of a user's authenticator app.
pub fn open_totp(
    keys: &ServerKeys,
    user: &UserId,
    secret: &SealedSecret,
) -> Result<TotpSecret, OpenFault> {
    let bytes = keys.open(TOTP_PURPOSE, user, secret)?;
    Ok(TotpSecret::from_bytes(bytes.to_vec()))
}

impl Service {
    /// The keys that second factors need.
    ///
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: the deployment has none.
    pub(super) async fn factor_keys(&self, context: &Context) -> Result<Arc<ServerKeys>, Error> {
        let keys = self.server_keys(context).await?;
        keys.ok_or_else(|| Error::Unimplemented("codes without SERVER_KEY".into()))
    }

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
        let mut opened = open_totp(keys, user, secret);
        if let Err(OpenFault::UnknownKey(name)) = opened
            && let Some(keys) = self.server_keys_with(name, context).await?
        {
            opened = open_totp(&keys, user, secret);
        }
        opened.map_err(|fault| {
            let text = format!("the secret of an authenticator app can't be opened: {fault}");
            Error::Internal(text.into())
        })
    }
}
