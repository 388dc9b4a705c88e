use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials as _, SharedCredentialsProvider};

use super::Environment;
use super::failure::Failure;
use crate::store::{Endpoint, Roots, Store, Tables, connect, http_client};

/// Which tables, and where.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct Connection {
    /// The table of users and callers [default: users]
    #[arg(long, global = true, env = "USERS_TABLE", value_name = "NAME")]
    users_table: Option<String>,
    /// The table of sessions [default: sessions]
    #[arg(long, global = true, env = "SESSIONS_TABLE", value_name = "NAME")]
    sessions_table: Option<String>,
    /// Where DynamoDB is, if not at AWS or where `AWS_ENDPOINT_URL_DYNAMODB` or
    /// `AWS_ENDPOINT_URL` say; an address of this machine, such as `http://127.0.0.1:8000` of
    /// `sesame dev`, needs neither region nor credentials
    #[arg(long, global = true, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The AWS region, if not the one of `AWS_REGION` or of the profile
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
    /// A profile of the AWS configuration files; its credentials go before those of the
    /// environment
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
}

impl Connection {
    /// The name of the users table, if anybody gave one.
    pub fn users_table(&self) -> Option<&str> {
        given(self.users_table.as_ref())
    }

    pub fn sessions_table(&self) -> Option<&str> {
        given(self.sessions_table.as_ref())
    }

    pub fn tables(&self) -> Tables {
        Tables {
            users: self.users_table().unwrap_or("users").to_owned(),
            sessions: self.sessions_table().unwrap_or("sessions").to_owned(),
        }
    }

    /// The first option that names a DynamoDB, for a command that has its own.
    #[cfg(feature = "dev")]
    pub fn elsewhere(&self) -> Option<&'static str> {
        let options = [
            ("--endpoint-url", &self.endpoint_url),
            ("--region", &self.region),
            ("--profile", &self.profile),
        ];
        let given = options.into_iter().find(|(_, given)| given.is_some());
        given.map(|(option, _)| option)
    }

    /// The tables, at whatever DynamoDB was named.
    pub async fn store(&self, environment: Environment) -> Result<Store, Failure> {
        let endpoint = self.endpoint(environment).await?;
        Ok(Store::new(connect(endpoint, Roots::System), self.tables()))
    }

    /// Where DynamoDB is and who asks, as AWS's own tools find it out.
    ///
    /// # Errors
    ///
    /// There is no region, or there are no credentials.
    pub async fn endpoint(&self, environment: Environment) -> Result<Endpoint, Failure> {
        let url = self.url(environment)?;
        if url.as_deref().is_some_and(is_loopback) {
            return self.local_endpoint(url, environment).await;
        }
        let config = self.sdk_config().await;
        let credentials = match &self.profile {
            Some(profile) => profile_credentials(profile, &config),
            None => config
                .credentials_provider()
                .ok_or_else(|| Failure::NoCredentials("none configured".into()))?,
        };
        usable(&credentials).await?;
        let region = config.region().ok_or(Failure::NoRegion)?;
        Ok(Endpoint {
            region: region.to_string(),
            url: url.or_else(|| config.endpoint_url().map(str::to_owned)),
            credentials,
        })
    }

    /// An emulator believes everybody: without keys of its own for it, the command
    /// doesn't go looking for some.
    async fn local_endpoint(
        &self,
        url: Option<String>,
        Environment { variable, .. }: Environment,
    ) -> Result<Endpoint, Failure> {
        let region = given(self.region.as_ref())
            .map(str::to_owned)
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let keys = (
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
        );
        match (&self.profile, keys) {
            (Some(profile), _) => {
                let credentials = profile_credentials(profile, &self.sdk_config().await);
                usable(&credentials).await?;
                Ok(Endpoint {
                    region,
                    url,
                    credentials,
                })
            }
            (None, (Some(id), Some(secret))) => {
                let token = variable("AWS_SESSION_TOKEN");
                Ok(Endpoint::with_keys(region, url, &id, &secret, token))
            }
            (None, _) => Ok(Endpoint::with_keys(region, url, "local", "local", None)),
        }
    }

    fn url(&self, Environment { variable, .. }: Environment) -> Result<Option<String>, Failure> {
        let sources = [
            (
                "--endpoint-url",
                given(self.endpoint_url.as_ref()).map(str::to_owned),
            ),
            (
                "AWS_ENDPOINT_URL_DYNAMODB",
                variable("AWS_ENDPOINT_URL_DYNAMODB"),
            ),
            ("AWS_ENDPOINT_URL", variable("AWS_ENDPOINT_URL")),
        ];
        let found = sources
            .into_iter()
            .find_map(|(option, url)| Some((option, url?)));
        match found {
            Some((option, url)) if host(&url).is_none() => {
                Err(Failure::EndpointUrl { option, url })
            }
            found => Ok(found.map(|(_, url)| url)),
        }
    }

    async fn sdk_config(&self) -> SdkConfig {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(Roots::System));
        if let Some(region) = given(self.region.as_ref()) {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        loader.load().await
    }
}

/// What is set but empty counts as not set.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// A profile that was named is meant, whatever keys the environment has.
fn profile_credentials(profile: &str, config: &SdkConfig) -> SharedCredentialsProvider {
    let mut environment = ProviderConfig::without_region().with_region(config.region().cloned());
    if let Some(http) = config.http_client() {
        environment = environment.with_http_client(http);
    }
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&environment)
        .profile_name(profile)
        .build();
    SharedCredentialsProvider::new(provider)
}

/// Asks for the credentials once, because a request without any fails with less to read.
async fn usable(credentials: &SharedCredentialsProvider) -> Result<Credentials, Failure> {
    credentials
        .provide_credentials()
        .await
        .map_err(|error| Failure::NoCredentials(error.into()))
}

/// The host of an HTTP address.
fn host(url: &str) -> Option<String> {
    let url: http::Uri = url.parse().ok()?;
    let schemes = [http::uri::Scheme::HTTP, http::uri::Scheme::HTTPS];
    url.scheme().filter(|scheme| schemes.contains(scheme))?;
    url.host().map(str::to_owned)
}

fn is_loopback(url: &str) -> bool {
    let Some(host) = host(url) else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<std::net::IpAddr, _> = host.parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[test]
fn addresses_of_this_machine_are_known() {
    for (url, want) in [
        ("http://127.0.0.1:8000", true),
        ("http://127.9.9.9", true),
        ("http://localhost:8000/", true),
        ("https://[::1]:8000", true),
        ("https://dynamodb.eu-central-1.amazonaws.com", false),
        ("http://10.0.0.1:8000", false),
        ("http://localhost.example.com", false),
        ("127.0.0.1:8000", false),
        ("ftp://127.0.0.1", false),
        ("", false),
    ] {
        assert_eq!(is_loopback(url), want, "{url}");
    }
}
