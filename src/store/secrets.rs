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

/// Where the key is from which tokens are derived that must be given again.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// There is none.
    None,
    Key(ServerKey),
    Secret(Secret),
}

/// A secret of AWS Secrets Manager: its text is the key. Read when it is first needed, and
/// kept: a start that needs none doesn't wait for one.
#[derive(Clone, Debug)]
pub struct Secret {
    id: String,
    /// None: whoever read the settings has not said how to reach it.
    client: Option<Client>,
    key: Arc<OnceCell<ServerKey>>,
}

impl KeySource {
    /// A secret by its name or ARN.
    pub fn secret(id: String) -> Self {
        Self::Secret(Secret {
            id,
            client: None,
            key: Arc::default(),
        })
    }

    /// The same, to be reached as `endpoint` says, in its region. `url` is another than
    /// Secrets Manager's own.
    #[must_use]
    pub fn reached(
        self,
        endpoint: &Endpoint,
        url: Option<String>,
        http: impl FnOnce() -> SharedHttpClient,
    ) -> Self {
        let Self::Secret(secret) = self else {
            return self;
        };
        let mut config = Builder::new()
            .region(Region::new(endpoint.region.clone()))
            .credentials_provider(endpoint.credentials.clone())
            .timeout_config(timeouts())
            .retry_config(retries())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(http());
        config.set_endpoint_url(url);
        Self::Secret(Secret {
            client: Some(Client::from_conf(config.build())),
            ..secret
        })
    }

    /// # Errors
    ///
    /// - [`Error::Unavailable`], [`Error::Internal`]: the secret can't be read, or is no key.
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
        let client = self.client.as_ref();
        let client = client.ok_or_else(|| Error::Internal("no way to the secret is set".into()))?;
        let value = client
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
