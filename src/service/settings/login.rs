use std::time::Duration;

use crate::aws::KeySource;
use crate::domain::{EmailAddress, FactorKind, MfaPolicy};
use crate::host::PageLink;
use crate::service::Service;

/// `zitadel.settings.v2.LoginSettings`, as far as it depends on settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    pub allow_register: bool,
    pub mfa: MfaPolicy,
    pub hide_password_reset: bool,
    pub ignore_unknown_usernames: bool,
    pub default_redirect_uri: Option<PageLink>,
    /// How long what was proved in a login is good for: as long as its session.
    pub check_lifetime: Duration,
    /// Passkeys and second factors, as far as a user can set them up.
    pub factors: Vec<FactorKind>,
}

/// `zitadel.settings.v2.LegalAndSupportSettings`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegalAndSupport {
    pub terms_of_service: Option<PageLink>,
    pub privacy_policy: Option<PageLink>,
    pub help: Option<PageLink>,
    pub support_email: Option<EmailAddress>,
}

reads_settings! {
    /// `GetLoginSettingsRequest`.
    GetLoginSettings -> LoginSettings: |service| service.login_settings()
}

reads_settings! {
    /// `GetLegalAndSupportSettingsRequest`.
    GetLegalAndSupportSettings -> LegalAndSupport:
        |service| service.policy.login_pages.legal.clone()
}

impl Service {
    fn has_server_key(&self) -> bool {
        !matches!(self.server_key, KeySource::None)
    }

    /// Whether the deployment sends codes by e-mail, and so can help a user who has forgotten the
    /// password.
    fn mails_codes(&self) -> bool {
        self.has_server_key() && self.policy.messages.mail_from.is_some()
    }

    /// The factors that can be set up: passkeys and security keys where there is a domain that they
    /// are bound to, and all others with the server key.
    fn offered_factors(&self) -> Vec<FactorKind> {
        let can_be_set_up = |kind: &FactorKind| match kind {
            FactorKind::Passkey | FactorKind::U2f => self.policy.relying_parties.is_some(),
            FactorKind::Totp
            | FactorKind::OtpEmail
            | FactorKind::OtpSms
            | FactorKind::RecoveryCodes => self.has_server_key(),
        };
        let second = self.policy.second_factors.iter();
        let all = second.chain([FactorKind::Passkey]);
        all.filter(can_be_set_up).collect()
    }

    fn login_settings(&self) -> LoginSettings {
        let pages = &self.policy.login_pages;
        LoginSettings {
            allow_register: pages.registration,
            mfa: self.policy.mfa,
            hide_password_reset: !self.mails_codes(),
            ignore_unknown_usernames: pages.ignores_unknown,
            default_redirect_uri: pages.redirect_uri.clone(),
            check_lifetime: self.policy.lifetime,
            factors: self.offered_factors(),
        }
    }
}
