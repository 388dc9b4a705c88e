use crate::domain::{
    Account, Credentials, FactorKind, FactorKinds, MfaPolicy, Operation, Permit, SecondFactors,
    UserId,
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

    /// The account without the factors of some kinds, and without an authenticator app that is being
    /// set up if those have one.
    pub(in crate::service::user) fn without_factors(&self, kinds: FactorKinds) -> Self {
        let credentials = self.credentials.clone();
        let credentials = credentials.without(|one| kinds.has(one.kind.into()));
        self.with_factors(self.factors.clone().without(kinds))
            .with_credentials(credentials)
    }

    pub(in crate::service::user) fn without_factor(&self, kind: FactorKind) -> Self {
        self.without_factors(FactorKinds::default().with(kind))
    }
}
