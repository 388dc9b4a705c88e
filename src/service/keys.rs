//! The server keys of a call.

use std::sync::Arc;

use super::{Context, Service};
use crate::aws::KeysRead;
use crate::domain::KeyName;
use crate::error::Error;
use crate::token::ServerKeys;

/// The keys of before stay in use.
#[derive(Debug, thiserror::Error)]
#[error("the secret of the server key can't be read again")]
struct NotReadAgain(#[source] Error);

impl Service {
    /// The server keys; `None`: the deployment has none.
    ///
    /// # Errors
    ///
    /// Those of [`KeySource::get`](crate::aws::KeySource::get).
    pub(super) async fn server_keys(
        &self,
        context: &Context,
    ) -> Result<Option<Arc<ServerKeys>>, Error> {
        let read = self.server_key.get(context.time()).await?;
        Ok(noted(read, context))
    }

    /// The server keys, for a call that needs the one of this name: if the keys at hand lack it, they
    /// are read again, unless they just were. They may lack it still.
    ///
    /// # Errors
    ///
    /// Those of [`KeySource::get`](crate::aws::KeySource::get).
    pub(super) async fn server_keys_with(
        &self,
        name: KeyName,
        context: &Context,
    ) -> Result<Option<Arc<ServerKeys>>, Error> {
        let read = self.server_key.get_with(name, context.time()).await?;
        Ok(noted(read, context))
    }
}

fn noted(read: KeysRead, context: &Context) -> Option<Arc<ServerKeys>> {
    if let Some(error) = read.stale {
        context.record.side_error(&NotReadAgain(error));
    }
    read.keys
}
