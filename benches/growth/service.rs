//! The service over a database file.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use sesame::app::{App, Settings};
use sesame::aws::{
    Endpoint, KeySource, MessageUrls, Messenger, Roots, http_client, with_http_client,
};
use sesame::domain::{
    DisplayName, HashString, LoginName, NewUser, Password, Profile, Timestamp, UserId, UserState,
};
use sesame::emulator::Emulator;
use sesame::log::Log;
use sesame::password::{Kernel, Params, PasswordPool};
use sesame::store::{Store, Tables};

use super::outcome::Outcome;

pub const PASSWORD: &str = "V3ryS3cure!";
pub const USERS: &str = "users";
pub const SESSIONS: &str = "sessions";
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub fn login_name(number: usize) -> String {
    format!("user-{number:07}@mouse.com")
}

pub fn user_id(number: usize) -> String {
    format!("{}", 100_000_000_000_000_000 + number)
}

/// The weakest that a pool takes: the hash costs the same however many users there are, and would
/// hide all else.
fn params() -> Outcome<Params> {
    Ok(Params::new(7168, 1, 1)?)
}

pub async fn hash() -> Outcome<HashString> {
    let pool = PasswordPool::new(params()?, Kernel::detect(), NonZeroUsize::MIN, 0);
    let hash = pool.hash(Password::new(PASSWORD.to_owned())).await?;
    Ok(HashString::new(hash.as_str().to_owned()))
}

pub fn user(number: usize, hash: HashString) -> Outcome<NewUser> {
    Ok(NewUser {
        login_name: LoginName::parse(login_name(number))?,
        user_id: UserId::parse(user_id(number))?,
        display_name: DisplayName::parse("Mini Mouse".to_owned())?,
        state: UserState::Active,
        password_hash: Some(hash),
        change_required: false,
        profile: Profile::default(),
    })
}

fn endpoint() -> Endpoint {
    Endpoint::with_keys("local".to_owned(), None, "local", "local", None)
}

pub fn store(http: SharedHttpClient) -> Store {
    let tables = Tables {
        users: USERS.to_owned(),
        sessions: SESSIONS.to_owned(),
    };
    Store::new(with_http_client(endpoint(), http), tables)
}

pub fn app(store: Store) -> Outcome<Arc<App>> {
    let mut settings = Settings::read(|name| match name {
        "USERS_TABLE" | "SESSIONS_TABLE" | "RESOURCE_OWNER" => Some(name.to_lowercase()),
        "ACCESS" => Some("public".to_owned()),
        _ => None,
    })?;
    settings.hash_params = params()?;
    let (log, _) = Log::memory(None);
    let one = NonZeroUsize::MIN;
    // The settings have no sender, so it is never used.
    let http = http_client(Roots::Amazon);
    let policy = &settings.policy.messages;
    let messenger = Messenger::new(policy, &endpoint(), MessageUrls::default(), http);
    Ok(Arc::new(App::new(
        store,
        &settings,
        KeySource::None,
        messenger,
        one,
        log,
    )))
}

pub fn emulator(file: &Path) -> Outcome<Emulator> {
    Ok(Emulator::open(file)?)
}
