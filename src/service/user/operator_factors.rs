//! Second factors that operators give to users and take from them.

use super::{UserRefusal, Users};
use crate::domain::{
    Account, FactorKinds, SealedSecret, SecondFactors, Timestamp, Totp, TotpSecret, UserId,
    UserSearch,
};
use crate::error::Error;
use crate::service::session::TOTP_PURPOSE;
use crate::token::{OpenFault, ServerKeys};

impl Users {
    /// Takes second factors of these kinds from a user, and with them what is being set up of the
    /// kinds. Sessions in which something was proved end if the user had one. Returns the user as it
    /// was, and as it is.
    ///
    /// 3 requests, and more if others change the user at the same time.
    pub async fn remove_factors(
        &self,
        search: &UserSearch,
        kinds: FactorKinds,
        now: Timestamp,
    ) -> Result<(Account, Account), UserRefusal> {
        let change = |account: &Account| {
            let factors = account.factors.clone().without(kinds);
            Ok::<_, UserRefusal>(account.with_factors(factors))
        };
        self.change(search, now, &change).await
    }

    /// Gives a user an authenticator app, of whose codes those up to the step `last_step` are used up.
    /// Returns the user as it was, and as it is.
    ///
    /// 3 requests, and more if others change the user at the same time.
    ///
    /// # Errors
    ///
    /// [`UserRefusal::HasTotp`]: the user has one.
    pub async fn add_totp(
        &self,
        search: &UserSearch,
        secret: SealedSecret,
        last_step: u64,
        now: Timestamp,
    ) -> Result<(Account, Account), UserRefusal> {
        let change = |account: &Account| {
            if account.factors.totp.is_some() {
                return Err(UserRefusal::HasTotp);
            }
            let totp = Totp {
                secret: secret.clone(),
                last_step,
                added_at: now,
            };
            Ok(account.with_factors(SecondFactors {
                totp: Some(totp),
                pending_totp: None,
                ..account.factors.clone()
            }))
        };
        self.change(search, now, &change).await
    }
}

impl Account {
    /// The account with other second factors. Sessions in which something was proved end if one is
    /// taken.
    pub(super) fn with_factors(&self, factors: SecondFactors) -> Self {
        let user = self.user.clone();
        let takes = self.factors.changes_to(&factors).takes();
        Self {
            user: if takes { user.logged_out() } else { user },
            factors,
            ..self.clone()
        }
    }
}

/// Seals the secret of a user's authenticator app with the first key.
///
/// # Errors
///
/// [`Error::Internal`]: the operating system has no random numbers.
pub fn seal_totp(
    keys: &ServerKeys,
    user: &UserId,
    secret: &TotpSecret,
) -> Result<SealedSecret, Error> {
    keys.first().seal(TOTP_PURPOSE, user, secret.as_bytes())
}

/// Opens the secret of a user's authenticator app.
pub fn open_totp(
    keys: &ServerKeys,
    user: &UserId,
    secret: &SealedSecret,
) -> Result<TotpSecret, OpenFault> {
    let bytes = keys.open(TOTP_PURPOSE, user, secret)?;
    Ok(TotpSecret::from_bytes(bytes.to_vec()))
}
