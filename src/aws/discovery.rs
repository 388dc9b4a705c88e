use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{ProvideCredentials as _, SharedCredentialsProvider};

use super::http_client::http_client;
use super::roots::Roots;
use crate::error::Cause;

/// The region and the credentials that AWS's own tools would use on this machine: those of the
/// environment, of the shared configuration files, or of the machine itself.
pub struct SharedConfig {
    pub region: Option<String>,
    /// The URL that the configuration has for every service.
    pub endpoint_url: Option<String>,
    /// They are read once, because a request without any would fail with a less clear error.
    pub credentials: Result<SharedCredentialsProvider, Cause>,
}

impl SharedConfig {
    /// Loads the configuration. A `region` takes precedence over the configured one, and the
    /// credentials of a `profile` over those of the environment.
    pub async fn load(region: Option<&str>, profile: Option<&str>) -> Self {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(Roots::System));
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let credentials = async {
            let credentials = match profile {
                Some(profile) => profile_credentials(&config, profile),
                None => config.credentials_provider().ok_or("none configured")?,
            };
            credentials.provide_credentials().await?;
            Ok(credentials)
        };
        Self {
            credentials: credentials.await,
            region: config.region().map(ToString::to_string),
            endpoint_url: config.endpoint_url().map(str::to_owned),
        }
    }
}

/// The credentials of a profile, whatever keys the environment has.
fn profile_credentials(config: &SdkConfig, profile: &str) -> SharedCredentialsProvider {
    let region = config.region().cloned();
    let mut environment = ProviderConfig::without_region().with_region(region);
    if let Some(http) = config.http_client() {
        environment = environment.with_http_client(http);
    }
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&environment)
        .profile_name(profile)
        .build();
    SharedCredentialsProvider::new(provider)
}
