//! Codes: how they are asked for, sent and tried, and the messages that tell of a change.

mod deliver;
mod notices;
mod request;
mod verify;

use std::sync::Arc;

use crate::domain::{
    Code, CodeId, CodePurpose, CodeRecord, Destination, EmailAddress, LinkFault, Permission,
    Permit, PhoneNumber, UrlTemplate,
};
use crate::error::{Error, UserError};
use crate::service::{Context, Service};
use crate::token::ServerKeys;

pub(super) use request::{PreparedCode, code_target, key_and_target};
pub(super) use verify::{CheckedCode, CodeUser, invalid_code};

/// How a code is to reach its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// In a message, with the template of a link.
    Send(Option<String>),
    /// In the answer.
    Return,
}

/// What a code is delivered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Email,
    Sms,
}

/// A delivery that the principal may ask for, and the deployment carry out.
#[derive(Clone, Debug)]
pub(super) enum CheckedDelivery {
    Send(Option<UrlTemplate>),
    Return,
}

/// A code that is returned, with the id by which a link names it.
#[derive(Clone, Debug)]
pub struct ReturnedCode {
    pub id: CodeId,
    pub code: Code,
}

/// A code that is asked for.
#[derive(Clone, Debug)]
pub(super) struct CodeOrder {
    pub purpose: CodePurpose,
    pub destination: Destination,
    pub delivery: CheckedDelivery,
    /// Of an invitation.
    pub application_name: Option<String>,
    /// Whether a valid code is to be sent again, and no other one made.
    pub is_again: bool,
}

impl CodeOrder {
    pub fn verify_email(address: EmailAddress, delivery: CheckedDelivery) -> Self {
        Self {
            purpose: CodePurpose::VerifyEmail,
            destination: Destination::Email(address),
            delivery,
            application_name: None,
            is_again: false,
        }
    }

    pub fn again(self) -> Self {
        Self {
            is_again: true,
            ..self
        }
    }

    pub fn verify_phone(number: PhoneNumber, delivery: CheckedDelivery) -> Self {
        Self {
            purpose: CodePurpose::VerifyPhone,
            destination: Destination::Phone(number),
            delivery,
            application_name: None,
            is_again: false,
        }
    }

    pub fn register_passkey(address: EmailAddress, delivery: CheckedDelivery) -> Self {
        Self {
            purpose: CodePurpose::RegisterPasskey,
            destination: Destination::Email(address),
            delivery,
            application_name: None,
            is_again: false,
        }
    }
}

impl Service {
    /// Checks how a code is to be delivered, before anything is read.
    ///
    /// # Errors
    ///
    /// - Those of [`Self::may_deliver`].
    /// - [`UserError::SendingNotSetUp`], [`UserError::LinkRefused`], [`UserError::LinkMalformed`].
    pub(super) fn delivery(
        &self,
        given: &Delivery,
        channel: Channel,
        permit: &Permit,
    ) -> Result<CheckedDelivery, Error> {
        Self::may_deliver(given, permit)?;
        self.checked_delivery(given, channel)
    }

    /// The same for a principal that may have any code returned that it may have sent.
    pub(super) fn checked_delivery(
        &self,
        given: &Delivery,
        channel: Channel,
    ) -> Result<CheckedDelivery, Error> {
        let Delivery::Send(template) = given else {
            return Ok(CheckedDelivery::Return);
        };
        self.require_sending(channel)?;
        let bases = &self.policy.messages.link_bases;
        let template = template.as_deref();
        let template = template.map(|text| UrlTemplate::parse(text, bases));
        Ok(CheckedDelivery::Send(
            template.transpose().map_err(UserError::from)?,
        ))
    }

    /// # Errors
    ///
    /// [`Error::PermissionDenied`]: the code of a user is returned only to who may write users and
    /// read their codes: it is what proves who reads the user's mail.
    pub(super) fn may_deliver(given: &Delivery, permit: &Permit) -> Result<(), Error> {
        let principal = permit.principal();
        let needed = [Permission::UserWrite, Permission::UserCodeRead];
        match given {
            Delivery::Send(_) => Ok(()),
            Delivery::Return if needed.iter().all(|one| principal.has(*one)) => Ok(()),
            Delivery::Return => Err(Error::PermissionDenied),
        }
    }

    /// # Errors
    ///
    /// [`UserError::SendingNotSetUp`]: the deployment sends no messages of the kind.
    pub(super) fn require_sending(&self, channel: Channel) -> Result<(), UserError> {
        let messages = &self.policy.messages;
        let is_set_up = match channel {
            Channel::Email => messages.mail_from.is_some(),
            Channel::Sms => messages.sms_origination.is_some(),
        };
        if is_set_up {
            Ok(())
        } else {
            Err(UserError::SendingNotSetUp)
        }
    }

    /// The keys from which codes are derived.
    ///
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: the deployment has none.
    pub(super) async fn code_keys(&self, context: &Context) -> Result<Arc<ServerKeys>, Error> {
        let keys = self.server_keys(context).await?;
        keys.ok_or_else(|| Error::Unimplemented("codes without SERVER_KEY".into()))
    }

    /// The keys, read again if they lack the one of a code that there is.
    pub(super) async fn keys_of_code(
        &self,
        keys: Arc<ServerKeys>,
        record: &CodeRecord,
        context: &Context,
    ) -> Result<Arc<ServerKeys>, Error> {
        let name = record.active.as_ref().map(|active| active.target.key);
        match name.filter(|name| keys.with_name(*name).is_none()) {
            None => Ok(keys),
            Some(name) => {
                let read = self.server_keys_with(name, context).await?;
                Ok(read.unwrap_or(keys))
            }
        }
    }
}

impl From<LinkFault> for UserError {
    fn from(fault: LinkFault) -> Self {
        match fault {
            LinkFault::Refused => Self::LinkRefused,
            LinkFault::Malformed => Self::LinkMalformed,
        }
    }
}
