//! The service over a database of its own.

mod database;
mod histories;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use sesame::api::{Request, RequestContext};
use sesame::app::{Settings, handle};
use sesame::aws::{KeySource, Messenger, ServerKeySetting};
use sesame::domain::{
    Account, DisplayName, HashString, LoginName, NewUser, Password, Permission, Profile,
    ServiceAccount, ServiceAccountName, SessionId, Timestamp, TokenHash, TokenRotation, User,
    UserId, UserState, WriteId, generate_uuid,
};
use sesame::emulator::SentMessage;
use sesame::log::Log;
use sesame::password::{Params, PasswordPool};
use sesame::store::{InsertOutcome, Store};
use sesame::token::ServiceAccountToken;

use self::database::Database;
pub use super::record::PASSWORD;
use crate::support::answer::Answer;
use crate::support::faults::Faults;
use crate::support::providers::Providers;
use crate::support::{facts, record};

/// The time at which most tests take place.
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_123);

const SMS_ORIGINATION: &str = "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-0a1b";

pub struct App {
    pub api: sesame::app::App,
    /// The store that a test itself uses: it has no faults and records no requests.
    pub store: Store,
    /// The store that the service uses.
    pub faulty: Store,
    pub faults: Faults,
    /// Where the service sends messages, and the faults of that.
    pub providers: Providers,
    database: Database,
    log: Arc<Mutex<Vec<String>>>,
    pub settings: Settings,
    /// Part of each login name and user id, because tests may share a database.
    pub name: String,
}

impl App {
    /// Starts a service in which anyone may create sessions.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a service with settings other than those of [`App::start`].
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::over(Database::open().await, settings)
    }

    /// Starts a service over the emulator, whichever database the other tests use. Paused time
    /// needs it, because a network doesn't keep to it, and so do thousands of writes.
    pub async fn emulated(settings: &[(&str, &str)]) -> Self {
        Self::over(Database::emulated().await, settings)
    }

    /// Starts a second service over the same database.
    pub fn beside(&self, settings: &[(&str, &str)]) -> Self {
        let mut app = Self::over(self.database.clone(), settings);
        app.name.clone_from(&self.name);
        app
    }

    fn over(database: Database, settings: &[(&str, &str)]) -> Self {
        let tables = database.tables.clone();
        let mut variables = HashMap::from([
            ("USERS_TABLE", &*tables.users),
            ("SESSIONS_TABLE", &*tables.sessions),
            ("RESOURCE_OWNER", "69629023906488334"),
            ("ACCESS", "public"),
            ("PASSWORD_QUEUE", "1000"),
            ("MAIL_FROM", "login@acme.example"),
            ("SMS_ORIGINATION", SMS_ORIGINATION),
        ]);
        // Failures are counted by address, and the addresses of tests are alike.
        if !database.is_emulated {
            variables.insert("MAX_FAILURES_PER_ADDRESS", "none");
        }
        variables.extend(settings.iter().copied());
        let mut settings =
            Settings::read(|name| variables.get(name).map(|&text| text.to_owned())).unwrap();
        // Weaker than the settings allow: these tests are not about the hash.
        if !variables.contains_key("ARGON2_PASSES") {
            settings.hash_params = Params::new(7168, 1, 1).unwrap();
        }
        let key = match &settings.server_key {
            ServerKeySetting::Keys(keys) => KeySource::Keys(Arc::clone(keys)),
            _ => KeySource::None,
        };
        Self::with_key_source(database, settings, key)
    }

    /// Replaces the server key of the settings by the one of this source.
    pub fn keyed(self, source: KeySource) -> Self {
        Self::with_key_source(self.database.clone(), self.settings.clone(), source)
    }

    fn with_key_source(database: Database, settings: Settings, key: KeySource) -> Self {
        let (log, lines) = Log::memory(Some("sesame".to_owned()));
        let two = NonZeroUsize::new(2).unwrap();
        let faulty = database.store(database.faults.http_client());
        let providers = database.providers.clone();
        let messenger = providers.messenger(&settings.policy.messages);
        Self {
            api: sesame::app::App::new(faulty.clone(), &settings, key, messenger, two, log),
            store: database.store(database.plain.clone()),
            faulty,
            faults: database.faults.clone(),
            providers,
            database,
            log: lines,
            settings,
            name: generate_uuid().simple().to_string(),
        }
    }

    /// Gives another function's store over the same tables, with faults and a record of its own.
    pub fn another_store(&self) -> (Store, Faults) {
        let faults = Faults::around(self.database.plain.clone());
        (self.database.store(faults.http_client()), faults)
    }

    /// Makes `mini` a login name that no other test uses.
    pub fn login_name(&self, name: &str) -> LoginName {
        LoginName::parse(format!("{name}.{}@mouse.com", self.name)).unwrap()
    }

    pub fn user_id(&self, name: &str) -> UserId {
        UserId::parse(format!("id-{name}-{}", self.name)).unwrap()
    }

    /// Adds a user with [`PASSWORD`].
    pub async fn user(&self, name: &str) -> User {
        let hash = self
            .password_pool()
            .hash(Password::new(PASSWORD.to_owned()))
            .await
            .unwrap();
        self.user_with_hash(name, Some(hash.as_str())).await
    }

    pub async fn user_with_hash(&self, name: &str, hash: Option<&str>) -> User {
        let display_name = DisplayName::parse("Mini Mouse".to_owned()).unwrap();
        self.user_shown_as(name, display_name, hash).await
    }

    pub async fn user_shown_as(
        &self,
        name: &str,
        display_name: Option<DisplayName>,
        hash: Option<&str>,
    ) -> User {
        let new = NewUser {
            login_name: self.login_name(name),
            user_id: self.user_id(name),
            display_name,
            state: UserState::Active,
            password_hash: hash.map(|hash| HashString::new(hash.to_owned())),
            change_required: false,
            profile: Profile::default(),
        };
        record::secret(hash);
        let account = Account::new(new, NOW);
        let added = self.store.insert_account(&account, false).await.unwrap();
        assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");
        account.user
    }

    /// Adds a service account, and returns its token.
    pub async fn service_account(
        &self,
        permissions: &[Permission],
        lifetime: Duration,
    ) -> ServiceAccountToken {
        self.service_account_named("backend", permissions, lifetime)
            .await
    }

    /// Adds a service account with this name, and returns its token.
    pub async fn service_account_named(
        &self,
        name: &str,
        permissions: &[Permission],
        lifetime: Duration,
    ) -> ServiceAccountToken {
        let token = ServiceAccountToken::generate().unwrap();
        record::secret(Some(token.as_str()));
        let account = ServiceAccount {
            name: ServiceAccountName::parse(name.to_owned()).unwrap(),
            permissions: permissions.iter().copied().collect(),
            created_at: NOW,
            expires_at: NOW.plus(lifetime),
        };
        self.store
            .insert_service_account(token.hash(), &account)
            .await
            .unwrap();
        token
    }

    pub async fn send(&self, request: Request, now: Timestamp) -> Answer {
        let Request { method, path, .. } = &request;
        let of = |rpc: &str| path.ends_with(&format!(".SessionService/{rpc}"));
        let creates = of("CreateSession") || path.ends_with("/sessions");
        let sets = *method == Method::PATCH && path.contains("/sessions/");
        let gives_token = creates || of("SetSession") || sets;
        // A test with many calls would otherwise need more stack than its thread has.
        let response = Box::pin(handle(&self.api, request, now)).await;
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.data,
            trailers: body.trailers,
        };
        record::record_answer(&answer, gives_token);
        answer
    }

    /// The messages that the services over this database have sent, the oldest first.
    pub fn outbox(&self) -> Vec<SentMessage> {
        self.providers.outbox.messages()
    }

    /// A messenger as the service has it.
    pub fn messenger(&self) -> Messenger {
        self.providers.messenger(&self.settings.policy.messages)
    }

    /// Takes the lines that the service has logged.
    pub fn logged(&self) -> Vec<Value> {
        let lines = std::mem::take(&mut *self.log.lock().unwrap());
        record::output(&lines);
        record::messages(&lines, &self.outbox());
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub async fn stored(&self, answer: &Answer) -> sesame::domain::Session {
        let id: SessionId = answer.json()["sessionId"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        self.store.get_session(id).await.unwrap().unwrap()
    }

    /// A client of the database, for what the store doesn't do.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.database.client(self.database.plain.clone())
    }

    /// Reads the ids of all stored sessions of a user.
    pub async fn sessions_of(&self, user: &UserId) -> Vec<String> {
        let user = AttributeValue::S(user.to_string());
        let mut pages = self
            .dynamodb()
            .scan()
            .table_name(&self.database.tables.sessions)
            .consistent_read(true)
            .filter_expression("user_id = :user")
            .expression_attribute_values(":user", user)
            .into_paginator()
            .items()
            .send();
        let mut ids = Vec::new();
        while let Some(item) = pages.next().await {
            ids.push(item.unwrap()["session_id"].as_s().unwrap().clone());
        }
        ids
    }

    /// Reads the item of a user under the login name, attribute by attribute.
    pub async fn raw_login(&self, login: &User) -> HashMap<String, AttributeValue> {
        let key = format!("LOGIN#{}", login.login_name.folded().as_str());
        let got = self
            .dynamodb()
            .get_item()
            .table_name(&self.database.tables.users)
            .key("pk", AttributeValue::S(key))
            .consistent_read(true)
            .send()
            .await;
        got.unwrap().item.unwrap()
    }

    pub async fn login(&self, name: &str) -> User {
        let name = self.login_name(name).folded();
        self.store.get_user(&name).await.unwrap().unwrap()
    }

    /// A pool that makes hashes as the service does.
    pub fn password_pool(&self) -> PasswordPool {
        let Settings {
            hash_params,
            hash_kernel,
            ..
        } = self.settings;
        PasswordPool::new(hash_params, hash_kernel, NonZeroUsize::MIN, 0)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.logged();
        // A test that has failed says why by itself.
        if !std::thread::panicking() {
            let senders = facts::senders(self.settings.policy.user_api);
            facts::assert_known(senders, &self.faults.requests(), self.store.tables());
        }
    }
}

/// Replaces a session's token without a grace for the former one.
pub fn rotation(token_hash: TokenHash) -> TokenRotation {
    TokenRotation {
        token_hash,
        write: WriteId::generate(),
        grace_until: None,
    }
}

/// Makes a create of v2alpha with this body, as a client sends it.
pub fn post(body: impl Into<Bytes>) -> Request {
    Request {
        method: Method::POST,
        path: "/v2alpha/sessions".to_owned(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: body.into(),
        context: RequestContext {
            request_id: "request-1".to_owned(),
            ..RequestContext::default()
        },
    }
}

pub fn header(mut request: Request, name: &'static str, value: &str) -> Request {
    let name = HeaderName::from_static(name);
    request
        .headers
        .append(name, HeaderValue::from_str(value).unwrap());
    request
}

pub fn by_name(name: &LoginName, password: &str) -> Value {
    json!({ "checks": {
        "user": { "loginName": name.as_str() },
        "password": { "password": password },
    } })
}

pub fn by_id(id: &UserId, password: &str) -> Value {
    json!({ "checks": {
        "user": { "userId": id.as_str() },
        "password": { "password": password },
    } })
}

/// Reads an event of `events/` as text.
pub fn event(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("events")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
