use super::OrganizationContext;
use crate::domain::{Operation, Permit, Timestamp};
use crate::error::Error;
use crate::service::{Context, OwnedSettings, Service, UseCase};

/// The languages that users are written to in, the default first.
const LANGUAGES: &[&str] = &["en", "de"];

/// `GetGeneralSettingsRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetGeneralSettings;

/// `GetGeneralSettingsResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneralSettings {
    pub organization_id: String,
    /// The default first.
    pub languages: &'static [&'static str],
}

impl UseCase for GetGeneralSettings {
    const OPERATION: Operation = Operation::GetGeneralSettings;
    type Outcome = GeneralSettings;

    /// Requests: none.
    async fn run(
        self,
        service: &Service,
        _: &Permit,
        _: &Context,
    ) -> Result<GeneralSettings, Error> {
        Ok(GeneralSettings {
            organization_id: service.policy.resource_owner.clone(),
            languages: LANGUAGES,
        })
    }
}

reads_settings! {
    /// `GetBrandingSettingsRequest`. The deployment says nothing about how pages look.
    GetBrandingSettings -> (): |service| ()
}

/// `GetSecuritySettingsRequest`. Pages and users may do nothing with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSecuritySettings;

impl UseCase for GetSecuritySettings {
    const OPERATION: Operation = Operation::GetSecuritySettings;
    type Outcome = OwnedSettings<()>;

    /// Requests: none.
    async fn run(
        self,
        service: &Service,
        _: &Permit,
        _: &Context,
    ) -> Result<OwnedSettings<()>, Error> {
        service.owned(&OrganizationContext::default(), ())
    }
}

/// `GetHostedLoginTranslationRequest`. The locale was checked; none has texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetHostedLoginTranslation {
    pub context: OrganizationContext,
}

impl UseCase for GetHostedLoginTranslation {
    const OPERATION: Operation = Operation::GetHostedLoginTranslation;
    type Outcome = ();

    /// Requests: none.
    async fn run(self, service: &Service, _: &Permit, _: &Context) -> Result<(), Error> {
        service.organization(&self.context).map(drop)
    }
}

/// `GetActiveIdentityProvidersRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetActiveIdentityProviders {
    pub context: OrganizationContext,
}

/// `GetActiveIdentityProvidersResponse`: a list that is always empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedProviders {
    pub timestamp: Timestamp,
}

impl UseCase for GetActiveIdentityProviders {
    const OPERATION: Operation = Operation::GetActiveIdentityProviders;
    type Outcome = ListedProviders;

    /// Requests: none.
    async fn run(
        self,
        service: &Service,
        _: &Permit,
        context: &Context,
    ) -> Result<ListedProviders, Error> {
        service.organization(&self.context)?;
        Ok(ListedProviders {
            timestamp: context.now,
        })
    }
}
