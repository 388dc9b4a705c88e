use super::reader::Reader;
use crate::domain::{Address as _, EmailAddress};
use crate::host::PageLink;
use crate::service::{LegalAndSupport, LoginPages};

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub(super) fn login_pages(&mut self) -> Option<LoginPages> {
        let link = |text: &str| match text {
            "none" => Some(None),
            _ => PageLink::parse(text).map(Some),
        };
        let registration = self.get("LOGIN_REGISTRATION");
        let ignores_unknown = self.get("LOGIN_IGNORE_UNKNOWN");
        let redirect_uri = self.parse("LOGIN_REDIRECT_URI", link);
        let terms_of_service = self.parse("TOS_LINK", link);
        let privacy_policy = self.parse("PRIVACY_POLICY_LINK", link);
        let help = self.parse("HELP_LINK", link);
        let support_email = self.parse("SUPPORT_EMAIL", |text| match text {
            "none" => Some(None),
            _ => EmailAddress::parse(text).ok().map(Some),
        });
        Some(LoginPages {
            registration: registration?,
            ignores_unknown: ignores_unknown?,
            redirect_uri: redirect_uri?,
            legal: LegalAndSupport {
                terms_of_service: terms_of_service?,
                privacy_policy: privacy_policy?,
                help: help?,
                support_email: support_email?,
            },
        })
    }
}
