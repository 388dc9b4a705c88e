//! What `tests/stack` holds the template against, in `tests/stack/facts.json`.
//!
//! The file says which requests each function sends and what pages of other origins may do. Tests here hold it against the code.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sesame::store::Tables;

use super::faults::Request;

const FACTS: &str = include_str!("../../stack/facts.json");

/// One part of the file, by its name and by the name of a function, if it has one for each.
pub fn facts(names: &[&str]) -> Value {
    let facts: Value = serde_json::from_str(FACTS).unwrap();
    names.iter().fold(facts, |facts, name| facts[name].clone())
}

/// The kinds of requests that the file says these send: a function, or the calls of the User service
/// beside those of the function.
pub fn kinds_of(senders: &[&str]) -> BTreeSet<String> {
    let kinds = senders.iter().map(|sender| facts(&["requests", sender]));
    let kinds: Vec<Value> = kinds.collect();
    let kinds = kinds.iter().flat_map(|kinds| kinds.as_array().unwrap());
    kinds.map(Value::to_string).collect()
}

/// What sends the requests of the API's function.
pub fn senders(has_user_service: bool) -> &'static [&'static str] {
    if has_user_service {
        &["Function", "UserService"]
    } else {
        &["Function"]
    }
}

/// The kinds of requests that these are, as the file has them.
pub fn kinds(requests: &[Request], tables: &Tables) -> BTreeSet<String> {
    let parts = requests.iter().flat_map(|request| &request.parts);
    let kinds = parts.map(|part| {
        let table = if part.table == tables.users {
            "users"
        } else {
            "sessions"
        };
        json!({
            "action": format!("dynamodb:{}", part.action),
            "table": table,
            "index": part.index,
            "keys": part.keys,
        })
    });
    kinds.map(|kind| kind.to_string()).collect()
}

/// Fails if one of these sent a request of a kind that the file doesn't have.
#[track_caller]
pub fn assert_known(senders: &[&str], requests: &[Request], tables: &Tables) {
    let known = kinds_of(senders);
    let sent = kinds(requests, tables);
    let unknown: Vec<_> = sent.difference(&known).collect();
    assert!(unknown.is_empty(), "{senders:?} sends {unknown:?}");
}
