//! Sends e-mails with Amazon SES and SMS with AWS End User Messaging.
//!
//! Each message is one signed POST. The SDK has a client for either service, and each of them would
//! be 250 KB of the function and as much work at its start as the client of the database.

mod body;
mod provider;
mod refusal;

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use self::provider::{END_USER_MESSAGING, Provider, SES};
use super::client::Endpoint;
use crate::domain::{EmailAddress, EmailMessage, MessagePolicy, TextMessage};
use crate::error::Error;

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
    email: Provider,
    sms: Provider,
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
            email: Provider::new(&SES, at(urls.email), http.clone()),
            sms: Provider::new(&END_USER_MESSAGING, at(urls.sms), http),
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
        email.send(body::email(from, message)).await
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
        sms.send(body::sms(origination, message)).await
    }
}
