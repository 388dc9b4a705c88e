//! The settings, which a program reads from its environment when it starts. All invalid settings
//! are reported together.

mod authorizer;
mod endpoint;
mod fault;
mod forms;
mod login_pages;
mod policy;
mod reader;
mod relying_party;
mod rows;
mod second_factors;
mod server_key;
mod setting;

use std::num::NonZeroUsize;

use crate::api::WireLimits;
use crate::app::{BasePath, ClientAddresses, Origins, Settings};
use crate::aws::ServerKeySetting;
use crate::domain::MessagePolicy;
use crate::password::{Kernel, Params};
use crate::service::NewPasswordRules;
use crate::store::Tables;

pub use authorizer::AuthorizerSettings;
pub use endpoint::{endpoint, message_urls, secrets_url};
pub use fault::{Fault, Faults, merge};
use reader::Reader;
pub use rows::SETTINGS;
pub use second_factors::issuer;
pub use setting::{Program, Setting, Values};

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
        let policy = reader.policy();
        let created_status = reader.get("CREATED_STATUS");
        let clients = reader.clients();
        let hash_params = reader.hash_params();
        let hash_kernel = reader.hash_kernel();
        let queue: Option<usize> = reader.get("PASSWORD_QUEUE");
        let wire = reader.wire();
        let origins = reader.parse("ALLOWED_ORIGINS", Origins::parse);
        let base_path = reader.parse("BASE_PATH", BasePath::parse);
        let server_key = reader.server_key();

        let read = || {
            Some(Self {
                tables: Tables {
                    users: users?,
                    sessions: sessions?,
                },
                policy: policy?,
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

/// The settings that a program reads.
pub fn settings_of(program: Program) -> impl Iterator<Item = &'static Setting> {
    let settings = SETTINGS.iter();
    settings.filter(move |setting| setting.read_by.contains(&program))
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

/// Reads where the server key is, for commands that make codes, or seal or open secrets.
///
/// # Errors
///
/// [`Faults`] has these settings if they are invalid or, together, say that there is no key.
pub fn server_key(variable: impl Fn(&str) -> Option<String>) -> Result<ServerKeySetting, Faults> {
    match server_key_if_set(variable)? {
        ServerKeySetting::None => {
            let reason = "or SERVER_KEY_SECRET must be set as it is for the service, \
                          which would refuse codes of another key, and open no secret of it";
            Err(Faults(vec![Fault {
                name: "SERVER_KEY",
                reason: reason.to_owned(),
            }]))
        }
        setting => Ok(setting),
    }
}

/// The same for commands that can do without it.
///
/// # Errors
///
/// [`Faults`] has these settings if they are invalid.
pub fn server_key_if_set(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<ServerKeySetting, Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    match reader.server_key() {
        Some(setting) if reader.faults.is_empty() => Ok(setting),
        _ => Err(Faults(reader.faults)),
    }
}

/// Reads what users are told by and the name of the organization, for commands that change what users
/// log in with.
///
/// # Errors
///
/// [`Faults`] has every one of these settings that is invalid.
pub fn notices(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(MessagePolicy, String), Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    let (messages, organization) = (reader.messages(), reader.get("ORGANIZATION_NAME"));
    messages.zip(organization).ok_or(Faults(reader.faults))
}

/// Reads the name that authenticator apps show.
///
/// # Errors
///
/// [`Faults`] has the settings that are invalid.
pub fn totp_issuer(variable: impl Fn(&str) -> Option<String>) -> Result<String, Faults> {
    let mut reader = Reader::new(Program::Tool, variable);
    let messages = reader.messages();
    let issuer = reader.totp_issuer(messages.as_ref().map(|messages| &messages.link_bases));
    messages.and(issuer).ok_or(Faults(reader.faults))
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    fn wire(&mut self) -> Option<WireLimits> {
        let body = self.get("MAX_BODY_BYTES");
        let message = self.get("MAX_MESSAGE_BYTES");
        Some(WireLimits {
            body: body?,
            message: message?,
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
