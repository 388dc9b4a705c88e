use super::parts::{context, owner};
use crate::api::call::{Call, Envelope};
use crate::api::proto::zitadel::settings::v2;
use crate::error::Error;
use crate::service::{
    GetLockoutSettings, GetPasswordComplexitySettings, GetPasswordExpirySettings, LockoutSettings,
    OwnedSettings,
};

impl Call for GetPasswordComplexitySettings {
    type Request = v2::GetPasswordComplexitySettingsRequest;
    type Reply = v2::GetPasswordComplexitySettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetPasswordComplexitySettingsRequest { ctx } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(read: OwnedSettings<usize>) -> Self::Reply {
        v2::GetPasswordComplexitySettingsResponse {
            details: Some(owner(read.resource_owner)),
            settings: Some(v2::PasswordComplexitySettings {
                min_length: read.settings as u64,
                ..v2::PasswordComplexitySettings::default()
            }),
        }
    }
}

impl Call for GetPasswordExpirySettings {
    type Request = v2::GetPasswordExpirySettingsRequest;
    type Reply = v2::GetPasswordExpirySettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetPasswordExpirySettingsRequest { ctx } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(read: OwnedSettings<()>) -> Self::Reply {
        v2::GetPasswordExpirySettingsResponse {
            details: Some(owner(read.resource_owner)),
            settings: Some(v2::PasswordExpirySettings::default()),
        }
    }
}

impl Call for GetLockoutSettings {
    type Request = v2::GetLockoutSettingsRequest;
    type Reply = v2::GetLockoutSettingsResponse;

    fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
        let v2::GetLockoutSettingsRequest { ctx } = message;
        Ok(Self {
            context: context(ctx)?,
        })
    }

    fn reply(read: OwnedSettings<LockoutSettings>) -> Self::Reply {
        v2::GetLockoutSettingsResponse {
            details: Some(owner(read.resource_owner)),
            settings: Some(v2::LockoutSettings {
                max_password_attempts: read.settings.password_attempts.into(),
                max_otp_attempts: read.settings.factor_attempts.into(),
                ..v2::LockoutSettings::default()
            }),
        }
    }
}
