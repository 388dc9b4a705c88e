//! The rules that a password is held to when it is set, by a call or by a command.

use super::{Context, Service};
use crate::breached::{BreachedPasswords, OnFailure};
use crate::domain::{HashString, Password, PasswordRules, Weakness};
use crate::error::{Cause, Error, UserError};
use crate::password::PasswordHash;

/// The rules for passwords, and where passwords are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasswordRules {
    pub rules: PasswordRules,
    /// `None`: passwords are not looked up.
    pub breached: Option<BreachedPasswords>,
}

/// Why a password can't be set.
#[derive(Debug)]
pub enum PasswordRefusal {
    Weak(Weakness),
    NotLookedUp(Cause),
}

/// A password that is set though nobody knows whether it is breached, as the settings have it.
#[derive(Debug, thiserror::Error)]
#[error("the password was not looked up among breached ones")]
pub struct NotLookedUp(#[source] Cause);

/// A hash that costs an attacker less than OWASP asks for, and is accepted.
#[derive(Debug, thiserror::Error)]
#[error("the hash of a password that was set is weak: {0}")]
struct WeakHash(&'static str);

impl NewPasswordRules {
    /// Looks a password up among breached ones, if the settings say so. It costs one request, and
    /// so belongs behind all rules that need none.
    ///
    /// `Ok(Some(…))`: it can't be looked up, and the settings accept it.
    pub async fn look_up(
        &self,
        password: &Password,
    ) -> Result<Option<NotLookedUp>, PasswordRefusal> {
        let Some(breached) = &self.breached else {
            return Ok(None);
        };
        match (breached.know(password).await, breached.on_failure) {
            (Ok(false), _) => Ok(None),
            (Ok(true), _) => Err(PasswordRefusal::Weak(Weakness::Breached)),
            (Err(cause), OnFailure::Refuse) => Err(PasswordRefusal::NotLookedUp(cause)),
            (Err(cause), OnFailure::Accept) => Ok(Some(NotLookedUp(cause))),
        }
    }
}

impl Service {
    /// Judges a new password by the rules that need no user: its length, common passwords, blocked
    /// words, and breached passwords, for which it may send one request.
    ///
    /// # Errors
    ///
    /// - [`Error::User`]: a rule is broken.
    /// - [`Error::Unavailable`]: it can't be looked up, and the settings refuse it then.
    pub async fn judge_new_password(
        &self,
        password: &Password,
        context: &Context,
    ) -> Result<(), Error> {
        let new_passwords = &self.policy.new_passwords;
        new_passwords.rules.judge(password)?;
        if let Some(not_looked_up) = new_passwords.look_up(password).await? {
            context.record.side_error(&not_looked_up);
        }
        Ok(())
    }

    /// Judges a new password by the names of the user who is to have it: login name, given, family,
    /// nick and display name, and e-mail address.
    ///
    /// # Errors
    ///
    /// [`Error::User`]: without the names and blocked words, the password is too short.
    pub fn judge_names_in_password<'a>(
        &self,
        password: &Password,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Error> {
        Ok(self
            .policy
            .new_passwords
            .rules
            .judge_names(password, names)?)
    }

    /// Reads the hash of a password that is set by its hash, in each form that an import takes. A
    /// weak one is accepted, and noted in the log.
    ///
    /// # Errors
    ///
    /// [`Error::User`]: no password can be checked against it.
    pub fn read_new_hash(&self, text: &str, context: &Context) -> Result<HashString, Error> {
        let hash = PasswordHash::parse(text)
            .map_err(|unsupported| UserError::HashRefused(unsupported.to_string()))?;
        if let Some(weakness) = hash.weakness() {
            context.record.side_error(&WeakHash(weakness));
        }
        Ok(hash.into())
    }
}

impl From<Weakness> for Error {
    fn from(weakness: Weakness) -> Self {
        Self::User(match weakness {
            Weakness::TooShort(min) => UserError::PasswordTooShort(min),
            Weakness::Common => UserError::PasswordCommon,
            Weakness::BlockedWords(min) => UserError::PasswordBlockedWords(min),
            Weakness::Breached => UserError::PasswordBreached,
        })
    }
}

impl From<PasswordRefusal> for Error {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Weak(weakness) => weakness.into(),
            PasswordRefusal::NotLookedUp(cause) => Self::Unavailable(cause),
        }
    }
}
