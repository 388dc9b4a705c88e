//! Challenges for authenticators.

use super::{AskedKey, CheckedKey, KeyChallenge, KeyRequest, OfferedKey};
use crate::domain::{
    Challenge, Credentials, Factor, FactorSet, Factors, Invalid, Permit, Session, UserId, UserRef,
    UserSearch, UserVerification, WebAuthnChallenge,
};
use crate::error::{Error, FactorError, WebAuthnError};
use crate::service::session::second::{CheckedChallenges, SecondSubject, has_first_factor};
use crate::service::{Context, CreateSession, Service};

/// Who asks for a challenge, and of whom.
pub(in crate::service::session) struct KeyRights<'a> {
    pub permit: &'a Permit,
    /// Whether the session has a user, or gets one by the request.
    pub has_user: bool,
    /// The user, if the session has one already.
    pub user: Option<&'a UserId>,
    /// What is checked in the request.
    pub checks: &'a FactorSet,
    /// What was proved in the session before.
    pub proved: Option<&'a Factors>,
}

impl KeyRights<'_> {
    /// Checks that a challenge may be asked for. One of a user tells what he has: it is for principals
    /// who may check him without a password, for himself, and for sessions in which he was proved. One
    /// without a user tells nothing: it is for whoever may create a session by password.
    ///
    /// # Errors
    ///
    /// [`FactorError::NoProofYet`]; [`WebAuthnError::UserMissing`]: without a user, only an
    /// authenticator that verifies its user finds one.
    pub fn check(&self, asked: Option<&CheckedKey>) -> Result<(), Error> {
        let Some(asked) = asked else {
            return Ok(());
        };
        if !self.has_user {
            if asked.verification != UserVerification::Required {
                return Err(WebAuthnError::UserMissing.into());
            }
            return Ok(self.permit.may_check_user(&[Factor::Passkey].into())?);
        }
        let principal = self.permit.principal();
        let is_self = self.user.is_some() && principal.user() == self.user;
        let was_proved = self.proved.is_some_and(|own| has_first_factor(&own.set()));
        if is_self
            || was_proved
            || has_first_factor(self.checks)
            || self.permit.may_check_user(&[Factor::User].into()).is_ok()
        {
            Ok(())
        } else {
            Err(FactorError::NoProofYet.into())
        }
    }
}

impl CheckedKey {
    /// Those of a user's credentials that may answer.
    fn offered(&self, credentials: &Credentials) -> Vec<OfferedKey> {
        let usable = credentials
            .listed
            .iter()
            .filter(|one| one.rp_id == self.rp_id && self.verification.takes(one.kind));
        let offered = usable.map(|one| OfferedKey {
            id: one.id.clone(),
            transports: one.transports.clone(),
        });
        offered.collect()
    }

    fn request(&self, challenge: Challenge, credentials: Vec<OfferedKey>) -> KeyRequest {
        KeyRequest {
            challenge,
            rp_id: self.rp_id.clone(),
            verification: self.verification,
            credentials,
        }
    }
}

impl Service {
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: the deployment has no domain for credentials.
    pub(in crate::service::session) fn require_relying_parties(&self) -> Result<(), Error> {
        let parties = self.policy.relying_parties.as_ref();
        let none = || Error::Unimplemented("checks.web_auth_n".into());
        parties.map(drop).ok_or_else(none)
    }

    /// The credentials of the user whom a create names by id, if it asks for a challenge of him: so
    /// they are read while the user is found. `None`: they are not known.
    pub(in crate::service::session) async fn credentials_by_id(
        &self,
        request: &CreateSession,
    ) -> Option<Box<Credentials>> {
        request.challenges.web_authn.as_ref()?;
        let id = match request.checks.user.as_ref()? {
            UserSearch::Id(id) | UserSearch::Both(id, _) => id,
            UserSearch::LoginName(_) => return None,
        };
        let read = Box::pin(self.store.get_credentials(id)).await;
        read.ok().map(Box::new)
    }

    /// Checks what a challenge is asked for, before anything is read.
    ///
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: the deployment has no domain for credentials;
    /// [`Error::InvalidArgument`]: it has not this one, or the level is unknown.
    pub(in crate::service::session) fn checked_key(
        &self,
        asked: &AskedKey,
    ) -> Result<CheckedKey, Error> {
        let parties = self.policy.relying_parties.as_ref();
        let parties = parties.ok_or(Error::Unimplemented("challenges.web_auth_n".into()))?;
        let invalid =
            |name: &str, reason| Invalid::new(format!("challenges.web_auth_n.{name}"), reason);
        let rp_id = parties.find(&asked.domain);
        let rp_id = rp_id.ok_or_else(|| invalid("domain", "is none of this deployment's"))?;
        let unknown = || invalid("user_verification_requirement", "must be one that is known");
        Ok(CheckedKey {
            rp_id: rp_id.clone(),
            verification: asked.verification.ok_or_else(unknown)?,
        })
    }

    /// The challenge that a request asks for, if it does.
    ///
    /// Requests: 1 for a user whose credentials were not read yet.
    ///
    /// # Errors
    ///
    /// [`WebAuthnError::NoneUsable`]: the user has no credential that could answer.
    pub(in crate::service::session) async fn make_key_challenge(
        &self,
        asked: &CheckedChallenges,
        subject: Option<SecondSubject<'_>>,
        context: &Context,
    ) -> Result<Option<Box<KeyChallenge>>, Error> {
        let Some(asked) = &asked.web_authn else {
            return Ok(None);
        };
        let mut offered = Vec::new();
        if let Some(subject) = subject {
            offered = match subject.credentials {
                Some(credentials) => asked.offered(credentials),
                None => self.offered(asked, &subject.user.user_id, context).await?,
            };
            if offered.is_empty() {
                return Err(WebAuthnError::NoneUsable.into());
            }
        }
        let challenge = Challenge::generate()?;
        Ok(Some(Box::new(KeyChallenge {
            challenge: WebAuthnChallenge {
                challenge,
                user: subject.map(|subject| UserRef::from(&subject.user.user_id)),
                rp_id: asked.rp_id.clone(),
                verification: asked.verification,
                expires_at: context.now.plus(WebAuthnChallenge::LIFETIME),
            },
            request: asked.request(challenge, offered),
        })))
    }

    /// The challenge that a create has made, for a repeated one: as long as it is open.
    ///
    /// Requests: 1, if it is one of a user.
    pub(in crate::service::session) async fn open_key_challenge(
        &self,
        asked: &CheckedChallenges,
        stored: &Session,
        context: &Context,
    ) -> Result<Option<Box<KeyRequest>>, Error> {
        let Some(asked) = &asked.web_authn else {
            return Ok(None);
        };
        let first_end = stored.created_at.plus(WebAuthnChallenge::LIFETIME);
        let mut all = stored.challenges.web_authn.iter();
        let first = all.find(|one| one.expires_at == first_end);
        let Some(first) = first.filter(|one| !one.is_expired(context.now)) else {
            return Ok(None);
        };
        let mut offered = Vec::new();
        let user = stored.factors.user().filter(|_| first.user.is_some());
        if let Some(user) = user {
            offered = self.offered(asked, &user.user_id, context).await?;
        }
        Ok(Some(asked.request(first.challenge, offered).into()))
    }

    async fn offered(
        &self,
        asked: &CheckedKey,
        user: &UserId,
        context: &Context,
    ) -> Result<Vec<OfferedKey>, Error> {
        let credentials = self.store.get_credentials(user);
        let credentials = context.database(credentials).await?;
        Ok(asked.offered(&credentials))
    }
}
