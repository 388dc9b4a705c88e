//! The use cases. They know users, passwords and sessions, and no wire format.

mod account_cache;
mod authenticate;
mod codes;
mod context;
mod factor_keys;
mod keys;
mod limited_addresses;
mod new_password;
mod session;
mod settings;
mod user;
mod user_lookup;

use std::time::Duration;

use self::account_cache::ServiceAccountCache;
use self::limited_addresses::LimitedAddresses;
use crate::aws::{KeySource, Messenger};
use crate::domain::{
    Access, AddressPolicy, AttemptPolicy, CounterPolicy, FoldedName, MessagePolicy, MfaPolicy,
    Operation, Permit, Principal, RelyingParties, ScopePrefix, SecondFactorSet,
};
use crate::error::Error;
use crate::password::{self, PasswordPool};
use crate::store::Store;

pub use authenticate::{Credentials, Jwt};
pub use codes::{Delivery, ReturnedCode};
pub use context::{Client, Context};
pub use factor_keys::{open_totp, seal_totp};
pub use new_password::{NewPasswordRules, NotLookedUp, PasswordRefusal};
pub use session::*;
pub use settings::*;
pub use user::*;

/// What is done for one operation of the API. It is also the operation's request: whatever the
/// protocol, it is the same.
pub trait UseCase: Sized {
    const OPERATION: Operation;
    type Outcome;

    /// Does it. [`Service::run`] has checked that `permit` is for this operation.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> impl Future<Output = Result<Self::Outcome, Error>> + Send;
}

/// The rules that a deployment sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub access: Access,
    pub attempts: AttemptPolicy,
    pub addresses: AddressPolicy,
    /// The lifetime of a session whose request asks for none.
    pub lifetime: Duration,
    /// The longest lifetime that a request may ask for, and the longest that a session lives
    /// after its newest password check, or after it was created if it has none.
    pub max_lifetime: Duration,
    /// How long a replaced token is still valid.
    pub token_grace: Duration,
    /// How long after a proof a session's user may make changes that need a fresh one.
    pub fresh: Duration,
    /// Whether no two users may have the same e-mail address.
    pub unique_emails: bool,
    /// Whether there are the User service and what login pages ask for beside it.
    pub user_api: bool,
    pub resource_owner: String,
    /// What the organization is called in messages and by login pages.
    pub organization_name: String,
    /// What login pages are told.
    pub login_pages: LoginPages,
    /// The rules that a password is held to when it is set.
    pub new_passwords: NewPasswordRules,
    /// The prefix of permissions in the scopes of a gateway's JWTs.
    pub scope_prefix: ScopePrefix,
    pub messages: MessagePolicy,
    /// Which users need a second factor.
    pub mfa: MfaPolicy,
    /// The second factors that users may set up.
    pub second_factors: SecondFactorSet,
    /// What authenticator apps call the deployment: 1 to 64 characters without a colon.
    pub totp_issuer: String,
    /// How often a user's second factors may be tried, all together.
    pub factor_attempts: AttemptPolicy,
    /// What passkeys and security keys are bound to. `None`: there are none.
    pub relying_parties: Option<RelyingParties>,
    /// What follows from a signature counter that has not grown.
    pub counter: CounterPolicy,
}

/// The use cases, with all that they need.
pub struct Service {
    store: Store,
    passwords: PasswordPool,
    policy: Policy,
    accounts: ServiceAccountCache,
    limited: LimitedAddresses,
    users: Users,
    server_key: KeySource,
    messenger: Messenger,
}

impl Service {
    pub fn new(
        store: Store,
        policy: Policy,
        passwords: PasswordPool,
        server_key: KeySource,
        messenger: Messenger,
    ) -> Self {
        Self {
            users: Users::of_service(store.clone(), policy.unique_emails),
            store,
            passwords,
            policy,
            accounts: ServiceAccountCache::default(),
            limited: LimitedAddresses::default(),
            server_key,
            messenger,
        }
    }

    /// Sends one cheap request, so that the first call finds a connection.
    pub async fn warm_up(&self) -> Result<(), Error> {
        Self::connect(&self.store).await
    }

    /// Connects to the database before the service exists.
    pub async fn connect(store: &Store) -> Result<(), Error> {
        let nobody = FoldedName::for_unknown_user("");
        store.get_user(&nobody).await.map(drop)
    }

    /// The permit of `principal` for an operation, without which no call is carried out.
    ///
    /// # Errors
    ///
    /// - [`Error::Unauthenticated`]: the operation takes an authenticated principal.
    /// - [`Error::PermissionDenied`]: it takes a permission that the principal lacks.
    pub fn authorize(&self, operation: Operation, principal: Principal) -> Result<Permit, Error> {
        Ok(self.policy.access.permit(operation, principal)?)
    }

    /// Carries out a call.
    ///
    /// # Errors
    ///
    /// [`Error::PermissionDenied`] for a permit of another operation or access mode, and those of
    /// the operation.
    pub async fn run<U: UseCase>(
        &self,
        request: U,
        permit: &Permit,
        context: &Context,
    ) -> Result<U::Outcome, Error> {
        if !permit.is_for(self.policy.access, U::OPERATION) {
            return Err(Error::PermissionDenied);
        }
        request.run(self, permit, context).await
    }
}

impl From<password::Error> for Error {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Overloaded => Self::Overloaded,
            password::Error::Internal(cause) => Self::Internal(cause),
        }
    }
}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Self::Internal(error.into())
    }
}
