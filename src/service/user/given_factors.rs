//! The second factors in a line of an import.

use std::collections::BTreeSet;

use crate::domain::{
    Account, Credential, CredentialId, Credentials, RecoveryCodeHash, RegistrationId,
    SecondFactors, Timestamp, Totp, TotpSecret,
};
use crate::error::Error;
use crate::service::factor_keys::{open_totp, seal_totp};
use crate::token::ServerKeys;

/// The second factors that a user is to have. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenFactors {
    pub totp: Option<TotpSecret>,
    pub recovery_codes: Option<BTreeSet<RecoveryCodeHash>>,
    /// Whether the user has codes by e-mail.
    pub otp_email: Option<bool>,
    pub otp_sms: Option<bool>,
    /// The passkeys and security keys: those, and no others.
    pub credentials: Option<Vec<GivenCredential>>,
}

/// A passkey or security key that a user is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCredential {
    pub credential: Credential,
    /// By which clients name it.
    pub registration: RegistrationId,
    pub name: String,
}

/// These credentials made into the given ones. What is stored of those that are there stays: a count of
/// signatures never goes back.
fn with_given(mut credentials: Credentials, given: &[GivenCredential]) -> Credentials {
    let of = |id: &CredentialId| given.iter().find(|one| one.credential.id == *id);
    credentials = credentials.without(|one| of(&one.id).is_none());
    for one in given {
        let mut listed = credentials.listed.iter_mut();
        if let Some(listed) = listed.find(|listed| listed.id == one.credential.id) {
            listed.name.clone_from(&one.name);
            // Or else two of them might have the same.
            listed.registration = one.registration;
            continue;
        }
        credentials.handle.get_or_insert(one.credential.handle);
        let (credential, name) = (one.credential.clone(), one.name.clone());
        credentials = credentials.with_registered(credential, one.registration, name);
    }
    credentials
}

impl GivenFactors {
    /// The account with these, at `now`. An authenticator app whose secret is the same stays, with the
    /// codes that it has used up; one that none of the `keys` opens is another.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`]: there is a secret and no key, or the operating system has no random numbers.
    pub(super) fn apply(
        &self,
        account: &Account,
        keys: Option<&ServerKeys>,
        now: Timestamp,
    ) -> Result<Account, Error> {
        let before = &account.factors;
        let since = |given: Option<bool>, since: Option<Timestamp>| match given {
            Some(true) => since.or(Some(now)),
            Some(false) => None,
            None => since,
        };
        let mut factors = SecondFactors {
            otp_email: since(self.otp_email, before.otp_email),
            otp_sms: since(self.otp_sms, before.otp_sms),
            ..before.clone()
        };
        if let Some(codes) = &self.recovery_codes {
            factors.recovery_codes.clone_from(codes);
        }
        if let Some(secret) = &self.totp {
            let none = || Error::Internal("a secret was given and no server key".into());
            let keys = keys.ok_or_else(none)?;
            let user = &account.user.user_id;
            let opened = |totp: &Totp| open_totp(keys, user, &totp.secret);
            if before.totp.as_ref().map(opened) != Some(Ok(secret.clone())) {
                factors.pending_totp = None;
                factors.totp = Some(Totp {
                    secret: seal_totp(keys, user, secret)?,
                    last_step: 0,
                    added_at: now,
                });
            }
        }
        let account = account.with_factors(factors);
        let Some(given) = &self.credentials else {
            return Ok(account);
        };
        let credentials = with_given(account.credentials.clone(), given);
        Ok(account.with_credentials(credentials))
    }
}
