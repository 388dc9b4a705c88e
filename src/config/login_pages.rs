use super::reader::Reader;
use crate::domain::{Address as _, EmailAddress};
use crate::host::PageLink;
use crate::service::{LegalAndSupport, LoginPages};

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub(super) fn login_pages(&mut self) -> Option<LoginPages> {
        let registration = self.get("LOGIN_REGISTRATION");
        let ignores_unknown = self.get("LOGIN_IGNORE_UNKNOWN");
        let redirect_uri = self.link("LOGIN_REDIRECT_URI");
        let terms_of_service = self.link("TOS_LINK");
        let privacy_policy = self.link("PRIVACY_POLICY_LINK");
        let help = self.link("HELP_LINK");
        let support_email = self.parse("SUPPORT_EMAIL", |text| {
            or_none(text, |text| EmailAddress::parse(text).ok())
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

    fn link(&mut self, name: &'static str) -> Option<Option<PageLink>> {
        self.parse(name, |text| or_none(text, PageLink::parse))
    }
}

/// Reads a text that may be `none`.
fn or_none<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        "none" => Some(None),
        _ => parse(text).map(Some),
    }
}
