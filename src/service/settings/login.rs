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
    /// Those that a user can set up.
    pub second_factors: Vec<FactorKind>,
    /// Whether users can have passkeys.
    pub passkeys: bool,
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

    fn has_passkeys(&self) -> bool {
        self.policy.relying_parties.is_some()
    }

    /// The second factors that can be set up: security keys need a domain that they are bound to, and
    /// all others the server key.
    fn offered_factors(&self) -> Vec<FactorKind> {
        let can_be_set_up = |kind: &FactorKind| match kind {
            FactorKind::U2f | FactorKind::Passkey => self.has_passkeys(),
            FactorKind::Totp
            | FactorKind::OtpEmail
            | FactorKind::OtpSms
            | FactorKind::RecoveryCodes => self.has_server_key(),
        };
        let set = self.policy.second_factors.iter();
        set.filter(can_be_set_up).collect()
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
            second_factors: self.offered_factors(),
            passkeys: self.has_passkeys(),
        }
    }
}
