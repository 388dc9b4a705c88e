use super::{AskedChallenges, ReturnedOtp, SecondChecks, has_first_factor};
use crate::domain::{
    Factor, FactorSet, Factors, OneTimeCode, OtpMethod, Permission, Permit, UrlTemplate,
};
use crate::error::{Error, FactorError, UserError};
use crate::service::codes::Channel;
use crate::service::session::web_authn::{CheckedKey, KeyRequest};
use crate::service::{Delivery, Service};

/// The challenges that a request asks for, which its principal may ask for and the deployment can
/// make.
#[derive(Debug, Default)]
pub(in crate::service::session) struct CheckedChallenges {
    otps: Vec<(OtpMethod, CheckedOtp)>,
    pub web_authn: Option<Box<CheckedKey>>,
}

/// How a code is delivered.
#[derive(Debug)]
pub(super) enum CheckedOtp {
    Send(Option<UrlTemplate>),
    Return,
}

/// What a request is told of the challenges that it asked for: the codes that are returned, and what
/// an authenticator is to sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnedChallenges {
    pub web_authn: Option<Box<KeyRequest>>,
    pub otp_sms: Option<OneTimeCode>,
    pub otp_email: Option<OneTimeCode>,
}

impl CheckedChallenges {
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub fn count(&self) -> usize {
        self.otps.len() + usize::from(self.web_authn.is_some())
    }

    pub(super) fn has_otps(&self) -> bool {
        !self.otps.is_empty()
    }

    /// The codes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (OtpMethod, &CheckedOtp)> {
        self.otps.iter().map(|(method, one)| (*method, one))
    }
}

impl ReturnedChallenges {
    pub(super) fn put(&mut self, (method, code): ReturnedOtp) {
        match method {
            OtpMethod::Sms => self.otp_sms = Some(code),
            OtpMethod::Email => self.otp_email = Some(code),
        }
    }
}

impl Service {
    /// Checks what a request asks for, and how codes are to be delivered, before anything is read.
    ///
    /// # Errors
    ///
    /// - Those of [`Self::checked_key`].
    /// - [`Error::PermissionDenied`]: a returned code is a factor that its holder hasn't, so it takes
    ///   `user.code.read`.
    /// - [`UserError::SendingNotSetUp`], [`UserError::LinkRefused`], [`UserError::LinkMalformed`].
    pub(in crate::service::session) fn checked_challenges(
        &self,
        asked: &AskedChallenges,
        permit: &Permit,
    ) -> Result<CheckedChallenges, Error> {
        let web_authn = match &asked.web_authn {
            Some(asked) => Some(Box::new(self.checked_key(asked)?)),
            None => None,
        };
        let may_read = permit.principal().has(Permission::UserCodeRead);
        let checked = asked.iter().map(|(method, delivery)| {
            let Delivery::Send(template) = delivery else {
                let allowed = may_read.then_some((method, CheckedOtp::Return));
                return allowed.ok_or(Error::PermissionDenied);
            };
            self.require_sending(match method {
                OtpMethod::Sms => Channel::Sms,
                OtpMethod::Email => Channel::Email,
            })?;
            let bases = &self.policy.messages.link_bases;
            let template = template.as_deref();
            let template = template.map(|text| UrlTemplate::parse(text, bases));
            let template = template.transpose().map_err(UserError::from)?;
            Ok((method, CheckedOtp::Send(template)))
        });
        let otps = checked.collect::<Result<_, Error>>()?;
        Ok(CheckedChallenges { otps, web_authn })
    }
}

/// Checks that second factors, and codes for them, are asked for of a user who has proved the password,
/// or a passkey in its place, in the request or in the session, whose factors are `proved`. Nothing is told of a user without
/// that: a stranger could learn what he has, lock it, or have him sent messages.
///
/// # Errors
///
/// [`FactorError::UserMissingToCheck`], [`FactorError::UserMissingToChallenge`],
/// [`FactorError::NoProofYet`].
pub(in crate::service::session) fn require_proof(
    second: &SecondChecks,
    asked: &CheckedChallenges,
    checks: &FactorSet,
    proved: Option<&Factors>,
) -> Result<(), FactorError> {
    let kind = second.kinds().first().copied();
    let challenge = asked.iter().next().map(|(method, _)| method.kind());
    if kind.is_none() && challenge.is_none() {
        return Ok(());
    }
    let has_user = checks.contains(&Factor::User) || proved.is_some_and(|own| own.user.is_some());
    if !has_user {
        return Err(match (kind, challenge) {
            (Some(kind), _) => FactorError::UserMissingToCheck(kind),
            (None, Some(kind)) => FactorError::UserMissingToChallenge(kind),
            (None, None) => FactorError::NoProofYet,
        });
    }
    let was_proved = proved.is_some_and(|own| has_first_factor(&own.set()));
    if was_proved || has_first_factor(checks) {
        Ok(())
    } else {
        Err(FactorError::NoProofYet)
    }
}
