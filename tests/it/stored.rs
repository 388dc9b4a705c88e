//! Items that another release has stored: a newer one beside this one, while a deployment rolls, and
//! each one before.

mod newer;
mod newer_codes;
mod newer_factors;
mod older;
mod released;
mod rules;

pub use self::released::{put_released, released_users};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use sesame::domain::{LoginName, UserId, UserRef};

use crate::support::app::App;

pub type Item = std::collections::HashMap<String, AttributeValue>;

/// Where an item is: its table and its key.
#[derive(Clone)]
struct Place {
    table: String,
    key: (&'static str, AttributeValue),
}

impl Place {
    fn session(app: &App, id: &str) -> Self {
        Self {
            table: app.store.tables().sessions.clone(),
            key: ("session_id", text(id)),
        }
    }

    fn in_users(app: &App, pk: &str) -> Self {
        Self {
            table: app.store.tables().users.clone(),
            key: ("pk", text(pk)),
        }
    }

    fn user(app: &App, name: &LoginName) -> Self {
        Self::in_users(app, &format!("LOGIN#{}", name.folded().as_str()))
    }

    fn pointer(app: &App, id: &UserId) -> Self {
        Self::in_users(app, &format!("USER#{}", UserRef::from(id)))
    }

    async fn read(&self, app: &App) -> Item {
        let (name, key) = self.key.clone();
        let get = app.dynamodb().get_item().table_name(&self.table);
        let got = get.key(name, key).consistent_read(true).send().await;
        got.unwrap().item.unwrap()
    }

    /// Changes the stored item as another release might.
    async fn change(&self, app: &App, change: impl FnOnce(&mut Item)) {
        let mut item = self.read(app).await;
        change(&mut item);
        put(app, &self.table, item).await;
    }
}

pub async fn put(app: &App, table: &str, item: Item) {
    let put = app.dynamodb().put_item().table_name(table);
    put.set_item(Some(item)).send().await.unwrap();
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A text of an answer in JSON.
fn string(value: &Value) -> &str {
    value.as_str().unwrap()
}
