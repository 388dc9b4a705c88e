//! Second factors that operators give to users and take from them.

use super::{UserRefusal, Users};
use crate::domain::{
    Account, Credential, FactorKinds, RegistrationId, SealedSecret, SecondFactors, Timestamp, Totp,
    UserSearch,
};
use crate::error::Error;

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
        let change = |account: &Account| Ok::<_, UserRefusal>(account.without_factors(kinds));
        self.change(search, now, &change).await
    }

    /// The credentials of a user that are stored, in no order: 1 request.
    pub async fn credentials(&self, account: &Account) -> Result<Vec<Credential>, Error> {
        let listed = &account.credentials.listed;
        self.store.get_listed_credentials(listed).await
    }

    /// Takes a passkey or security key from a user. Sessions in which something was proved end.
    /// Returns the user as it was, and as it is.
    ///
    /// 3 requests, and more if others change the user at the same time.
    ///
    /// # Errors
    ///
    /// [`UserRefusal::NoSuchCredential`].
    pub async fn remove_credential(
        &self,
        search: &UserSearch,
        registration: RegistrationId,
        now: Timestamp,
    ) -> Result<(Account, Account), UserRefusal> {
        let change = |account: &Account| {
            let before = &account.credentials;
            let credentials = before.clone();
            let credentials = credentials.without(|one| one.registration == registration);
            if credentials == *before {
                return Err(UserRefusal::NoSuchCredential);
            }
            Ok(account.with_credentials(credentials))
        };
        self.change(search, now, &change).await
    }

    /// Gives a passkey or security key another name.
    ///
    /// 3 requests, and more if others change the user at the same time.
    ///
    /// # Errors
    ///
    /// [`UserRefusal::NoSuchCredential`].
    pub async fn rename_credential(
        &self,
        search: &UserSearch,
        registration: RegistrationId,
        name: &str,
        now: Timestamp,
    ) -> Result<(Account, Account), UserRefusal> {
        let change = |account: &Account| {
            let mut after = account.clone();
            let mut listed = after.credentials.listed.iter_mut();
            let found = listed.find(|one| one.registration == registration);
            let found = found.ok_or(UserRefusal::NoSuchCredential)?;
            name.clone_into(&mut found.name);
            Ok(after)
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
