//! The settings, which a program reads from its environment when it starts. All invalid settings
//! are reported together.

mod authorizer;
mod endpoint;
mod fault;
mod reader;
mod server_key;

use std::num::NonZeroUsize;
use std::time::Duration;

use http::StatusCode;

use crate::api::WireLimits;
use crate::app::{BasePath, Origins, Settings};
use crate::domain::{AttemptPolicy, ScopePrefix};
use crate::password::{Kernel, Params};
use crate::service::Policy;
use crate::store::Tables;

pub use authorizer::{AUTHORIZER_SETTINGS, AuthorizerSettings};
pub use endpoint::{endpoint, secrets_url};
pub use fault::{Fault, Faults, merge};
pub use reader::Setting;
use reader::{Reader, setting};

/// All settings of the service but AWS's own variables (`AWS_REGION`, credentials,
/// `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`).
pub const SETTINGS: [Setting; 21] = [
    setting("USERS_TABLE", "", "The table of users and service accounts"),
    setting("SESSIONS_TABLE", "", "The table of sessions"),
    setting(
        "RESOURCE_OWNER",
        "",
        "`resourceOwner` in each answer, 1 to 200 characters",
    ),
    setting(
        "ACCESS",
        "token",
        "Who may create sessions: `token` (principals with `session.write`), `authenticated` (any principal that is authenticated) or `public` (anyone)",
    ),
    setting(
        "SCOPE_PREFIX",
        "none",
        "What a JWT's scopes have before `session.write` and its like, such as `https://api.example/` (a `/` is added behind a letter or digit), up to 256 characters; then bare scopes grant nothing. `none`: they are bare",
    ),
    setting(
        "CREATED_STATUS",
        "200",
        "The HTTP status of a created session, 200 or 201",
    ),
    setting(
        "MAX_PASSWORD_ATTEMPTS",
        "10",
        "Wrong passwords in a row before a user is locked for a while, 1 to 100",
    ),
    setting(
        "SESSION_LIFETIME_SECONDS",
        "86400",
        "How long a session lives if the request has no `lifetime`, 60 to 31536000 (a year)",
    ),
    setting(
        "MAX_SESSION_LIFETIME_SECONDS",
        "2592000",
        "The longest `lifetime` that a request may ask for, 60 to 31536000; at least `SESSION_LIFETIME_SECONDS`. No session lives longer than this after its newest password check, or after it was created if it has none",
    ),
    setting(
        "TOKEN_GRACE_SECONDS",
        "10",
        "How long a session's token still authorises after a set has replaced it, 0 to 60; not if the set proved something",
    ),
    setting(
        "ARGON2_MEMORY_KIB",
        "19456",
        "Memory of a password hash in KiB, 7168 to 131072; with the passes no weaker than OWASP asks for: at least 47104 with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4, 7168 with 5",
    ),
    setting("ARGON2_PASSES", "2", "Passes of a password hash, 1 to 16"),
    setting(
        "ARGON2_LANES",
        "1",
        "Lanes of a password hash (argon2's `p`), 1 to 4. Leave it at 1, unless hashes must have the parameters of another program: lanes are computed one after another, so more of them save no time here, but an attacker can compute them at the same time",
    ),
    setting(
        "SESAME_PORTABLE_HASH",
        "0",
        "1: argon2 hashes are computed by the `argon2` crate on every processor. 0: on one with AVX2 by code that gives the same hashes in half the time",
    ),
    setting(
        "PASSWORD_QUEUE",
        "16",
        "Password checks that may wait for a processor, 0 to 1000; more are refused with 429",
    ),
    setting(
        "MAX_BODY_BYTES",
        "262144",
        "The longest request body, as it is sent, 1024 to 4194304",
    ),
    setting(
        "MAX_MESSAGE_BYTES",
        "262144",
        "The longest message, once it is decompressed, 1024 to 4194304",
    ),
    setting(
        "SERVER_KEY",
        "none",
        "A secret of at least 32 characters, from which the tokens of creates with an `Idempotency-Key` are derived; `none`: such creates are refused",
    ),
    setting(
        "SERVER_KEY_SECRET",
        "none",
        "The name or ARN of a secret of AWS Secrets Manager whose text is that key, instead of `SERVER_KEY`",
    ),
    setting(
        "ALLOWED_ORIGINS",
        "none",
        "Whose pages may call from a browser (CORS): `none`, `*`, or origins such as `https://app.example.com` with commas between",
    ),
    setting(
        "BASE_PATH",
        "none",
        "The path under which a custom domain or a proxy offers the service: `/` and one to eight segments of letters, digits, `-`, `.`, `_` and `~`, such as `/auth`. It is taken off every path that begins with it and is not one of the service. `none`: there is none",
    ),
];

/// The range of the limits on a request, in bytes. Lambda accepts events of 6 MB, in which a body
/// may be base64.
const REQUEST_BYTES: std::ops::RangeInclusive<u32> = 1024..=4_194_304;

impl Settings {
    /// Reads the settings. `variable` gives the value of an environment variable.
    ///
    /// # Errors
    ///
    /// [`Faults`] has every missing and invalid setting.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let calls = lambda_calls(&variable).map_or(0, NonZeroUsize::get);
        let mut reader = Reader::new(&SETTINGS, variable);

        let users = reader.text("USERS_TABLE");
        let sessions = reader.text("SESSIONS_TABLE");
        let resource_owner = reader.text("RESOURCE_OWNER");
        let access = reader.parse("ACCESS", "token, authenticated or public", |text| {
            text.parse().ok()
        });
        let scope_prefix = reader.scope_prefix();
        let created_status = reader.parse("CREATED_STATUS", "200 or 201", |text| match text {
            "200" => Some(StatusCode::OK),
            "201" => Some(StatusCode::CREATED),
            _ => None,
        });
        let attempts = reader.parse("MAX_PASSWORD_ATTEMPTS", "a number from 1 to 100", |text| {
            AttemptPolicy::new(text.parse().ok()?)
        });
        let lifetime = reader.number("SESSION_LIFETIME_SECONDS", 60..=31_536_000);
        let max_lifetime = reader.number("MAX_SESSION_LIFETIME_SECONDS", 60..=31_536_000);
        if max_lifetime.is_some() && max_lifetime < lifetime {
            reader.fault(
                "MAX_SESSION_LIFETIME_SECONDS",
                "must be at least SESSION_LIFETIME_SECONDS",
            );
        }
        let token_grace = reader.number("TOKEN_GRACE_SECONDS", 0..=60);
        let hash_params = reader.hash_params();
        let hash_kernel = reader.hash_kernel();
        let queue = reader.number("PASSWORD_QUEUE", 0..=1000);
        let body = reader.number("MAX_BODY_BYTES", REQUEST_BYTES);
        let message = reader.number("MAX_MESSAGE_BYTES", REQUEST_BYTES);
        let wanted = "none, * or origins such as https://app.example.com";
        let origins = reader.parse("ALLOWED_ORIGINS", wanted, Origins::parse);

        let wanted = "none or / and one to eight segments of letters, digits, -, ., _ and ~";
        let base_path = reader.parse("BASE_PATH", wanted, BasePath::parse);
        let server_key = reader.server_key();

        let read = || {
            Some(Self {
                tables: Tables {
                    users: users?,
                    sessions: sessions?,
                },
                policy: Policy {
                    access: access?,
                    attempts: attempts?,
                    lifetime: Duration::from_secs(lifetime?.into()),
                    max_lifetime: Duration::from_secs(max_lifetime?.into()),
                    token_grace: Duration::from_secs(token_grace?.into()),
                    resource_owner: resource_owner?,
                    scope_prefix: scope_prefix?,
                },
                created_status: created_status?,
                hash_params: hash_params?,
                hash_kernel: hash_kernel?,
                password_queue: usize::try_from(queue?).ok()?.max(calls),
                wire: WireLimits {
                    body: usize::try_from(body?).ok()?,
                    message: usize::try_from(message?).ok()?,
                },
                origins: origins?,
                base_path: base_path?,
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
    let mut reader = Reader::new(&SETTINGS, variable);
    let (params, kernel) = (reader.hash_params(), reader.hash_kernel());
    params.zip(kernel).ok_or(Faults(reader.faults))
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    fn hash_params(&mut self) -> Option<Params> {
        let memory = self.number("ARGON2_MEMORY_KIB", 7168..=131_072);
        let passes = self.number("ARGON2_PASSES", 1..=16);
        let lanes = self.number("ARGON2_LANES", 1..=4);
        let reason = match Params::new(memory?, passes?, lanes?) {
            Ok(params) if params.is_strong() => return Some(params),
            Ok(_) => "is too weak for ARGON2_PASSES: must be at least 47104 with 1 pass, \
                      19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5"
                .to_owned(),
            Err(error) => format!("with ARGON2_PASSES and ARGON2_LANES: {error}"),
        };
        self.faults.push(Fault {
            name: "ARGON2_MEMORY_KIB",
            reason,
        });
        None
    }

    fn hash_kernel(&mut self) -> Option<Kernel> {
        self.parse("SESAME_PORTABLE_HASH", "0 or 1", |text| match text {
            "0" => Some(Kernel::detect()),
            "1" => Some(Kernel::Portable),
            _ => None,
        })
    }

    fn scope_prefix(&mut self) -> Option<ScopePrefix> {
        let wanted = "none or what stands before session.write in scopes, such as \
             https://api.example/: up to 256 characters without spaces, quotes and backslashes";
        self.parse("SCOPE_PREFIX", wanted, |text| match text {
            "none" => Some(ScopePrefix::default()),
            _ => ScopePrefix::parse(text).ok(),
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
