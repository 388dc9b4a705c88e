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

/// The kinds of requests that the file says a function sends.
pub fn kinds_of(function: &str) -> BTreeSet<String> {
    let kinds = facts(&["requests", function]);
    let kinds = kinds.as_array().unwrap().iter();
    kinds.map(Value::to_string).collect()
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

/// Fails if a function sent a request of a kind that the file doesn't have.
#[track_caller]
pub fn assert_known(function: &str, requests: &[Request], tables: &Tables) {
    let known = kinds_of(function);
    for kind in kinds(requests, tables) {
        assert!(known.contains(&kind), "{function} sends {kind}");
    }
}
