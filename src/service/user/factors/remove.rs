use crate::domain::{
    Account, CredentialKind, Credentials, FactorKind, FactorKinds, ListedCredential, MfaPolicy,
    Operation, Permit, RegistrationId, SecondFactors, UserId,
};
use crate::error::{Error, FactorError, UserCommand};
use crate::service::{Context, Details, Service, UseCase};

/// Defines the calls that remove a second factor.
macro_rules! removals {
    ($($(#[$about:meta])* $call:ident: $kind:ident;)*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $call {
                pub user_id: UserId,
            }

            impl UseCase for $call {
                const OPERATION: Operation = Operation::$call;
                type Outcome = Details;

                /// Requests, one after another: 3, and those of a notice.
                async fn run(
                    self,
                    service: &Service,
                    permit: &Permit,
                    context: &Context,
                ) -> Result<Details, Error> {
                    let kind = FactorKind::$kind;
                    service.remove_factor(&self.user_id, kind, permit, context).await
                }
            }
        )*
    };
}

removals! {
    /// `RemoveTOTPRequest`.
    RemoveTOTP: Totp;
    /// `RemoveOTPSMSRequest`.
    RemoveOTPSMS: OtpSms;
    /// `RemoveOTPEmailRequest`.
    RemoveOTPEmail: OtpEmail;
}

/// Defines the calls that remove a credential.
macro_rules! credential_removals {
    ($($(#[$about:meta])* $call:ident: $kind:ident;)*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $call {
                pub user_id: UserId,
                /// `None`: no credential's id is written so.
                pub id: Option<RegistrationId>,
            }

            impl UseCase for $call {
                const OPERATION: Operation = Operation::$call;
                type Outcome = Details;

                /// Requests, one after another: 3, and those of a notice.
                async fn run(
                    self,
                    service: &Service,
                    permit: &Permit,
                    context: &Context,
                ) -> Result<Details, Error> {
                    let Self { user_id, id } = self;
                    let kind = CredentialKind::$kind;
                    service.remove_credential(&user_id, kind, id, permit, context).await
                }
            }
        )*
    };
}

credential_removals! {
    /// `RemovePasskeyRequest`.
    RemovePasskey: Passkey;
    /// `RemoveU2FRequest`.
    RemoveU2F: U2f;
}

impl Service {
    /// # Errors
    ///
    /// [`FactorError::NoneToRemove`], [`FactorError::LastFactor`].
    async fn remove_factor(
        &self,
        id: &UserId,
        kind: FactorKind,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let is_own = self.may_change_factors(id, permit, context)?;
        let command = UserCommand::Other;
        let seen = self.find_for_factors(id, command, permit, context).await?;
        let change = |account: &Account| {
            let after = account.without_factor(kind);
            if after == *account {
                return Err(FactorError::NoneToRemove(kind).into());
            }
            self.may_be_left(is_own, account, &after)?;
            Ok(after)
        };
        self.change_factors(seen, command, permit, context, &change)
            .await
    }

    /// # Errors
    ///
    /// [`FactorError::NoneToRemove`], [`FactorError::LastFactor`].
    async fn remove_credential(
        &self,
        user: &UserId,
        kind: CredentialKind,
        id: Option<RegistrationId>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let is_own = self.may_change_factors(user, permit, context)?;
        self.relying_parties()?;
        let command = UserCommand::Other;
        let seen = self
            .find_for_factors(user, command, permit, context)
            .await?;
        let is_named = |one: &ListedCredential| one.kind == kind && Some(one.registration) == id;
        let change = |account: &Account| {
            let credentials = account.credentials.clone().without(is_named);
            if credentials == account.credentials {
                return Err(FactorError::NoneToRemove(kind.into()).into());
            }
            let after = account.with_credentials(credentials);
            self.may_be_left(is_own, account, &after)?;
            Ok(after)
        };
        self.change_factors(seen, command, permit, context, &change)
            .await
    }

    /// Whether a user himself may lose the factors that a change takes from him. Administrators may
    /// take the last one too, so that a user who has lost it can be helped.
    ///
    /// # Errors
    ///
    /// [`FactorError::LastFactor`]: none would be left where the deployment requires one, or nothing
    /// to log in with.
    pub(in crate::service::user) fn may_be_left(
        &self,
        is_own: bool,
        before: &Account,
        after: &Account,
    ) -> Result<(), FactorError> {
        let (had, has) = (before.kinds(), after.kinds());
        let is_last = had.has_lasting() && !has.has_lasting();
        let has_password = after.user.password_hash.is_some();
        let is_needed = self.policy.mfa == MfaPolicy::Required || !has_password;
        // Without a password, nothing but a passkey logs in.
        let is_last_passkey = had.has(FactorKind::Passkey) && !has.has(FactorKind::Passkey);
        if is_own && (is_last && is_needed || is_last_passkey && !has_password) {
            return Err(FactorError::LastFactor);
        }
        Ok(())
    }
}

impl Account {
    /// The account with other second factors. Sessions in which something was proved end if one is
    /// taken: it may have been because somebody else had it.
    pub(in crate::service::user) fn with_factors(&self, factors: SecondFactors) -> Self {
        let user = self.user.clone();
        let takes = self.factors.changes_to(&factors).takes();
        Self {
            user: if takes { user.logged_out() } else { user },
            factors,
            ..self.clone()
        }
    }

    /// The account with other credentials. Sessions in which something was proved end if one is taken.
    pub(in crate::service::user) fn with_credentials(&self, credentials: Credentials) -> Self {
        let takes = self.credentials.removed_by(&credentials).next().is_some();
        let user = self.user.clone();
        Self {
            user: if takes { user.logged_out() } else { user },
            credentials,
            ..self.clone()
        }
    }

    /// The account without the factors of some kinds, and without what is being set up of these.
    pub(in crate::service::user) fn without_factors(&self, kinds: FactorKinds) -> Self {
        let credentials = self.credentials.clone();
        let mut credentials = credentials.without(|one| kinds.has(one.kind.into()));
        credentials
            .pending
            .retain(|one| !kinds.has(one.kind.into()));
        self.with_factors(self.factors.clone().without(kinds))
            .with_credentials(credentials)
    }

    pub(in crate::service::user) fn without_factor(&self, kind: FactorKind) -> Self {
        self.without_factors(FactorKinds::default().with(kind))
    }
}
