//! What the calls of the User service ask of the database, as `docs/cost.md` says it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::{Request, Version};
use sesame::app::{App, handle};
use sesame::domain::{Operation, Permission, ServiceAccount, ServiceAccountName, Timestamp};
use sesame::emulator::Emulator;
use sesame::store::Store;
use sesame::token::ServiceAccountToken;

use super::meter::{Consumed, Meter};
use super::service::{self, NOW, PASSWORD};
use crate::support::app::header;
use crate::support::client::Wire;

pub const COST: &str = include_str!("../../../docs/cost.md");
pub const NEW_PASSWORD: &str = "another correct horse";
pub const ID: &str = "7";

/// A service whose requests are metered, and the token of a service account that may call it.
pub struct Metered {
    app: Arc<App>,
    meter: Meter,
    token: String,
}

impl Metered {
    async fn start() -> Self {
        Self::over(|store| service::app(store).unwrap()).await
    }

    /// Starts a service that sends messages.
    pub async fn sending() -> Self {
        Self::over(super::codes::app).await
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
            app: app(store),
            meter,
            token,
        };
        // Reads the service account, which is remembered for a minute.
        metered.add("warm").await;
        metered
    }

    /// Makes a call, which must succeed, and tells what it consumed.
    async fn call(&self, bearer: &str, rpc: Operation, body: Value) -> (Consumed, Value) {
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

    async fn add(&self, id: &str) -> Consumed {
        let body = human(id, true);
        let added = self.call(&self.token, Operation::AddHumanUser, body);
        added.await.0
    }

    /// The token of a session of the user, with as many bytes of metadata.
    async fn session(&self, bytes: usize) -> String {
        let checks = json!({ "user": { "userId": ID }, "password": { "password": PASSWORD } });
        // Three bytes are four characters.
        let metadata = json!({ "note": "A".repeat(bytes / 3 * 4) });
        let body = json!({ "checks": checks, "metadata": metadata });
        let created = self.call(&self.token, Operation::CreateSession, body).await;
        created.1["sessionToken"].as_str().unwrap().to_owned()
    }
}

/// A user with a name, an address and, if wanted, a number of his own.
fn human(id: &str, has_phone: bool) -> Value {
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

/// Each call of a service account: what it does, the call before it that makes it possible, and its
/// request.
fn calls() -> Vec<(&'static str, Option<Operation>, Operation, Value)> {
    use Operation::{
        DeactivateUser, DeleteUser, GetUserByID, HumanMFAInitSkipped,
        ListAuthenticationMethodTypes, ListIDPLinks, LockUser, ReactivateUser, RemovePhone,
        SetEmail, SetPassword, SetPhone, UnlockUser, UpdateHumanUser, UpdateUser,
    };

    let nick = json!({ "profile": { "nickName": "Minnie" } });
    let names = json!({ "profile": { "givenName": "Minnie", "familyName": "Mouse" } });
    let email = json!({ "email": "minnie@mouse.com", "isVerified": true });
    let phone = json!({ "phone": "+41790000000", "isVerified": true });
    let password = json!({ "newPassword": { "password": NEW_PASSWORD } });
    let mut current = password.clone();
    current["currentPassword"] = json!(PASSWORD);
    let none = json!({});
    vec![
        ("GetUserByID", None, GetUserByID, none.clone()),
        (
            "ListAuthenticationMethodTypes",
            None,
            ListAuthenticationMethodTypes,
            none.clone(),
        ),
        ("ListIDPLinks", None, ListIDPLinks, none.clone()),
        (
            "UpdateUser of a name",
            None,
            UpdateUser,
            json!({ "human": nick }),
        ),
        (
            "UpdateUser of the user name",
            None,
            UpdateUser,
            json!({ "username": "minnie" }),
        ),
        (
            "UpdateHumanUser of both names",
            None,
            UpdateHumanUser,
            names,
        ),
        ("SetEmail to another address", None, SetEmail, email),
        ("SetPhone to another number", None, SetPhone, phone),
        ("RemovePhone", None, RemovePhone, none.clone()),
        (
            "HumanMFAInitSkipped",
            None,
            HumanMFAInitSkipped,
            none.clone(),
        ),
        ("SetPassword", None, SetPassword, password),
        (
            "SetPassword with the current one",
            None,
            SetPassword,
            current,
        ),
        ("LockUser", None, LockUser, none.clone()),
        ("UnlockUser", Some(LockUser), UnlockUser, none.clone()),
        ("DeactivateUser", None, DeactivateUser, none.clone()),
        (
            "ReactivateUser",
            Some(DeactivateUser),
            ReactivateUser,
            none.clone(),
        ),
        ("DeleteUser", None, DeleteUser, none),
    ]
}

/// The rows of `docs/cost.md`, in their order.
#[tokio::test]
async fn each_call_on_users_costs_what_the_page_says() {
    let nothing = Consumed::default();
    let mut rows = Vec::new();
    let service = Metered::start().await;
    let mut new = human(ID, false);
    new.as_object_mut().unwrap().remove("username");
    let added = service
        .call(&service.token, Operation::AddHumanUser, new)
        .await
        .0;
    rows.push(row("CreateUser, AddHumanUser", &added, &nothing));
    let added = service.add("70").await;
    let name = "the same with a user name and a phone number";
    rows.push(row(name, &added, &nothing));
    for (name, before, rpc, mut body) in calls() {
        let service = Metered::start().await;
        service.add(ID).await;
        body["userId"] = json!(ID);
        if let Some(before) = before {
            let body = json!({ "userId": ID });
            service.call(&service.token, before, body).await;
        }
        let consumed = service.call(&service.token, rpc, body).await.0;
        rows.push(row(name, &consumed, &nothing));
    }
    // The session's item has some 400 bytes beside the metadata.
    for (name, bytes) in [
        ("SetPassword by the user, in a session of up to 1 KB", 30),
        ("the same in a session of up to 4 KB", 3000),
    ] {
        let service = Metered::start().await;
        service.add(ID).await;
        let own = service.session(bytes).await;
        let get = json!({ "userId": ID });
        let by_user = service
            .call(&own, Operation::GetUserByID, get.clone())
            .await
            .0;
        let by_service = service
            .call(&service.token, Operation::GetUserByID, get)
            .await
            .0;
        let beside = Consumed {
            steps: by_user.steps - by_service.steps,
            read_units: by_user.read_units - by_service.read_units,
            ..Consumed::default()
        };
        let body = json!({ "userId": ID, "newPassword": { "password": NEW_PASSWORD } });
        let consumed = service.call(&own, Operation::SetPassword, body).await.0;
        rows.push(row(name, &consumed, &beside));
    }

    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}
