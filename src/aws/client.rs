use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    Builder, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};

use super::endpoints::Endpoints;
use super::http_client::http_client;
use super::retries::RetryConflicts;
use super::roots::Roots;
use super::user_agent::UserAgent;

/// Where the tables are, and the credentials for them.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub region: String,
    /// The URL of DynamoDB. `None` is DynamoDB's own in the region.
    pub url: Option<String>,
    /// Their `Debug` doesn't show the secret.
    pub credentials: SharedCredentialsProvider,
}

impl Endpoint {
    /// An endpoint with fixed keys, such as Lambda hands to a function in its environment.
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

/// The time-outs of one request. They don't bound a call: it makes several requests, one after
/// another, and has a time-out of its own, after which it ends whatever it waits for.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// The time-out of all attempts at one request together.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ATTEMPTS: u32 = 3;
/// The SDK's own first back-off, up to a second, is longer than a login takes.
const INITIAL_BACKOFF: Duration = Duration::from_millis(25);
const MAX_BACKOFF: Duration = Duration::from_millis(400);

/// What refills the SDK's quota of retries. A retry costs 5 of 500 tokens, and 10 after a
/// transient error such as a time-out; without tokens the SDK doesn't retry, so that an outage
/// isn't made worse by clients that each ask three times. By default a success gives back a
/// single token, so that for minutes after an outage every lost answer would be an error. With
/// these rates, each success pays for one retry, and so do two seconds.
pub(super) const TOKENS_PER_SUCCESS: f32 = 10.0;
pub(super) const TOKENS_PER_SECOND: f32 = 5.0;

/// A DynamoDB client for `endpoint` over the network.
pub fn connect(endpoint: Endpoint, roots: Roots) -> Client {
    with_http_client(endpoint, http_client(roots))
}

pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

/// A DynamoDB client for `endpoint` over `http`, which may also be an emulator in this process
/// or a transport with faults.
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
        .retry_classifier(RetryConflicts)
        // It guards streams that trickle; the answers here are small, and timed as a whole.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .endpoint_resolver(Endpoints::default())
        .interceptor(UserAgent)
        .http_client(http);
    config.set_endpoint_url(endpoint.url);
    Client::from_conf(config.build())
}
