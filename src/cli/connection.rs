use super::Environment;
use super::failure::Failure;
use crate::aws::{Endpoint, Roots, SharedConfig, connect};
use crate::host::Host;
use crate::store::{Store, Tables};

/// The options that select the tables and the DynamoDB with them.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// The table of users and service accounts [default: users]
    #[arg(long, global = true, env = "USERS_TABLE", value_name = "NAME")]
    users_table: Option<String>,
    /// The table of sessions [default: sessions]
    #[arg(long, global = true, env = "SESSIONS_TABLE", value_name = "NAME")]
    sessions_table: Option<String>,
    /// The URL of DynamoDB, if not AWS's own or that of `AWS_ENDPOINT_URL_DYNAMODB` or
    /// `AWS_ENDPOINT_URL`; an address of this machine, such as `http://127.0.0.1:8000` of
    /// `sesame dev`, needs neither region nor credentials
    #[arg(long, global = true, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The AWS region, if not the one of `AWS_REGION` or of the profile
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
    /// A profile of the AWS configuration files, whose credentials take precedence over those of
    /// the environment
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
}

/// The tables and the DynamoDB with them, as the options and the environment select them.
#[derive(Debug)]
pub struct Connection {
    pub options: DatabaseOptions,
    pub environment: Environment,
}

impl Connection {
    /// The name of the users table, if the options or the environment give one.
    pub fn users_table(&self) -> Option<&str> {
        non_empty(self.options.users_table.as_ref())
    }

    /// The name of the sessions table, if the options or the environment give one.
    pub fn sessions_table(&self) -> Option<&str> {
        non_empty(self.options.sessions_table.as_ref())
    }

    pub fn tables(&self) -> Tables {
        Tables {
            users: self.users_table().unwrap_or("users").to_owned(),
            sessions: self.sessions_table().unwrap_or("sessions").to_owned(),
        }
    }

    /// The first given option that selects a DynamoDB, which a command with its own refuses.
    #[cfg(feature = "dev")]
    pub fn database_option(&self) -> Option<&'static str> {
        let options = [
            ("--endpoint-url", &self.options.endpoint_url),
            ("--region", &self.options.region),
            ("--profile", &self.options.profile),
        ];
        let given = options.into_iter().find(|(_, given)| given.is_some());
        given.map(|(option, _)| option)
    }

    /// The tables, with a client for the selected DynamoDB.
    pub async fn store(&self) -> Result<Store, Failure> {
        let endpoint = self.endpoint().await?;
        Ok(Store::new(connect(endpoint, Roots::System), self.tables()))
    }

    /// The URL, region and credentials of DynamoDB, which are found as AWS's own tools find them.
    ///
    /// # Errors
    ///
    /// - [`Failure::EndpointUrl`]: the URL is invalid.
    /// - [`Failure::NoRegion`], [`Failure::NoCredentials`]: there is none.
    pub async fn endpoint(&self) -> Result<Endpoint, Failure> {
        let variable = self.environment.variable;
        let (region, profile) = (self.region(), self.options.profile.as_deref());
        let url = self.url()?;
        let local_region = url.as_deref().filter(|url| is_loopback(url)).map(|_| {
            region
                .map(str::to_owned)
                .or_else(|| variable("AWS_REGION"))
                .or_else(|| variable("AWS_DEFAULT_REGION"))
                .unwrap_or_else(|| "us-east-1".to_owned())
        });
        // An emulator accepts all credentials, so none are searched for if the environment has no
        // keys.
        if let (Some(region), None) = (&local_region, profile) {
            let keys = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
            let token = variable("AWS_SESSION_TOKEN").filter(|_| keys.is_some());
            let (id, secret) = keys.unwrap_or_else(|| ("local".to_owned(), "local".to_owned()));
            return Ok(Endpoint::with_keys(
                region.clone(),
                url,
                &id,
                &secret,
                token,
            ));
        }
        let config = SharedConfig::load(region, profile).await;
        Ok(Endpoint {
            credentials: config.credentials.map_err(Failure::NoCredentials)?,
            region: local_region.or(config.region).ok_or(Failure::NoRegion)?,
            url: url.or(config.endpoint_url),
        })
    }

    fn region(&self) -> Option<&str> {
        non_empty(self.options.region.as_ref())
    }

    fn url(&self) -> Result<Option<String>, Failure> {
        let option = non_empty(self.options.endpoint_url.as_ref()).map(str::to_owned);
        let variable = |name| Some((name, (self.environment.variable)(name)?));
        let found = option
            .map(|url| ("--endpoint-url", url))
            .or_else(|| variable("AWS_ENDPOINT_URL_DYNAMODB"))
            .or_else(|| variable("AWS_ENDPOINT_URL"));
        match found {
            Some((option, url)) if host(&url).is_none() => {
                Err(Failure::EndpointUrl { option, url })
            }
            found => Ok(found.map(|(_, url)| url)),
        }
    }
}

/// The text, unless it is empty.
fn non_empty(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// The host of an HTTP URL.
fn host(url: &str) -> Option<String> {
    let url: http::Uri = url.parse().ok()?;
    let schemes = [http::uri::Scheme::HTTP, http::uri::Scheme::HTTPS];
    url.scheme().filter(|scheme| schemes.contains(scheme))?;
    url.host().map(str::to_owned)
}

fn is_loopback(url: &str) -> bool {
    let host = host(url).and_then(|host| Host::parse(&host));
    host.is_some_and(|host| host.is_loopback())
}

#[test]
fn only_addresses_of_this_machine_are_loopback() {
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
