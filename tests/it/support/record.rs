//! What tests sent and used, for checks that look at a whole run.
//!
//! Files under `target/stack`: the policy of the stack is held against the requests
//! that the function's handler really made, and CI looks for each token and hash in all
//! that the tests have printed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sesame::store::Tables;

use crate::support::answer::Answer;
use crate::support::app::PASSWORD;
use crate::support::faults::Request;

/// Every token and hash of this run so far.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

pub fn secret(text: Option<&str>) {
    let Some(text) = text else { return };
    if SECRETS.lock().unwrap().insert(text.to_owned()) {
        let path = folder().join("secrets.txt");
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        // One write, so that lines of other processes don't mix with it.
        file.write_all(format!("{text}\n").as_bytes()).unwrap();
    }
}

/// Notes the token that an answer has, if it is one to a call that gives some; an answer has
/// no other secret.
pub fn answer(answer: &Answer, gives_token: bool) {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    if let Some(token) = json["sessionToken"].as_str() {
        assert!(gives_token, "a token in {body}");
        secret(Some(token));
    }
    if !gives_token {
        assert_clean(&body);
    } else if body.contains(PASSWORD) || body.contains("$argon2") {
        panic!("a secret shows in: {body}");
    }
}

/// Looks for secrets in what a process has printed.
pub fn output(lines: &[String]) {
    for line in lines {
        assert_clean(line);
    }
}

fn assert_clean(text: &str) {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let leaked = secrets.iter().map(String::as_str).chain([PASSWORD]);
    for secret in leaked {
        assert!(!text.contains(secret), "a secret shows in: {text}");
    }
}

/// A folder for files about the whole run.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("stack");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Adds the different requests to those of the tests before, in this process or others.
/// Each function has a file.
pub fn requests(file: &str, requests: &[Request], tables: &Tables) {
    let lock = File::create(folder().join("lock")).unwrap();
    lock.lock().unwrap();
    let path = folder().join(file);
    let before = fs::read(&path).unwrap_or_else(|_| b"[]".to_vec());
    let before: Vec<Value> = serde_json::from_slice(&before).unwrap();
    // Those that an older version of these tests has left have no keys.
    let before = before.iter().filter(|request| request["keys"].is_array());
    let mut all: BTreeSet<String> = before.map(Value::to_string).collect();
    for part in requests.iter().flat_map(|request| &request.parts) {
        let table = if part.table == tables.users {
            "users"
        } else {
            "sessions"
        };
        let action = format!("dynamodb:{}", part.action);
        let request = json!({
            "action": action, "table": table, "index": part.index, "keys": part.keys,
        });
        all.insert(request.to_string());
    }
    let all: Vec<Value> = all
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    fs::write(path, serde_json::to_vec_pretty(&all).unwrap()).unwrap();
}
