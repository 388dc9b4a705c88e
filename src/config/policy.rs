use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Reader;
use crate::breached::{BreachedPasswords, OnFailure, RangeUrl};
use crate::domain::{
    AddressPolicy, AttemptPolicy, BlockedWords, LinkBases, MessagePolicy, MfaPolicy, Networks,
    PasswordRules, ScopePrefix,
};
use crate::service::{NewPasswordRules, Policy};

/// How many failed logins from an address a limit may allow.
const FAILURES: RangeInclusive<u32> = 5..=1_000_000;

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    /// Reads the rules that a deployment sets.
    pub(super) fn policy(&mut self) -> Option<Policy> {
        let resource_owner = self.get("RESOURCE_OWNER");
        let access = self.get("ACCESS");
        let scope_prefix = self.parse("SCOPE_PREFIX", |text| match text {
            "none" => Some(ScopePrefix::default()),
            _ => ScopePrefix::parse(text).ok(),
        });
        let attempts = self.parse("MAX_PASSWORD_ATTEMPTS", |text| {
            AttemptPolicy::new(text.parse().ok()?)
        });
        let addresses = self.addresses();
        let (lifetime, max_lifetime) = self.lifetimes();
        let token_grace = self.get("TOKEN_GRACE_SECONDS");
        let fresh = self.get("FRESH_SECONDS");
        let unique_emails = self.get("UNIQUE_EMAILS");
        let user_api = self.get("USER_API");
        let organization_name = self.get("ORGANIZATION_NAME");
        let login_pages = self.login_pages();
        let new_passwords = self.new_passwords();
        let messages = self.messages();
        let mfa = self.mfa();
        let second_factors = self.second_factors();
        let totp_issuer = self.totp_issuer(messages.as_ref().map(|messages| &messages.link_bases));
        let factor_attempts = self.factor_attempts();
        let relying_parties = self.relying_parties();
        let counter = self.counter();
        Some(Policy {
            access: access?,
            attempts: attempts?,
            addresses: addresses?,
            lifetime: Duration::from_secs(lifetime?),
            max_lifetime: Duration::from_secs(max_lifetime?),
            token_grace: Duration::from_secs(token_grace?),
            fresh: Duration::from_secs(fresh?),
            unique_emails: unique_emails?,
            user_api: user_api?,
            resource_owner: resource_owner?,
            organization_name: organization_name?,
            login_pages: login_pages?,
            new_passwords: new_passwords?,
            scope_prefix: scope_prefix?,
            messages: messages?,
            mfa: mfa?,
            second_factors: second_factors?,
            totp_issuer: totp_issuer?,
            factor_attempts: factor_attempts?,
            relying_parties,
            counter: counter?,
        })
    }

    /// Of the service and of the authorizer.
    pub(super) fn mfa(&mut self) -> Option<MfaPolicy> {
        self.parse("MFA", MfaPolicy::named)
    }

    /// The lifetime of a session whose request has none, and the longest one.
    fn lifetimes(&mut self) -> (Option<u64>, Option<u64>) {
        let lifetime = self.get("SESSION_LIFETIME_SECONDS");
        let max_lifetime = self.get("MAX_SESSION_LIFETIME_SECONDS");
        if max_lifetime.is_some() && max_lifetime < lifetime {
            self.fault(
                "MAX_SESSION_LIFETIME_SECONDS",
                "must be at least SESSION_LIFETIME_SECONDS",
            );
        }
        (lifetime, max_lifetime)
    }

    fn addresses(&mut self) -> Option<AddressPolicy> {
        let max = self.parse("MAX_FAILURES_PER_ADDRESS", |text| match text {
            "none" => Some(None),
            _ => text
                .parse()
                .ok()
                .filter(|max| FAILURES.contains(max))
                .map(Some),
        });
        let only_reports = self.parse("ADDRESS_LIMIT", |text| Some(text == "report"));
        let unlimited = self.parse("UNLIMITED_ADDRESSES", Networks::parse);
        Some(AddressPolicy {
            max_failures: max?,
            only_reports: only_reports?,
            unlimited: unlimited?,
        })
    }

    pub(super) fn new_passwords(&mut self) -> Option<NewPasswordRules> {
        let min_length = self.get("PASSWORD_MIN_LENGTH");
        let words = self.parse("PASSWORD_BLOCKED_WORDS", BlockedWords::parse);
        let looks_up = self.parse("BREACHED_PASSWORDS", |text| Some(text == "hibp"));
        let url = self.parse("BREACHED_PASSWORDS_URL", RangeUrl::parse);
        let on_failure = self.parse("BREACHED_PASSWORDS_ON_FAILURE", |text| match text {
            "refuse" => Some(OnFailure::Refuse),
            "accept" => Some(OnFailure::Accept),
            _ => None,
        });
        let breached = BreachedPasswords {
            url: url?,
            on_failure: on_failure?,
        };
        Some(NewPasswordRules {
            rules: PasswordRules {
                min_length: min_length?,
                blocked_words: words?,
            },
            breached: looks_up?.then_some(breached),
        })
    }

    pub(super) fn messages(&mut self) -> Option<MessagePolicy> {
        let mail_from = self.parse("MAIL_FROM", MessagePolicy::parse_sender);
        let sms_origination = self.parse("SMS_ORIGINATION", MessagePolicy::parse_origination);
        let link_bases = self.parse("LINK_BASE_URLS", LinkBases::parse);
        let max_per_day = self.get("MAX_MESSAGES_PER_DAY");
        Some(MessagePolicy {
            mail_from: mail_from?,
            sms_origination: sms_origination?,
            link_bases: link_bases?,
            max_per_day: max_per_day?,
        })
    }
}
