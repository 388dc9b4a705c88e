//! Sends e-mails with Amazon SES and SMS with AWS End User Messaging.
//!
mod body;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::api::{Api, ApiClient};
use super::client::{CONNECT_TIMEOUT, Endpoint};
use crate::domain::{EmailAddress, EmailMessage, MessagePolicy, TextMessage};
use crate::error::{Error, chain};

/// <https://docs.aws.amazon.com/general/latest/gr/ses.html>
const SES: Api = Api {
    service: "SESv2",
    operation: "SendEmail",
    host: "email",
    signing_name: "ses",
    path: "/v2/email/outbound-emails",
    target: None,
    content_type: "application/json",
    timeouts,
    retries,
    // It may quote the address or the content of the message.
    keeps_reasons: false,
};

/// <https://docs.aws.amazon.com/general/latest/gr/end-user-messaging.html>
const END_USER_MESSAGING: Api = Api {
    service: "PinpointSMSVoiceV2",
    operation: "SendTextMessage",
    host: "sms-voice",
    signing_name: "sms-voice",
    path: "/",
    target: Some("PinpointSMSVoiceV2.SendTextMessage"),
    content_type: "application/x-amz-json-1.0",
    timeouts,
    retries,
    keeps_reasons: false,
};

/// Two tries, the wait between them and the time to get credentials take at most
/// [`OPERATION_TIMEOUT`]. A call that sends a message has requests to the database beside it.
const MAX_ATTEMPTS: u32 = 2;
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2500);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_millis(400);

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

/// The URLs of the two services. `None` is AWS's own in the region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageUrls {
    /// The URL of the API of Amazon SES, version 2.
    pub email: Option<String>,
    /// The URL of the API of AWS End User Messaging SMS, version 2.
    pub sms: Option<String>,
}

/// Sends messages by Amazon SES v2 and AWS End User Messaging. Cheap to clone.
///
/// The first message of each kind makes what sends it, so that no start waits for that.
#[derive(Clone, Debug)]
pub struct Messenger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    mail_from: Option<EmailAddress>,
    sms_origination: Option<String>,
    email: ApiClient,
    sms: ApiClient,
}

impl Messenger {
    /// Both services are in the region of `endpoint`, whose URL is the database's own. They are
    /// asked over `http`, with connections that the database's client shares.
    pub fn new(
        policy: &MessagePolicy,
        endpoint: &Endpoint,
        urls: MessageUrls,
        http: SharedHttpClient,
    ) -> Self {
        let at = |url| Endpoint {
            url,
            ..endpoint.clone()
        };
        Self(Arc::new(Inner {
            mail_from: policy.mail_from.clone(),
            sms_origination: policy.sms_origination.clone(),
            email: ApiClient::new(&SES, at(urls.email), http.clone()),
            sms: ApiClient::new(&END_USER_MESSAGING, at(urls.sms), http),
        }))
    }

    /// Sends an e-mail. A failure doesn't tell whether it was sent: an answer may have been lost.
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: the provider refuses it or is out of reach, after two tries in at
    ///   most 6 s. The cause has neither address nor content.
    /// - [`Error::Internal`]: there is no sender. Whoever calls has asked the policy.
    pub async fn email(&self, message: &EmailMessage) -> Result<(), Error> {
        let Inner {
            mail_from, email, ..
        } = &*self.0;
        let from = mail_from
            .as_ref()
            .ok_or_else(|| Error::Internal("an e-mail without a sender".into()))?;
        send(&SES, email, body::email(from, message)).await
    }

    /// Sends an SMS. A failure doesn't tell whether it was sent: an answer may have been lost.
    ///
    /// # Errors
    ///
    /// Those of [`Messenger::email`].
    pub async fn sms(&self, message: &TextMessage) -> Result<(), Error> {
        let Inner {
            sms_origination,
            sms,
            ..
        } = &*self.0;
        let origination = sms_origination
            .as_deref()
            .ok_or_else(|| Error::Internal("an SMS without an origination".into()))?;
        send(&END_USER_MESSAGING, sms, body::sms(origination, message)).await
    }
}

async fn send(api: &Api, client: &ApiClient, body: String) -> Result<(), Error> {
    match client.send(body).await? {
        Ok(_) => Ok(()),
        Err(error) => {
            // The SDK's own `Debug` holds the whole answer.
            let cause = format!("{}: {}", api.operation, chain(&error));
            Err(Error::Unavailable(cause.into()))
        }
    }
}
