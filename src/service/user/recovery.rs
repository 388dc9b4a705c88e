//! What operators do for users whom no message reaches.

use super::{UserRefusal, Users};
use crate::domain::{
    Account, Code, CodePurpose, CodeRecord, CodeRequest, Destination, Issue, Timestamp, UserSearch,
    UserState,
};
use crate::error::{Error, UserError};
use crate::service::codes::{code_target, key_and_target};
use crate::store::IssuedCode;
use crate::token::{ServerKey, ServerKeys};

/// A code that an operator was given for a user.
#[derive(Clone, Debug)]
pub struct ResetCode {
    pub account: Account,
    pub code: Code,
    pub expires_at: Timestamp,
}

impl Users {
    /// Notes that a user reads the mail of the address that clients are shown: a new address that
    /// waits takes the place of the verified one. Returns the user as it was, and as it is.
    ///
    /// 3 requests, or 2 if that address is verified already.
    ///
    /// # Errors
    ///
    /// [`UserRefusal::NoEmail`]: the user has no address.
    pub async fn verify_email(
        &self,
        search: &UserSearch,
        now: Timestamp,
    ) -> Result<(Account, Account), UserRefusal> {
        let verify = |account: &Account| {
            let mut account = account.clone();
            let shown = account.profile.shown_email().ok_or(UserRefusal::NoEmail)?;
            if !shown.is_verified() {
                account.profile.verify_email(&shown.address, now);
            }
            Ok(account)
        };
        self.change(search, now, &verify).await
    }

    /// Makes the code by which a user's password can be reset, or takes the valid one that there is.
    /// It is the code that a call of `PasswordReset` would send to the e-mail address or, without one,
    /// to the verified phone number. Nothing is sent, and no limit on messages applies.
    ///
    /// 4 requests, and more if others ask for the code or try it at the same time.
    ///
    /// # Errors
    ///
    /// - [`UserRefusal::NotActive`]: an administrator has locked or deactivated the user.
    /// - [`UserRefusal::NowhereToReset`]: the user has no address.
    /// - [`UserRefusal::TriesUsedUp`]: the short form would be refused.
    pub async fn reset_code(
        &self,
        search: &UserSearch,
        keys: &ServerKeys,
        now: Timestamp,
    ) -> Result<ResetCode, UserRefusal> {
        let account = self.find(search).await?.account;
        if account.user.state != UserState::Active {
            return Err(UserRefusal::NotActive(account.user.state));
        }
        let destination = reset_destination(&account).ok_or(UserRefusal::NowhereToReset)?;
        for _ in 0..Self::MAX_CHANGES {
            if let Some(code) = self
                .try_reset_code(&account, &destination, keys, now)
                .await?
            {
                return Ok(code);
            }
        }
        Err(UserRefusal::CodeChanged)
    }

    /// Writes the record of a code. `None`: another request was first.
    async fn try_reset_code(
        &self,
        account: &Account,
        destination: &Destination,
        keys: &ServerKeys,
        now: Timestamp,
    ) -> Result<Option<ResetCode>, UserRefusal> {
        let (user, purpose) = (&account.user.user_id, CodePurpose::ResetPassword);
        let seen = self.store.get_code(user, purpose).await?;
        let target = |key: &ServerKey| code_target(account, purpose, destination.clone(), key);
        let (key, target) = key_and_target(keys, &seen, now, target);
        let request = CodeRequest {
            target,
            is_sent: false,
            invitation: None,
        };
        let record = record(&seen, request, now)?;
        let Some(active) = record.active.clone() else {
            let error = Error::Internal("a code that was asked for is none".into());
            return Err(error.into());
        };
        if active.is_used_up() {
            return Err(UserRefusal::TriesUsedUp);
        }
        let issue = IssuedCode::new(seen, record);
        let is_first = self.store.issue_code(&issue).await?;
        Ok(is_first.then(|| ResetCode {
            account: account.clone(),
            code: key.code(user, purpose, destination, active.id, active.round),
            expires_at: active.expires_at,
        }))
    }
}

/// The record of a code that is asked for and not sent.
fn record(
    seen: &CodeRecord,
    request: CodeRequest,
    now: Timestamp,
) -> Result<CodeRecord, UserRefusal> {
    match seen.issue(request, now) {
        Ok(Issue::Write(record)) => Ok(*record),
        Ok(Issue::AlreadySent) => Ok(seen.clone()),
        Err(many) => {
            let error = UserError::TooManyMessages(many.retry_after);
            Err(Error::from(error).into())
        }
    }
}

/// Where a reset goes: to the e-mail address, or to the verified number of a user without one.
fn reset_destination(account: &Account) -> Option<Destination> {
    let profile = &account.profile;
    let email = profile.email.as_ref();
    let email = email.map(|email| Destination::Email(email.address.clone()));
    let phone = || profile.verified_phone().cloned().map(Destination::Phone);
    email.or_else(phone)
}
