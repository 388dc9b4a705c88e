use std::fmt::Write as _;

use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::parts::{context, list_details, organization, owner, whole};
use crate::api::call::{Call, Envelope};
use crate::api::proto::zitadel::settings::v2::{self, get_hosted_login_translation_request::Level};
use crate::domain::Invalid;
use crate::error::Error;
use crate::service::{
    GeneralSettings, GetActiveIdentityProviders, GetBrandingSettings, GetGeneralSettings,
    GetHostedLoginTranslation, GetSecuritySettings, ListedProviders, OrganizationContext,
    OwnedSettings,
};

impl Call for GetGeneralSettings {
    type Request = v2::GetGeneralSettingsRequest;
    type Reply = v2::GetGeneralSettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetGeneralSettingsRequest {} = message;
        Ok(Self)
    }

    fn reply(read: GeneralSettings) -> Self::Reply {
        let languages = read.languages.iter().map(|&language| language.to_owned());
        let languages: Vec<_> = languages.collect();
        v2::GetGeneralSettingsResponse {
            default_org_id: read.organization_id,
            default_language: languages.first().cloned().unwrap_or_default(),
            supported_languages: languages,
        }
    }
}

impl Call for GetBrandingSettings {
    type Request = v2::GetBrandingSettingsRequest;
    type Reply = v2::GetBrandingSettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetBrandingSettingsRequest { ctx } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(read: OwnedSettings<()>) -> Self::Reply {
        v2::GetBrandingSettingsResponse {
            details: Some(owner(read.resource_owner)),
            settings: Some(v2::BrandingSettings::default()),
        }
    }
}

impl Call for GetSecuritySettings {
    type Request = v2::GetSecuritySettingsRequest;
    type Reply = v2::GetSecuritySettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetSecuritySettingsRequest {} = message;
        Ok(Self)
    }

    fn reply(read: OwnedSettings<()>) -> Self::Reply {
        v2::GetSecuritySettingsResponse {
            details: Some(owner(read.resource_owner)),
            settings: Some(v2::SecuritySettings::default()),
        }
    }
}

impl Call for GetActiveIdentityProviders {
    type Request = v2::GetActiveIdentityProvidersRequest;
    type Reply = v2::GetActiveIdentityProvidersResponse;

    /// What providers may do makes no difference, because there are none.
    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetActiveIdentityProvidersRequest {
            ctx,
            creation_allowed: _,
            linking_allowed: _,
            auto_creation: _,
            auto_linking: _,
        } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(listed: ListedProviders) -> Self::Reply {
        v2::GetActiveIdentityProvidersResponse {
            details: Some(list_details(0, listed.timestamp)),
            identity_providers: Vec::new(),
        }
    }
}

impl Call for GetHostedLoginTranslation {
    type Request = v2::GetHostedLoginTranslationRequest;
    type Reply = v2::GetHostedLoginTranslationResponse;

    /// Inheritance makes no difference, because no level has texts.
    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetHostedLoginTranslationRequest {
            locale,
            ignore_inheritance: _,
            level,
        } = message;
        if locale.chars().nth(1).is_none() {
            return Err(Invalid::new("locale", "must be at least 2 characters long").into());
        }
        Ok(Self {
            context: match level {
                None => OrganizationContext(None),
                Some(Level::System(flag)) => whole("system", flag)?,
                Some(Level::Instance(flag)) => whole("instance", flag)?,
                Some(Level::OrganizationId(id)) => organization(id),
            },
        })
    }

    fn reply((): ()) -> Self::Reply {
        let translations = prost_types::Struct::default();
        v2::GetHostedLoginTranslationResponse {
            etag: etag(&translations),
            translations: Some(translations),
        }
    }
}

/// The first 128 bits of the hash of texts, in hexadecimal digits.
fn etag(translations: &prost_types::Struct) -> String {
    let hash = Sha256::digest(translations.encode_to_vec());
    hash[..16].iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
