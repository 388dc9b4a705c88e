use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{
    Builder, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use tokio::sync::OnceCell;

use super::client::{Endpoint, retries, timeouts};
use super::failure::failure;
use crate::error::Error;
use crate::token::ServerKey;

/// Where the service gets its [`ServerKey`] from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// The service has no key.
    None,
    Key(ServerKey),
    Secret(Secret),
}

/// A secret of AWS Secrets Manager whose text is the key.
///
/// The first call that needs the key reads it, so that no start waits for it; the process then
/// keeps it.
#[derive(Clone, Debug)]
pub struct Secret {
    id: String,
    client: Client,
    key: Arc<OnceCell<ServerKey>>,
}

impl KeySource {
    /// The secret with the name or ARN `id`, in the region and with the credentials of
    /// `endpoint`. A `url` replaces Secrets Manager's own.
    pub fn secret(
        id: String,
        endpoint: &Endpoint,
        url: Option<String>,
        http: SharedHttpClient,
    ) -> Self {
        let mut config = Builder::new()
            .region(Region::new(endpoint.region.clone()))
            .credentials_provider(endpoint.credentials.clone())
            .timeout_config(timeouts())
            .retry_config(retries())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(http);
        config.set_endpoint_url(url);
        Self::Secret(Secret {
            id,
            client: Client::from_conf(config.build()),
            key: Arc::default(),
        })
    }

    /// The key, or `None` if the service has none.
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`], [`Error::Internal`]: the secret can't be read, or its text is
    ///   not a valid key.
    pub async fn get(&self) -> Result<Option<ServerKey>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Key(key) => Ok(Some(key.clone())),
            Self::Secret(secret) => secret.get().await.map(Some),
        }
    }
}

impl Secret {
    async fn get(&self) -> Result<ServerKey, Error> {
        let key = self.key.get_or_try_init(|| self.read()).await?;
        Ok(key.clone())
    }

    async fn read(&self) -> Result<ServerKey, Error> {
        let value = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await
            .map_err(failure)?;
        let text = value.secret_string.unwrap_or_default();
        ServerKey::parse(text.into_bytes())
            .map_err(|invalid| Error::Internal(format!("the secret is no key: {invalid}").into()))
    }
}
