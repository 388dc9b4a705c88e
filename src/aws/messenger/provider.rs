//! The service that sends messages of one kind.

use std::time::Duration;

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_sdk_dynamodb::config::Region;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{FrozenLayer, Layer};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::sync::OnceCell;

use super::refusal::Refusal;
use crate::aws::client::{CONNECT_TIMEOUT, Endpoint, TOKENS_PER_SECOND, TOKENS_PER_SUCCESS};
use crate::aws::endpoints::url_of;
use crate::aws::user_agent::UserAgent;
use crate::domain::hide_in_debug;
use crate::error::{Error, chain};

/// An API with one operation that sends a message.
#[derive(Debug)]
pub struct Api {
    /// In errors and in the SDK's own diagnostics.
    service: &'static str,
    operation: &'static str,
    /// The first label of the host.
    host: &'static str,
    /// The name of the service in signatures.
    signing_name: &'static str,
    path: &'static str,
    target: Option<&'static str>,
    content_type: &'static str,
}

/// <https://docs.aws.amazon.com/general/latest/gr/ses.html>
pub const SES: Api = Api {
    service: "SESv2",
    operation: "SendEmail",
    host: "email",
    signing_name: "ses",
    path: "/v2/email/outbound-emails",
    target: None,
    content_type: "application/json",
};

/// <https://docs.aws.amazon.com/general/latest/gr/end-user-messaging.html>
pub const END_USER_MESSAGING: Api = Api {
    service: "PinpointSMSVoiceV2",
    operation: "SendTextMessage",
    host: "sms-voice",
    signing_name: "sms-voice",
    path: "/",
    target: Some("PinpointSMSVoiceV2.SendTextMessage"),
    content_type: "application/x-amz-json-1.0",
};

/// Two tries, the wait between them and the time to get credentials take at most
/// [`OPERATION_TIMEOUT`]. A call that sends a message has requests to the database beside it.
const MAX_ATTEMPTS: u32 = 2;
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2500);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_millis(400);

/// HTTP's own status for "later": the codes of AWS that say so have the status 400 or this one.
const TOO_MANY_REQUESTS: u16 = 429;

/// A provider of messages of one kind.
#[derive(Debug)]
pub struct Provider {
    api: &'static Api,
    endpoint: Endpoint,
    http: SharedHttpClient,
    operation: OnceCell<Operation<Body, (), Refusal>>,
}

/// The body of a request.
struct Body(String);

hide_in_debug!(Body);

impl Provider {
    pub const fn new(api: &'static Api, endpoint: Endpoint, http: SharedHttpClient) -> Self {
        Self {
            api,
            endpoint,
            http,
            operation: OnceCell::const_new(),
        }
    }

    /// Sends the message that this body asks for.
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: the provider refuses it or is out of reach.
    /// - [`Error::Internal`]: the provider has no URL in the region.
    pub async fn send(&self, body: String) -> Result<(), Error> {
        let operation = self.operation.get_or_try_init(|| self.operation()).await?;
        operation.invoke(Body(body)).await.map_err(|error| {
            // The SDK's own `Debug` holds the whole answer.
            let cause = format!("{}: {}", self.api.operation, chain(&error));
            Error::Unavailable(cause.into())
        })
    }

    async fn operation(&self) -> Result<Operation<Body, (), Refusal>, Error> {
        let api = self.api;
        let url = match &self.endpoint.url {
            Some(url) => url.clone(),
            None => url_of(api.host, &self.endpoint.region).await?,
        };
        let statuses: Vec<_> = (500..=599).chain([TOO_MANY_REQUESTS]).collect();
        let retries = RetryConfig::standard()
            .with_max_attempts(MAX_ATTEMPTS)
            .with_initial_backoff(INITIAL_BACKOFF)
            .with_max_backoff(MAX_BACKOFF);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let operation = Operation::builder()
            .service_name(api.service)
            .operation_name(api.operation)
            .http_client(self.http.clone())
            .endpoint_url(&url)
            .runtime_plugin(self.signing())
            .timeout_config(timeouts)
            .standard_retry(&retries)
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
            .deserializer(response)
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

fn response(response: &HttpResponse) -> Result<(), OrchestratorError<Refusal>> {
    if response.status().is_success() {
        Ok(())
    } else {
        Err(OrchestratorError::operation(Refusal::read(response)))
    }
}
