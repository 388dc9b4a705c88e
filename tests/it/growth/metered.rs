//! A service whose calls tell what they consumed.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::{Request, Version};
use sesame::app::{App, Settings, handle};
use sesame::aws::KeySource;
use sesame::domain::{Operation, Permission, ServiceAccount, ServiceAccountName, Timestamp};
use sesame::emulator::Emulator;
use sesame::log::Log;
use sesame::password::Params;
use sesame::store::Store;
use sesame::token::{ServerKeys, ServiceAccountToken};

use super::meter::{Consumed, Meter};
use super::service::{self, NOW, PASSWORD, SESSIONS, USERS};
use crate::support::app::header;
use crate::support::client::Wire;
use crate::support::providers::Providers;

pub const COST: &str = include_str!("../../../docs/cost.md");
pub const NEW_PASSWORD: &str = "another correct horse";
pub const ID: &str = "7";
/// Where authenticators are used.
pub const ORIGIN: &str = "https://login.example";
const KEY: &str = "a server key of at least 32 characters";

/// A service whose requests are metered, and the token of a service account that may call it.
pub struct Metered {
    app: Arc<App>,
    meter: Meter,
    /// The tables, whose requests are metered too.
    pub store: Store,
    pub token: String,
}

impl Metered {
    pub async fn start() -> Self {
        Self::over(|store| service::app(store).unwrap()).await
    }

    /// Starts a service that sends messages.
    pub async fn sending() -> Self {
        Self::over(sending_app).await
    }

    async fn over(app: impl FnOnce(Store) -> Arc<App>) -> Self {
        let meter = Meter::around(Emulator::in_memory().unwrap().http_client());
        let store = service::store(meter.http_client());
        store.create_tables().await.unwrap();
        let token = ServiceAccountToken::generate().unwrap();
        let account = ServiceAccount {
            name: ServiceAccountName::parse("users".to_owned()).unwrap(),
            permissions: Permission::ALL.into_iter().collect(),
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_hours(24)),
        };
        let insert = store.insert_service_account(token.hash(), &account);
        insert.await.unwrap();
        let token = token.as_str().to_owned();
        let metered = Self {
            app: app(store.clone()),
            meter,
            store,
            token,
        };
        // Reads the service account, which is remembered for a minute.
        metered.add("warm").await;
        metered
    }

    /// Makes a call, which must succeed, and tells what it consumed.
    pub async fn call(&self, bearer: &str, rpc: Operation, body: Value) -> (Consumed, Value) {
        let (consumed, (status, body)) = self.ask(bearer, NOW, rpc, body).await;
        assert_eq!(status, 200, "{rpc:?}: {body}");
        (consumed, body)
    }

    /// The same of the service account, at a time.
    pub async fn call_at(&self, now: Timestamp, rpc: Operation, body: Value) -> (Consumed, Value) {
        let (consumed, (status, body)) = self.try_at(now, rpc, body).await;
        assert_eq!(status, 200, "{rpc:?}: {body}");
        (consumed, body)
    }

    /// The same for a call that may be refused; tells the status too.
    pub async fn try_at(
        &self,
        now: Timestamp,
        rpc: Operation,
        body: Value,
    ) -> (Consumed, (u16, Value)) {
        self.ask(&self.token, now, rpc, body).await
    }

    async fn ask(
        &self,
        bearer: &str,
        now: Timestamp,
        rpc: Operation,
        body: Value,
    ) -> (Consumed, (u16, Value)) {
        let request: Request = Wire::Json.encode_json(Version::V2, rpc, body);
        let request = header(request, "authorization", &format!("Bearer {bearer}"));
        self.meter.take();
        let response = handle(&self.app, request, now).await;
        let (consumed, _) = self.meter.take();
        let status = response.status().as_u16();
        let body = response.into_body().data;
        (consumed, (status, serde_json::from_slice(&body).unwrap()))
    }

    pub async fn add(&self, id: &str) -> Consumed {
        let body = human(id, true);
        let added = self.call(&self.token, Operation::AddHumanUser, body);
        added.await.0
    }

    /// The token of a session of the user, with as many bytes of metadata.
    pub async fn session(&self, bytes: usize) -> String {
        let checks = json!({ "user": { "userId": ID }, "password": { "password": PASSWORD } });
        // Three bytes are four characters.
        let metadata = json!({ "note": "A".repeat(bytes / 3 * 4) });
        let body = json!({ "checks": checks, "metadata": metadata });
        let created = self.call(&self.token, Operation::CreateSession, body).await;
        created.1["sessionToken"].as_str().unwrap().to_owned()
    }
}

/// A user with a name, an address and, if wanted, a number of his own.
pub fn human(id: &str, has_phone: bool) -> Value {
    let mut human = json!({
        "userId": id,
        "username": format!("user-{id}"),
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": format!("{id}@mouse.com"), "isVerified": true },
        "password": { "password": PASSWORD },
    });
    if has_phone {
        human["phone"] = json!({ "phone": format!("+4179{:07}", id.len()), "isVerified": true });
    }
    human
}

/// The cells of a row: requests one after another, read units and write units, those of indexes
/// too. `beside` is what finding out who calls consumed.
pub fn row(name: &str, consumed: &Consumed, beside: &Consumed) -> String {
    let steps = consumed.steps - beside.steps;
    let reads = consumed.read_units - beside.read_units;
    let writes = consumed.write_units + consumed.index_write_units;
    format!("| {name} | {steps} | {reads} | {writes} |")
}

/// A service that sends messages, to nobody, and has passkeys.
fn sending_app(store: Store) -> Arc<App> {
    let mut settings = Settings::read(|name| {
        let value = match name {
            "USERS_TABLE" => USERS,
            "SESSIONS_TABLE" => SESSIONS,
            "RESOURCE_OWNER" => "owner",
            "ACCESS" => "public",
            "SERVER_KEY" => KEY,
            "LINK_BASE_URLS" => "https://login.example/",
            "RP_IDS" => "login.example",
            "RP_ORIGINS" => ORIGIN,
            "MAIL_FROM" => "login@acme.example",
            "SMS_ORIGINATION" => "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1",
            _ => return None,
        };
        Some(value.to_owned())
    })
    .unwrap();
    settings.hash_params = Params::new(7168, 1, 1).unwrap();
    let messenger = Providers::new().messenger(&settings.policy.messages);
    let key = KeySource::Keys(Arc::new(ServerKeys::parse(KEY).unwrap()));
    let (log, _) = Log::memory(None);
    let one = NonZeroUsize::MIN;
    Arc::new(App::new(store, &settings, key, messenger, one, log))
}
