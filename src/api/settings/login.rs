use std::time::Duration;

use super::parts::{context, owner};
use crate::api::call::{Call, Envelope};
use crate::api::proto::zitadel::settings::v2;
use crate::domain::{FactorKind, MfaPolicy};
use crate::error::Error;
use crate::host::PageLink;
use crate::service::{
    GetLegalAndSupportSettings, GetLoginSettings, LegalAndSupport, LoginSettings, OwnedSettings,
};

impl Call for GetLoginSettings {
    type Request = v2::GetLoginSettingsRequest;
    type Reply = v2::GetLoginSettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetLoginSettingsRequest { ctx } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(read: OwnedSettings<LoginSettings>) -> Self::Reply {
        let OwnedSettings {
            resource_owner,
            settings,
        } = read;
        let (passkeys_type, multi_factors) = if settings.factors.contains(&FactorKind::Passkey) {
            let verifying = v2::MultiFactorType::U2fWithVerification;
            (v2::PasskeysType::Allowed, vec![verifying.into()])
        } else {
            (v2::PasskeysType::NotAllowed, Vec::new())
        };
        let second_factors = settings.factors.into_iter().filter_map(factor_type);
        let lifetime = Some(duration(settings.check_lifetime));
        v2::GetLoginSettingsResponse {
            details: Some(owner(resource_owner)),
            settings: Some(v2::LoginSettings {
                allow_username_password: true,
                allow_register: settings.allow_register,
                force_mfa: settings.mfa == MfaPolicy::Required,
                passkeys_type: passkeys_type.into(),
                hide_password_reset: settings.hide_password_reset,
                ignore_unknown_usernames: settings.ignore_unknown_usernames,
                default_redirect_uri: text(settings.default_redirect_uri.as_ref()),
                password_check_lifetime: lifetime,
                external_login_check_lifetime: lifetime,
                second_factor_check_lifetime: lifetime,
                multi_factor_check_lifetime: lifetime,
                second_factors: second_factors.map(Into::into).collect(),
                multi_factors,
                ..v2::LoginSettings::default()
            }),
        }
    }
}

impl Call for GetLegalAndSupportSettings {
    type Request = v2::GetLegalAndSupportSettingsRequest;
    type Reply = v2::GetLegalAndSupportSettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetLegalAndSupportSettingsRequest { ctx } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(read: OwnedSettings<LegalAndSupport>) -> Self::Reply {
        let legal = read.settings;
        let support_email = legal.support_email.as_ref();
        v2::GetLegalAndSupportSettingsResponse {
            details: Some(owner(read.resource_owner)),
            settings: Some(v2::LegalAndSupportSettings {
                tos_link: text(legal.terms_of_service.as_ref()),
                privacy_policy_link: text(legal.privacy_policy.as_ref()),
                help_link: text(legal.help.as_ref()),
                support_email: support_email.map(ToString::to_string).unwrap_or_default(),
                ..v2::LegalAndSupportSettings::default()
            }),
        }
    }
}

/// `None`: the protocol has it in no list of second factors.
fn factor_type(kind: FactorKind) -> Option<v2::SecondFactorType> {
    match kind {
        FactorKind::Totp => Some(v2::SecondFactorType::Otp),
        FactorKind::OtpEmail => Some(v2::SecondFactorType::OtpEmail),
        FactorKind::OtpSms => Some(v2::SecondFactorType::OtpSms),
        FactorKind::U2f => Some(v2::SecondFactorType::U2f),
        FactorKind::Passkey | FactorKind::RecoveryCodes => None,
    }
}

/// A link, or the empty text, which is left out.
fn text(link: Option<&PageLink>) -> String {
    link.map(ToString::to_string).unwrap_or_default()
}

/// A lifetime that a setting has, in whole seconds.
fn duration(lifetime: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
        nanos: 0,
    }
}
