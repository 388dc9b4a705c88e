//! The server keys, for commands that make codes, or seal or open secrets.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::Environment;
use super::connection::Connection;
use super::failure::Failure;
use crate::aws::{Roots, ServerKeySetting, http_client};
use crate::config;
use crate::error::Error;
use crate::token::ServerKeys;

/// The keys of the service, from the settings that `serve` reads.
pub async fn server_keys(connection: &Connection) -> Result<Arc<ServerKeys>, Failure> {
    let setting = config::server_key(connection.environment.variable)?;
    let keys = open(&setting, connection).await?;
    keys.ok_or_else(|| Failure::ServerKey(Error::Internal("there is none".into())))
}

async fn open(
    setting: &ServerKeySetting,
    connection: &Connection,
) -> Result<Option<Arc<ServerKeys>>, Failure> {
    let Environment { now, variable, .. } = connection.environment;
    if let ServerKeySetting::None = setting {
        return Ok(None);
    }
    let secrets = config::secrets_url(variable);
    let endpoint = connection.endpoint().await?;
    let source = setting.open(&endpoint, secrets, http_client(Roots::System));
    let read = source.get(now()).await.map_err(Failure::ServerKey)?;
    Ok(read.keys)
}

/// The keys of commands that need them only for some users: they are read for the first of these.
#[derive(Debug)]
pub struct KeysIfSet<'a> {
    connection: &'a Connection,
    read: OnceCell<Option<Arc<ServerKeys>>>,
}

impl<'a> KeysIfSet<'a> {
    pub fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            read: OnceCell::new(),
        }
    }

    /// `None`: the environment has no key.
    pub async fn get(&self) -> Result<Option<Arc<ServerKeys>>, Failure> {
        let read = self.read.get_or_try_init(async || {
            let setting = config::server_key_if_set(self.connection.environment.variable)?;
            open(&setting, self.connection).await
        });
        read.await.cloned()
    }
}
