//! Each folder of a version beside this file has the items that it wrote, in the JSON of DynamoDB,
//! with what it answered about them. `docs/contributing.md` says when one is added.

mod codes;
mod credentials;
mod dynamodb_json;
mod factors;
mod kept;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sesame::domain::{DisplayName, LoginName, Operation, Permission};

use self::dynamodb_json::{read_item, shape};
use super::{Item, put, string};
use crate::support::app::App;
use crate::support::client::code;

/// The items of a version: by the name of their file, each with what it is, what to ask and what was
/// answered.
type Items = BTreeMap<String, Vec<Value>>;

const SERVER_KEY: &str = "0123456789abcdef0123456789abcdef";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stored")
}

fn read(version: &Path) -> Items {
    let files = fs::read_dir(version).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let items = fs::read_to_string(&path).unwrap();
        (name, serde_json::from_str(&items).unwrap())
    });
    files.collect()
}

/// An item of the users table, and the id and login name of the user whose item it is, if it is one.
pub struct UsersItem {
    pub item: Item,
    pub user: Option<(String, String)>,
}

/// What a version stored of users.
pub fn released_users(version: &str) -> Vec<UsersItem> {
    let items = read(&folder().join(version));
    let items = items["users.json"].iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let read = |kept: &Value| UsersItem {
        item: read_item(&kept["item"]),
        user: text(&kept["ask"]["userId"]).zip(text(&kept["ask"]["loginName"])),
    };
    items.map(read).collect()
}

/// Stores the users of a version and one of its sessions, and returns the session's tokens.
pub async fn put_released(app: &App, version: &str, session: &str) -> Vec<String> {
    let items = read(&folder().join(version));
    for kept in &items["users.json"] {
        put(app, &app.store.tables().users, read_item(&kept["item"])).await;
    }
    let mut sessions = items["sessions.json"].iter();
    let kept = sessions.find(|kept| kept["is"] == session).unwrap();
    put(app, &app.store.tables().sessions, read_item(&kept["item"])).await;
    let tokens = kept["ask"]["tokens"].as_array().unwrap().iter();
    tokens.map(|token| string(token).to_owned()).collect()
}

async fn start() -> App {
    let settings = [
        ("SERVER_KEY", SERVER_KEY),
        ("LINK_BASE_URLS", "https://login.example/"),
    ];
    App::emulated(&[&settings[..], &credentials::SETTINGS].concat()).await
}

/// Asks a service over a database that has these items and no others.
async fn answered(mut items: Items) -> Items {
    let app = start().await;
    for (file, items) in &items {
        let table = match &**file {
            "codes.json" | "sessions.json" => &app.store.tables().sessions,
            _ => &app.store.tables().users,
        };
        for kept in items {
            put(&app, table, read_item(&kept["item"])).await;
        }
    }
    for (file, items) in &mut items {
        for kept in items.iter_mut().filter(|kept| !kept["ask"].is_null()) {
            kept["answers"] = answers(&app, file, &kept["ask"]).await;
        }
    }
    app.logged();
    items
}

/// Asks a service what `ask` says about a stored item.
async fn answers(app: &App, file: &str, ask: &Value) -> Value {
    match file {
        "codes.json" => codes::answers(app, ask).await,
        "credentials.json" => credentials::answers(app, ask).await,
        "factors.json" => factors::answers(app, ask).await,
        "sessions.json" => session_answers(app, ask).await,
        "users.json" => user_answers(app, ask).await,
        "profiles.json" => profile_answers(app, ask).await,
        _ => service_account_answers(app, ask).await,
    }
}

async fn session_answers(app: &App, ask: &Value) -> Value {
    let id = string(&ask["id"]);
    let client = app.service(&Permission::ALL).await;
    let get = client.json(Operation::GetSession, json!({ "sessionId": id }));
    let got = client.send(get).await;
    let mut by_token = Vec::new();
    for token in ask["tokens"].as_array().unwrap() {
        let token = string(token);
        let got = app.client().get(id, Some(token)).await;
        let bearing = app.client().bearing(token);
        let bearer = bearing.create_json(&json!({})).await;
        by_token.push(json!([code(&got), bearer.outcome()]));
    }
    let mut repeated = Value::Null;
    if let Some(set) = ask.get("repeat") {
        let set = app.client().json(Operation::SetSession, set.clone());
        repeated = app.client().send(set).await.outcome().into();
    }
    json!({
        "session": got.result().unwrap_or_else(Value::from),
        "by_token": by_token,
        "repeated": repeated,
    })
}

async fn user_answers(app: &App, ask: &Value) -> Value {
    let name = LoginName::from_stored(string(&ask["loginName"]).to_owned());
    let user = app.store.get_user(&name.folded()).await.unwrap().unwrap();
    let client = app.service(&[Permission::SessionWrite]).await;
    let mut logins = Vec::new();
    for user in [
        json!({ "loginName": ask["loginName"] }),
        json!({ "userId": ask["userId"] }),
    ] {
        let password = json!({ "password": ask["password"] });
        let body = json!({ "checks": { "user": user, "password": password } });
        logins.push(client.create_json(&body).await.outcome());
    }
    json!({
        "login_name": user.login_name.as_str(),
        "user_id": user.user_id.as_str(),
        "display_name": user.display_name.as_ref().map(DisplayName::as_str),
        "state": user.state.as_str(),
        "attempts": [user.attempts.made, u64::from(user.attempts.failures)],
        "logins": logins,
    })
}

async fn profile_answers(app: &App, ask: &Value) -> Value {
    let reader = app.service(&[Permission::UserRead]).await;
    let read = reader.ask(Operation::GetUserByID, ask.clone()).await;
    read.unwrap_or_else(Value::from)
}

async fn service_account_answers(app: &App, ask: &Value) -> Value {
    let accounts = app.store.scan_service_accounts().await.unwrap();
    let of = accounts
        .iter()
        .find(|(hash, _)| hash == string(&ask["hash"]));
    let account = &of.unwrap().1;
    let permissions = account.permissions.iter().map(|one| one.as_str());
    let client = app.client().bearing(string(&ask["token"]));
    json!({
        "name": account.name.as_str(),
        "permissions": permissions.collect::<Vec<_>>(),
        "create": client.create_json(&json!({})).await.outcome(),
    })
}

#[tokio::test]
async fn what_each_released_version_stored_is_read_as_it_was() {
    let versions = fs::read_dir(folder()).unwrap();
    let versions = versions.map(|entry| entry.unwrap().path());
    let is_version = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(|first: char| first.is_ascii_digit())
    };
    let versions: Vec<_> = versions.filter(is_version).collect();
    assert!(!versions.is_empty());
    for version in versions {
        let kept = read(&version);
        let answered = answered(kept.clone()).await;
        for (file, items) in kept {
            for (one, now) in items.iter().zip(&answered[&file]) {
                assert_eq!(now["answers"], one["answers"], "{} {version:?}", one["is"]);
            }
        }
    }
}

/// Otherwise a version would be released whose items nobody keeps.
#[tokio::test]
async fn the_items_of_this_version_are_kept() {
    let kept = read(&folder().join(env!("CARGO_PKG_VERSION")));
    let written = write::items().await;

    let shapes = |items: &Items| -> BTreeMap<_, _> {
        let all = items.iter().flat_map(|(file, items)| {
            let items = items.iter();
            items.map(move |one| (format!("{file} {}", one["is"]), shape(&one["item"])))
        });
        all.collect()
    };
    assert_eq!(shapes(&kept), shapes(&written));
}

#[tokio::test]
#[ignore = "writes the items of this version into its folder"]
async fn write_the_items_of_this_version() {
    let folder = folder().join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&folder).unwrap();
    for (file, items) in write::items().await {
        let text = serde_json::to_string_pretty(&items).unwrap() + "\n";
        fs::write(folder.join(file), text).unwrap();
    }
}
