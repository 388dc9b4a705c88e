//! The server keys as second factors need them.

use std::sync::Arc;

use super::{Context, Service};
use crate::domain::{SealedSecret, TotpSecret, UserId};
use crate::error::Error;
use crate::token::{OpenFault, ServerKeys};

/// What the secrets of authenticator apps are sealed for.
const TOTP: &str = "totp";

impl Service {
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: the deployment has no server key.
    pub(super) async fn factor_keys(&self, context: &Context) -> Result<Arc<ServerKeys>, Error> {
        let keys = self.server_keys(context).await?;
        keys.ok_or_else(|| Error::Unimplemented("codes without SERVER_KEY".into()))
    }

    /// Opens the secret of a user's authenticator app. The keys are read again if none of these has
    /// sealed it: it may be one that was added a moment ago.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`]: no key opens it.
    pub(super) async fn open_totp(
        &self,
        keys: &ServerKeys,
        user: &UserId,
        secret: &SealedSecret,
        context: &Context,
    ) -> Result<TotpSecret, Error> {
        let opened = match keys.open(TOTP, user, secret) {
            Err(OpenFault::UnknownKey(name)) => {
                let again = self.server_keys_with(name, context).await?;
                match again {
                    Some(keys) => keys.open(TOTP, user, secret),
                    None => Err(OpenFault::UnknownKey(name)),
                }
            }
            opened => opened,
        };
        match opened {
            Ok(bytes) => Ok(TotpSecret::from_bytes(bytes.to_vec())),
            Err(OpenFault::UnknownKey(name)) => Err(Error::Internal(
                format!("no server key {name} for the secret of an authenticator app").into(),
            )),
            Err(OpenFault::Corrupt) => Err(Error::Internal(
                format!("the server key {} doesn't open the secret of an authenticator app", secret.key).into(),
            )),
        }
    }
}

/// Seals the secret of a user's authenticator app with the first key.
pub(super) fn seal_totp(
    keys: &ServerKeys,
    user: &UserId,
    secret: &TotpSecret,
) -> Result<SealedSecret, Error> {
    keys.first().seal(TOTP, user, secret.as_bytes())
}
