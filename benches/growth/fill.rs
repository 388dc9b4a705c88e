//! Fills the tables past the service, whose writes one by one would take hours.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dynoxide::{Database, ImportOptions};
use serde_json::{Value, json};
use sesame::app::handle;
use sesame::domain::{Account, UserId, UserRef, generate_uuid};
use sesame::emulator::Emulator;

use super::calls;
use super::meter::Meter;
use super::outcome::Outcome;
use super::service::{self, NOW, SESSIONS, USERS, login_name, user_id};

/// How many users one transaction imports.
const BATCH: usize = 20_000;

/// Makes items as the service writes them, from those of the first user and of a session of that
/// user, which the service itself has written.
pub struct Filler {
    file: PathBuf,
    user: Value,
    pointer: Value,
    session: Value,
    /// How many users there are.
    users: usize,
}

impl Filler {
    /// Creates the tables, the first user and a session.
    pub async fn create(file: &Path) -> Outcome<Self> {
        let emulator: Emulator = service::emulator(file)?;
        let meter = Meter::around(emulator.http_client());
        let store = service::store(meter.http_client());
        store.create_tables().await?;
        meter.take_bodies();
        let user = service::user(0, service::hash().await?)?;
        let account = Account::new(user, NOW);
        store.insert_account(&account, false).await?;
        let writes = meter.take_bodies();
        let items = &writes[0]["TransactItems"];
        let (user, pointer) = (&items[0]["Put"]["Item"], &items[1]["Put"]["Item"]);

        let app = service::app(store)?;
        let response = handle(&app, calls::login(0), NOW).await;
        if !response.status().is_success() {
            return Err(format!("the first login: {}", response.status()).into());
        }
        let writes = meter.take_bodies();
        let sessions = writes.iter().filter(|one| one["TableName"] == SESSIONS);
        let session = sessions.map(|one| &one["Item"]).next();
        Ok(Self {
            file: file.to_owned(),
            user: user.clone(),
            pointer: pointer.clone(),
            session: session.ok_or("a login puts no session")?.clone(),
            users: 1,
        })
    }

    /// Adds users, each with a session, until there are so many.
    ///
    /// Nobody else may have the file open.
    pub fn fill_to(&mut self, users: usize) -> Outcome<()> {
        let path = self.file.to_str().ok_or("the path is not UTF-8")?;
        let database = Database::new(path)?;
        database.enable_bulk_loading()?;
        while self.users < users {
            let numbers = self.users..users.min(self.users + BATCH);
            let mut logins = Vec::new();
            let mut sessions = Vec::new();
            for number in numbers.clone() {
                logins.extend([
                    item(&self.user_item(number))?,
                    item(&self.pointer(number)?)?,
                ]);
                sessions.push(item(&self.session(number))?);
            }
            let options = || ImportOptions {
                record_streams: false,
                set_cached_at: false,
            };
            database.import_items(USERS, logins, options())?;
            database.import_items(SESSIONS, sessions, options())?;
            self.users = numbers.end;
        }
        Ok(())
    }

    fn user_item(&self, number: usize) -> Value {
        let name = login_name(number);
        with(
            &self.user,
            [
                ("pk", json!({ "S": format!("LOGIN#{name}") })),
                ("login_name", json!({ "S": name })),
                ("user_id", json!({ "S": user_id(number) })),
            ],
        )
    }

    fn pointer(&self, number: usize) -> Outcome<Value> {
        let key = UserRef::from(&UserId::parse(user_id(number))?);
        Ok(with(
            &self.pointer,
            [
                ("pk", json!({ "S": format!("USER#{key}") })),
                ("login_name", json!({ "S": login_name(number) })),
                ("user_id", json!({ "S": user_id(number) })),
            ],
        ))
    }

    fn session(&self, number: usize) -> Value {
        // They were created at different times of the last day, as they would be.
        let second = Duration::from_secs(u64::try_from(number % 86_400).unwrap_or_default());
        let created_at = NOW.minus(second).as_millis().to_string();
        with(
            &self.session,
            [
                ("session_id", json!({ "S": generate_uuid().to_string() })),
                ("user_id", json!({ "S": user_id(number) })),
                ("login_name", json!({ "S": login_name(number) })),
                ("created_at", json!({ "N": created_at })),
            ],
        )
    }
}

fn with<const N: usize>(template: &Value, changes: [(&str, Value); N]) -> Value {
    let mut item = template.clone();
    for (name, value) in changes {
        item[name] = value;
    }
    item
}

fn item(json: &Value) -> Outcome<dynoxide::Item> {
    let attributes = json.as_object().ok_or("an item is no object")?;
    let parse = |(name, value): (&String, &Value)| -> Outcome<_> {
        Ok((name.clone(), serde_json::from_value(value.clone())?))
    };
    attributes.iter().map(parse).collect()
}
