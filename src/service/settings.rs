//! The use cases of login pages, which ask how the deployment is set up. All answer from the
//! settings, without a request to the database.

/// Declares the use case of a call that reads settings by nothing but its context.
macro_rules! reads_settings {
    ($(#[$about:meta])* $call:ident -> $settings:ty: |$service:ident| $read:expr) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $call {
            pub context: crate::service::OrganizationContext,
        }

        impl crate::service::UseCase for $call {
            const OPERATION: crate::domain::Operation = crate::domain::Operation::$call;
            type Outcome = crate::service::OwnedSettings<$settings>;

            /// Requests: none.
            async fn run(
                self,
                $service: &crate::service::Service,
                _: &crate::domain::Permit,
                _: &crate::service::Context,
            ) -> Result<Self::Outcome, crate::error::Error> {
                $service.owned(&self.context, $read)
            }
        }
    };
}

mod general;
mod login;
mod organizations;
mod passwords;

use super::Service;
use crate::error::{Error, UserError};
use crate::host::PageLink;

pub use general::{
    GeneralSettings, GetActiveIdentityProviders, GetBrandingSettings, GetGeneralSettings,
    GetHostedLoginTranslation, GetSecuritySettings, ListedProviders,
};
pub use login::{GetLegalAndSupportSettings, GetLoginSettings, LegalAndSupport, LoginSettings};
pub use organizations::{
    ListOrganizations, ListedOrganizations, Organization, OrganizationOrder, OrganizationQuery,
};
pub use passwords::{
    GetLockoutSettings, GetPasswordComplexitySettings, GetPasswordExpirySettings, LockoutSettings,
};

/// What a deployment tells login pages, and does nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginPages {
    /// Whether people may register.
    pub registration: bool,
    /// Whether an unknown login name is asked for a password as a known one is.
    pub ignores_unknown: bool,
    /// Where a user goes on who came from no application.
    pub redirect_uri: Option<PageLink>,
    pub legal: LegalAndSupport,
}

/// The organization that a request is about; `None`: it names none, and so is about the deployment's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationContext(pub Option<String>);

/// What a setting is, and the organization that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedSettings<T> {
    pub resource_owner: String,
    pub settings: T,
}

impl Service {
    /// The deployment's organization, if a request is about that.
    fn organization(&self, context: &OrganizationContext) -> Result<&str, Error> {
        let own = &self.policy.resource_owner;
        match &context.0 {
            Some(id) if id != own => Err(UserError::OrganizationUnknown.into()),
            _ => Ok(own),
        }
    }

    /// Settings of the deployment's organization, if a request is about that.
    fn owned<T>(
        &self,
        context: &OrganizationContext,
        settings: T,
    ) -> Result<OwnedSettings<T>, Error> {
        Ok(OwnedSettings {
            resource_owner: self.organization(context)?.to_owned(),
            settings,
        })
    }
}
