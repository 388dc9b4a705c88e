//! The settings, which a program reads from its environment when it starts. All invalid settings
//! are reported together.

mod authorizer;
mod endpoint;
mod fault;
mod login_pages;
mod reader;
mod rows;
mod server_key;
mod setting;

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::api::WireLimits;
use crate::app::{BasePath, ClientAddresses, Origins, Settings};
use crate::aws::ServerKeySetting;
use crate::breached::{BreachedPasswords, OnFailure, RangeUrl};
use crate::domain::{
    AddressPolicy, AttemptPolicy, BlockedWords, LinkBases, MessagePolicy, Networks, PasswordRules,
    ScopePrefix,
};
use crate::password::{Kernel, Params};
use crate::service::{NewPasswordRules, Policy};
use crate::store::Tables;

pub use authorizer::AuthorizerSettings;
pub use endpoint::{endpoint, message_urls, secrets_url};
pub use fault::{Fault, Faults, merge};
use reader::Reader;
pub use rows::{SETTINGS, settings_of};
pub use setting::{Program, Setting, Values};

/// How many failed logins from an address a limit may allow.
const FAILURES: RangeInclusive<u32> = 5..=1_000_000;

impl Settings {
    /// Reads the settings. `variable` gives the value of an environment variable.
    ///
    /// # Errors
    ///
    /// [`Faults`] has every missing and invalid setting.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let calls = lambda_calls(&variable).map_or(0, NonZeroUsize::get);
        let mut reader = Reader::new(Program::Service, variable);

        let users = reader.get("USERS_TABLE");
        let sessions = reader.get("SESSIONS_TABLE");
        let resource_owner = reader.get("RESOURCE_OWNER");
        let access = reader.get("ACCESS");
        let scope_prefix = reader.parse("SCOPE_PREFIX", |text| match text {
            "none" => Some(ScopePrefix::default()),
            _ => ScopePrefix::parse(text).ok(),
        });
        let created_status = reader.get("CREATED_STATUS");
        let attempts = reader.parse("MAX_PASSWORD_ATTEMPTS", |text| {
            AttemptPolicy::new(text.parse().ok()?)
        });
        let addresses = reader.addresses();
        let clients = reader.clients();
        let (lifetime, max_lifetime) = reader.lifetimes();
        let token_grace = reader.get("TOKEN_GRACE_SECONDS");
        let fresh = reader.get("FRESH_SECONDS");
        let unique_emails = reader.get("UNIQUE_EMAILS");
        let user_api = reader.get("USER_API");
        let organization_name = reader.get("ORGANIZATION_NAME");
        let login_pages = reader.login_pages();
        let new_passwords = reader.new_passwords();
        let hash_params = reader.hash_params();
        let hash_kernel = reader.hash_kernel();
        let queue: Option<usize> = reader.get("PASSWORD_QUEUE");
        let wire = reader.wire();
        let origins = reader.parse("ALLOWED_ORIGINS", Origins::parse);
        let base_path = reader.parse("BASE_PATH", BasePath::parse);
        let server_key = reader.server_key();
        let messages = reader.messages();

        let read = || {
            Some(Self {
                tables: Tables {
                    users: users?,
                    sessions: sessions?,
                },
                policy: Policy {
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
                },
                created_status: created_status?,
                hash_params: hash_params?,
                hash_kernel: hash_kernel?,
                password_queue: queue?.max(calls),
                wire: wire?,
                origins: origins?,
                base_path: base_path?,
                clients: clients?,
                server_key: server_key?,
            })
        };
        match read() {
            Some(settings) if reader.faults.is_empty() => Ok(settings),
            _ => Err(Faults(reader.faults)),
        }
    }
}

/// Reads how password hashes are made, for commands that make hashes.
///
/// # Errors
///
/// [`Faults`] has every one of these settings that is invalid.
pub fn hash_settings(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(Params, Kernel), Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    let (params, kernel) = (reader.hash_params(), reader.hash_kernel());
    params.zip(kernel).ok_or(Faults(reader.faults))
}

/// Reads the rules for passwords that are set, for commands that set them.
///
/// # Errors
///
/// [`Faults`] has every one of these settings that is invalid.
pub fn new_password_rules(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<NewPasswordRules, Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    let rules = reader.new_passwords();
    rules.ok_or(Faults(reader.faults))
}

/// Reads whether no two users may have one e-mail address, for commands that give addresses.
///
/// # Errors
///
/// [`Faults`] has the setting if it is invalid.
pub fn unique_emails(variable: impl Fn(&str) -> Option<String>) -> Result<bool, Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    let unique_emails = reader.get("UNIQUE_EMAILS");
    unique_emails.ok_or(Faults(reader.faults))
}

/// Reads where the server key is, for commands that make codes.
///
/// # Errors
///
/// [`Faults`] has these settings if they are invalid or, together, say that there is no key.
pub fn server_key(variable: impl Fn(&str) -> Option<String>) -> Result<ServerKeySetting, Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    let setting = reader.server_key();
    if let Some(ServerKeySetting::None) = setting {
        let reason = "or SERVER_KEY_SECRET must be set as it is for the service, \
                      which would refuse codes of another key";
        reader.fault("SERVER_KEY", reason);
    }
    match setting {
        Some(setting) if reader.faults.is_empty() => Ok(setting),
        _ => Err(Faults(reader.faults)),
    }
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
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

    fn wire(&mut self) -> Option<WireLimits> {
        let body = self.get("MAX_BODY_BYTES");
        let message = self.get("MAX_MESSAGE_BYTES");
        Some(WireLimits {
            body: body?,
            message: message?,
        })
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

    /// How clients' addresses are found. Whoever sets one of these two knows what his private
    /// addresses are.
    fn clients(&mut self) -> Option<ClientAddresses> {
        let names = ["MAX_FAILURES_PER_ADDRESS", "TRUSTED_PROXIES"];
        let private_is_one = names.iter().any(|name| self.is_set(name));
        Some(ClientAddresses {
            trusted_proxies: self.get("TRUSTED_PROXIES")?,
            private_is_one,
        })
    }

    fn new_passwords(&mut self) -> Option<NewPasswordRules> {
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

    fn messages(&mut self) -> Option<MessagePolicy> {
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

    fn hash_params(&mut self) -> Option<Params> {
        let memory = self.get("ARGON2_MEMORY_KIB");
        let passes = self.get("ARGON2_PASSES");
        let lanes = self.get("ARGON2_LANES");
        let reason = match Params::new(memory?, passes?, lanes?) {
            Ok(params) if params.is_strong() => return Some(params),
            Ok(_) => "is too weak for ARGON2_PASSES: must be at least 47104 with 1 pass, \
                      19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5"
                .to_owned(),
            Err(error) => format!("with ARGON2_PASSES and ARGON2_LANES: {error}"),
        };
        self.fault("ARGON2_MEMORY_KIB", reason);
        None
    }

    fn hash_kernel(&mut self) -> Option<Kernel> {
        self.parse("SESAME_PORTABLE_HASH", |text| match text {
            "0" => Some(Kernel::detect()),
            "1" => Some(Kernel::Portable),
            _ => None,
        })
    }
}

/// How many passwords a process may check at a time: one for each processor, and in Lambda at most
/// one for each call that the process may get at a time.
pub fn checks_at_once(variable: impl Fn(&str) -> Option<String>) -> NonZeroUsize {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    checks_on(processors, lambda_calls(variable))
}

fn checks_on(processors: NonZeroUsize, calls: Option<NonZeroUsize>) -> NonZeroUsize {
    calls.map_or(processors, |calls| calls.min(processors))
}

/// How many calls the process may get at a time; `None`: it isn't Lambda that says it.
fn lambda_calls(variable: impl Fn(&str) -> Option<String>) -> Option<NonZeroUsize> {
    let calls = variable("AWS_LAMBDA_MAX_CONCURRENCY").and_then(|text| text.parse().ok());
    let in_lambda = variable("AWS_LAMBDA_RUNTIME_API").is_some();
    calls.or(in_lambda.then_some(NonZeroUsize::MIN))
}

#[cfg(test)]
mod tests;
