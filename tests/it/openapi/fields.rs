//! The fields of requests: the names by which they are read, and the values that they may have.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorPool, MessageDescriptor};
use serde_json::{Value, json};
use sesame::api::proto::DESCRIPTORS;
use uuid::Uuid;

use crate::support::openapi::document::{Operation, fields, objects, with_body};
use crate::support::openapi::schema::conforms;
use crate::support::openapi::{ID, Mini, TOKEN, is_understood};

/// A valid request with a value in every message that it takes.
fn full(operation: &Operation) -> Value {
    let mut all = json!({
        "sessionToken": TOKEN,
        "checks": { "user": { "loginName": "nobody" }, "password": { "password": "x" } },
        "metadata": {},
        "query": {},
        "queries": [{}],
    });
    let known = operation.request_schema()["properties"]
        .as_object()
        .unwrap();
    let fields = all.as_object_mut().unwrap();
    fields.retain(|name, _| known.contains_key(name));
    all
}

/// The value in a message at this path.
fn at<'a>(message: &'a mut Value, path: &[&str]) -> &'a mut Value {
    path.iter().fold(message, |message, name| match message {
        Value::Array(list) => &mut list[name.parse::<usize>().unwrap()],
        other => &mut other[*name],
    })
}

/// The valid request with one field added or replaced.
fn with(operation: &Operation, path: &[&str], value: &Value) -> Value {
    let mut body = full(operation);
    *at(&mut body, path) = value.clone();
    body
}

/// A value that no field takes.
fn wrong() -> Value {
    json!([[]])
}

fn snake_case(name: &str) -> String {
    let lower = |letter: char| match letter {
        'A'..='Z' => format!("_{}", letter.to_ascii_lowercase()),
        other => other.to_string(),
    };
    name.chars().map(lower).collect()
}

#[tokio::test]
async fn each_documented_field_is_read_in_both_spellings() {
    let mini = Mini::start().await;

    for operation in with_body() {
        let answer = mini.send(&operation, &full(&operation)).await;
        assert!(is_understood(&answer), "{}", answer.json());

        for (path, schema) in fields(operation.request_schema()) {
            assert!(schema["description"].is_string(), "{path:?}");
            let (name, parents) = path.split_last().unwrap();
            for name in [(*name).to_owned(), snake_case(name)] {
                let mut body = with(&operation, &path, &wrong());
                let message = at(&mut body, parents).as_object_mut().unwrap();
                let (_, value) = message.remove_entry(*path.last().unwrap()).unwrap();
                message.insert(name, value);

                let answer = mini.send(&operation, &body).await;
                assert_eq!(answer.outcome(), "code 3", "{body}: {}", answer.json());
            }
        }
    }
}

/// The names of all fields of all messages, as JSON has them.
fn names() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let messages: Vec<_> = pool.all_messages().collect();
    let fields = messages.iter().flat_map(MessageDescriptor::fields);
    let names: BTreeSet<_> = fields.map(|field| field.json_name().to_owned()).collect();
    assert!(names.contains("webAuthN"));
    names
}

#[tokio::test]
async fn no_field_is_read_that_is_not_documented() {
    let mini = Mini::start().await;
    let names = names();

    for operation in with_body() {
        for (path, object) in objects(operation.request_schema()) {
            // Each member of checks and challenges asks for something, so it is refused if unknown.
            if object["additionalProperties"] == false {
                continue;
            }
            let mut body = full(&operation);
            let message = at(&mut body, &path);
            for (name, field) in object["properties"].as_object().into_iter().flatten() {
                let required = ["code", "domain", "userVerificationRequirement"];
                let is_needed = required.contains(&&**name) && message.get(name).is_none();
                if is_needed {
                    message[name] = match &**name {
                        "userVerificationRequirement" => {
                            "USER_VERIFICATION_REQUIREMENT_REQUIRED".into()
                        }
                        _ => field["examples"][0].clone(),
                    };
                }
            }
            for name in &names {
                if object["properties"].get(name).is_none() {
                    message[name] = wrong();
                }
            }
            let answer = mini.send(&operation, &body).await;
            assert!(is_understood(&answer), "{path:?}: {}", answer.json());
        }
    }
}

/// Whether a field may hold any text, of some length.
fn is_text(schema: &Value) -> bool {
    let has_type = schema.get("type").is_some();
    let takes = |value| conforms(&json!({ "type": schema["type"] }), &value, false);
    let is_shaped = schema.get("pattern").is_some()
        || schema.get("enum").is_some()
        || schema["format"] == "date-time";
    has_type && takes(json!("")) && !is_shaped
}

#[tokio::test]
async fn texts_are_limited_as_documented() {
    let mini = Mini::start().await;

    for operation in with_body() {
        for (path, schema) in fields(operation.request_schema()) {
            // The session's id must be that of the path, and a domain one of the deployment's.
            if !is_text(schema) || path == ["sessionId"] || path.ends_with(&["domain"]) {
                continue;
            }
            let limit = |word: &str| usize::try_from(schema[word].as_u64()?).ok();
            let lengths = match (limit("minLength").unwrap_or(0), limit("maxLength")) {
                (least, Some(most)) => {
                    let mut lengths = vec![(least, true), (most, true), (most + 1, false)];
                    lengths.extend(least.checked_sub(1).map(|less| (less, false)));
                    lengths
                }
                // The total size of a user agent is not in the schema.
                _ => vec![(0, true), (2000, true)],
            };
            for (length, good) in lengths {
                // The limits are in code points, not in bytes or UTF-16 units.
                let body = with(&operation, &path, &"🐭".repeat(length).into());
                let answer = mini.send(&operation, &body).await;
                assert_eq!(is_understood(&answer), good, "{path:?}: {length}");
            }
        }
    }
}

#[tokio::test]
async fn limits_that_only_a_description_states_are_enforced() {
    let mini = Mini::start().await;
    let text = |length| json!("x".repeat(length));
    let value = |length| json!({ "ab": "A".repeat(length) });
    let keys = |count| -> Value {
        let key = |at| (format!("key{at}"), json!("AAAA"));
        Value::Object((0..count).map(key).collect())
    };
    let ids = |count| -> Value {
        let id = |at| Uuid::from_u128(at).to_string();
        (0..count).map(id).collect::<Vec<_>>().into()
    };

    let agent = &["userAgent", "description"][..];
    let queries = &["queries", "0", "idsQuery", "ids"][..];
    let mut tried = BTreeSet::new();
    for operation in with_body() {
        let schema = operation.request_schema();
        for (told_at, words, path, good, bad) in [
            (1, "16 KiB", agent, text(16_384), text(16_385)),
            (
                1,
                "at least a millisecond",
                &["lifetime"],
                json!("0.001s"),
                json!("0.000999999s"),
            ),
            (
                1,
                "2592000",
                &["lifetime"],
                json!("2592000s"),
                json!("2592000.1s"),
            ),
            // Four characters are three bytes; two more are the key.
            (1, "64 KiB", &["metadata"], value(87_376), value(87_380)),
            (1, "64 keys", &["metadata"], keys(64), keys(65)),
            (1, "one of the path", &["sessionId"], json!(ID), text(36)),
            (4, "at most 100 sessions", queries, ids(100), ids(101)),
        ] {
            let found = fields(schema);
            let told = found.iter().find(|(of, _)| *of == path[..told_at]);
            let description = told.and_then(|(_, field)| field["description"].as_str());
            if !description.is_some_and(|text| text.contains(words)) {
                continue;
            }
            tried.insert((words, operation.rpc.as_str()));
            for (value, is_good) in [(good, true), (bad, false)] {
                let mut body = with(&operation, path, &value);
                body.as_object_mut().unwrap().remove("checks");
                let answer = mini.send(&operation, &body).await;
                assert_eq!(
                    is_understood(&answer),
                    is_good,
                    "{words}: {}",
                    answer.json()
                );
            }
        }
    }
    let told = [
        ("16 KiB", "CreateSession"),
        ("at least a millisecond", "CreateSession"),
        ("at least a millisecond", "SetSession"),
        ("2592000", "CreateSession"),
        ("2592000", "SetSession"),
        ("64 KiB", "CreateSession"),
        ("64 KiB", "SetSession"),
        ("64 keys", "CreateSession"),
        ("64 keys", "SetSession"),
        ("one of the path", "SetSession"),
        ("one of the path", "DeleteSession"),
        ("at most 100 sessions", "ListSessions"),
    ];
    assert_eq!(tried, BTreeSet::from(told));
}

#[tokio::test]
async fn a_body_is_needed_where_the_document_says_so() {
    let mini = Mini::start().await;

    for operation in with_body() {
        let answer = mini
            .request(&operation, String::new(), |request| request)
            .await;
        let path = &operation.path;
        assert_eq!(is_understood(&answer), !operation.needs_body, "{path}");
    }
}
