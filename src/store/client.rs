use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    Builder, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// Where the tables are, and who asks.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub region: String,
    /// None: DynamoDB's own in that region.
    pub url: Option<String>,
    /// Shown by none of its `Debug`.
    pub credentials: SharedCredentialsProvider,
}

impl Endpoint {
    /// Credentials as Lambda hands them to a function, in its environment.
    pub fn with_keys(
        region: String,
        url: Option<String>,
        access_key_id: &str,
        secret_access_key: &str,
        session_token: Option<String>,
    ) -> Self {
        let keys = Credentials::new(
            access_key_id,
            secret_access_key,
            session_token,
            None,
            "environment",
        );
        Self {
            region,
            url,
            credentials: SharedCredentialsProvider::new(keys),
        }
    }
}

/// Whose certificates are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Amazon's five roots alone: reading a machine's 144 takes longer than all else of
    /// a cold start (17.5 of 18.7 million instructions).
    Amazon,
    /// Those that the machine trusts, for endpoints that aren't Amazon's.
    System,
}

/// <https://www.amazontrust.com/repository/>: Amazon Root CA 1 to 4, and Starfield
/// Services Root Certificate Authority - G2.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Time-outs of one request: a call makes at most 4 in sequence, so all of them end
/// before the function's 25 s.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_millis(1500);
const OPERATION: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;
/// The SDK's own first back-off, up to a second, is longer than a login.
const FIRST_BACKOFF: Duration = Duration::from_millis(25);
const LONGEST_BACKOFF: Duration = Duration::from_millis(400);

/// The SDK stops trying again once its quota of 500 is used up, at 5 a retry and 10 after
/// a time-out: so an outage isn't made worse by a crowd that asks three times. It would
/// give 1 back for each success, and so for minutes after the outage answer with an error
/// for every answer that is lost: this is a retry for each success or two seconds.
const TOKENS_PER_SUCCESS: f32 = 10.0;
const TOKENS_PER_SECOND: f32 = 5.0;

/// A client for `endpoint` over the network.
pub fn connect(endpoint: Endpoint, roots: Roots) -> Client {
    with_http_client(endpoint, http_client(roots))
}

/// The network, for [`with_http_client`].
pub fn http_client(roots: Roots) -> SharedHttpClient {
    let trusted = match roots {
        Roots::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        Roots::System => TrustStore::default(),
    };
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    // `build` has no way to fail so far; the SDK's own roots are the fallback.
    let http = match context {
        Ok(context) => http.tls_context(context),
        Err(_) => http,
    };
    http.build_https()
}

pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF)
}

/// The same over any transport: an emulator in this process, or one with faults.
pub fn with_http_client(endpoint: Endpoint, http: SharedHttpClient) -> Client {
    let quota = TokenBucket::builder()
        .success_reward(TOKENS_PER_SUCCESS)
        .refill_rate(TOKENS_PER_SECOND)
        .build();
    let quota = RetryPartition::custom("sesame").token_bucket(quota).build();
    let mut config = Builder::new()
        .region(Region::new(endpoint.region))
        .credentials_provider(endpoint.credentials)
        .timeout_config(timeouts())
        .retry_config(retries())
        .retry_partition(quota)
        // For streams that trickle; the answers here are small, and timed as a whole.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http);
    config.set_endpoint_url(endpoint.url);
    Client::from_conf(config.build())
}
