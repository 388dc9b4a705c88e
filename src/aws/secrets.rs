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

/// The setting of the key from which tokens are derived.
#[derive(Clone, Debug)]
pub enum ServerKeySetting {
    None,
    Key(ServerKey),
    /// The name or ARN of a secret of AWS Secrets Manager whose text is the key.
    Secret(String),
}

impl ServerKeySetting {
    /// Where the service gets the key from. A secret is in the region of `endpoint`, and read over
    /// `http`; a `url` replaces Secrets Manager's own.
    pub fn open(
        &self,
        endpoint: &Endpoint,
        url: Option<String>,
        http: SharedHttpClient,
    ) -> KeySource {
        match self {
            Self::None => KeySource::None,
            Self::Key(key) => KeySource::Key(key.clone()),
            Self::Secret(id) => KeySource::Secret(Secret {
                id: id.clone(),
                endpoint: Endpoint {
                    url,
                    ..endpoint.clone()
                },
                http,
                key: Arc::default(),
            }),
        }
    }
}

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
/// The first call that needs the key makes the client and reads the key, so that no start waits
/// for either; the process then keeps the key.
#[derive(Clone, Debug)]
pub struct Secret {
    id: String,
    endpoint: Endpoint,
    http: SharedHttpClient,
    key: Arc<OnceCell<ServerKey>>,
}

impl KeySource {
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
            Self::Secret(secret) => {
                let key = secret.key.get_or_try_init(|| secret.read()).await?;
                Ok(Some(key.clone()))
            }
        }
    }
}

impl Secret {
    async fn read(&self) -> Result<ServerKey, Error> {
        let endpoint = self.endpoint.clone();
        let mut config = Builder::new()
            .region(Region::new(endpoint.region))
            .credentials_provider(endpoint.credentials)
            .timeout_config(timeouts())
            .retry_config(retries())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(self.http.clone());
        config.set_endpoint_url(endpoint.url);
        let value = Client::from_conf(config.build())
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
