//! APIs of AWS of which this service uses one operation.
//!
//! Each request is one signed POST. The SDK has a client for each of these APIs, which would be 60 to
//! 250 KB of the function, and as much work before its first request as the client of the database.

mod refusal;

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_sdk_dynamodb::config::Region;
use aws_sdk_dynamodb::error::SdkError;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{FrozenLayer, Layer};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use self::refusal::Refusal;
use super::client::{Endpoint, TOKENS_PER_SECOND, TOKENS_PER_SUCCESS};
use super::endpoints::url_of;
use super::user_agent::UserAgent;
use crate::domain::hide_in_debug;
use crate::error::Error;

/// An API with one operation.
#[derive(Debug)]
pub(super) struct Api {
    /// In the SDK's own diagnostics.
    pub service: &'static str,
    pub operation: &'static str,
    /// The first label of the host.
    pub host: &'static str,
    /// The name of the service in signatures.
    pub signing_name: &'static str,
    pub path: &'static str,
    pub target: Option<&'static str>,
    pub content_type: &'static str,
    pub timeouts: fn() -> TimeoutConfig,
    pub retries: fn() -> RetryConfig,
    /// Whether a refusal has the reason that the API gives, which may quote the request.
    pub keeps_reasons: bool,
}

/// HTTP's own status for "later": the codes of AWS that say so have the status 400 or this one.
const TOO_MANY_REQUESTS: u16 = 429;

/// A client of an API.
#[derive(Debug)]
pub(super) struct ApiClient {
    api: &'static Api,
    endpoint: Endpoint,
    http: SharedHttpClient,
    operation: OnceCell<Operation<Body, Reply, Refusal>>,
}

/// The body of a request.
struct Body(String);

hide_in_debug!(Body);

/// The body of an answer.
pub(super) struct Reply(pub Zeroizing<Vec<u8>>);

hide_in_debug!(Reply);

impl ApiClient {
    /// The URL of `endpoint` replaces the API's own in the region.
    pub const fn new(api: &'static Api, endpoint: Endpoint, http: SharedHttpClient) -> Self {
        Self {
            api,
            endpoint,
            http,
            operation: OnceCell::const_new(),
        }
    }

    /// Sends a request with this body. The first one makes what sends it.
    ///
    /// # Errors
    ///
    /// - `Ok(Err(_))`: the API refuses it or is out of reach.
    /// - [`Error::Internal`]: the API has no URL in the region.
    pub async fn send(
        &self,
        body: String,
    ) -> Result<Result<Reply, SdkError<Refusal, HttpResponse>>, Error> {
        let operation = self.operation.get_or_try_init(|| self.operation()).await?;
        Ok(operation.invoke(Body(body)).await)
    }

    async fn operation(&self) -> Result<Operation<Body, Reply, Refusal>, Error> {
        let api = self.api;
        let url = match &self.endpoint.url {
            Some(url) => url.clone(),
            None => url_of(api.host, &self.endpoint.region).await?,
        };
        let statuses: Vec<_> = (500..=599).chain([TOO_MANY_REQUESTS]).collect();
        let operation = Operation::builder()
            .service_name(api.service)
            .operation_name(api.operation)
            .http_client(self.http.clone())
            .endpoint_url(&url)
            .runtime_plugin(self.signing())
            .timeout_config((api.timeouts)())
            .standard_retry(&(api.retries)())
            .retry_classifier(HttpStatusCodeClassifier::new_from_codes(statuses))
            .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .retry_classifier(TransientErrorClassifier::<Refusal>::new())
            // It guards streams that trickle; the answers here are small, and timed as a whole.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(ServiceClockSkewInterceptor::new())
            .interceptor(RequestInfoInterceptor::new())
            .interceptor(InvocationIdInterceptor::new())
            .interceptor(UserAgent)
            .with_connection_poisoning()
            .serializer(|body| request(api, body))
            .deserializer(|response| reply(api, response))
            .build();
        Ok(operation)
    }

    /// The signer of requests. It asks for credentials again before they expire.
    fn signing(&self) -> StaticRuntimePlugin {
        let components = RuntimeComponentsBuilder::new("signing")
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![
                SCHEME_ID,
            ])))
            .with_identity_resolver(SCHEME_ID, self.endpoint.credentials.clone());
        StaticRuntimePlugin::new()
            .with_config(self.config())
            .with_runtime_components(components)
    }

    fn config(&self) -> FrozenLayer {
        // As the database's, but of its own: the outage of one service doesn't keep requests to
        // another from being sent again.
        let quota = TokenBucket::builder()
            .success_reward(TOKENS_PER_SUCCESS)
            .refill_rate(TOKENS_PER_SECOND)
            .build();
        let quota = RetryPartition::custom(self.api.service).token_bucket(quota);
        let region = Region::new(self.endpoint.region.clone());
        let mut config = Layer::new("signing");
        config.store_put(quota.build());
        config.store_put(SensitiveOutput);
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        config.store_put(SigV4OperationSigningConfig {
            region: Some(region.into()),
            region_set: None,
            name: Some(self.api.signing_name.into()),
            signing_options: SigningOptions::default(),
        });
        config.freeze()
    }
}

fn request(api: &Api, Body(body): Body) -> Result<HttpRequest, BoxError> {
    let mut request = http::Request::post(api.path).header("content-type", api.content_type);
    if let Some(target) = api.target {
        request = request.header("x-amz-target", target);
    }
    Ok(HttpRequest::try_from(request.body(SdkBody::from(body))?)?)
}

fn reply(api: &Api, response: &HttpResponse) -> Result<Reply, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(Reply(Zeroizing::new(body.to_vec())));
    }
    let refusal = Refusal::read(response, body, api.keeps_reasons);
    Err(OrchestratorError::operation(refusal))
}
