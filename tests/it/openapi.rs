//! `openapi.json` says what the service does: routes, fields, limits, answers. What it
//! says is tried on the service, and what the service has is looked for in it.

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use prost_reflect::{DescriptorPool, MessageDescriptor};
use serde_json::{Map, Value, json};
use sesame::api::proto::DESCRIPTORS;
use sesame::api::{Protocol, Request, Version, row};
use sesame::domain::{
    Attempts, DisplayName, HashString, Login, LoginName, Password, UserId, UserState,
};
use sesame::error::Error;
use sesame::password::PasswordPool;
use sesame::token::draw_epoch;

use self::document::{Header, Operation, conforms, document, fields, objects, operations, text};
use crate::app::{Answer, App, NOW, PASSWORD, post};
use crate::errors;

/// What creating a session never answers: nobody else can write it first, and v2alpha has
/// no check that isn't built.
fn is_unheard_of(error: &Error, operation: &Operation) -> bool {
    match error {
        Error::Conflict => true,
        Error::Unimplemented(_) => operation.path == "/v2alpha/sessions",
        _ => false,
    }
}

async fn send(app: &App, operation: &Operation, body: &Value) -> Answer {
    let mut request = post(body.to_string());
    request.method = operation.method.clone();
    request.path.clone_from(&operation.path);
    app.send(request, NOW).await
}

/// Whether the service found nothing wrong with the message as such: its users may be
/// unknown, and its passwords wrong.
fn is_understood(answer: &Answer) -> bool {
    !["code 3", "code 12", "COMMAND-Sfw3f"].contains(&&*answer.outcome())
}

#[tokio::test]
async fn the_routes_are_those_of_the_service() {
    let app = App::start().await;
    let documented: BTreeSet<(String, Method)> = operations()
        .into_iter()
        .map(|operation| (operation.path, operation.method))
        .collect();
    let mut paths: BTreeSet<String> = documented.iter().map(|(path, _)| path.clone()).collect();
    // All that the API will have, and a little more.
    for version in ["v1", "v2alpha", "v2beta", "v2", "v3"] {
        for path in [
            "sessions",
            "sessions/search",
            "sessions/_search",
            "sessions/1",
        ] {
            paths.insert(format!("/{version}/{path}"));
        }
    }

    let methods = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
    ];
    for path in &paths {
        let allowed: Vec<_> = documented
            .iter()
            .filter(|(of, _)| of == path)
            .map(|(_, method)| method.as_str())
            .collect();
        for method in methods {
            let mut request = post("{}");
            request.method = method.parse().unwrap();
            request.path.clone_from(path);
            let answer = app.send(request, NOW).await;

            let status = answer.status.as_u16();
            match () {
                () if allowed.contains(&method) => assert_eq!(status, 200, "{method} {path}"),
                () if allowed.is_empty() => assert_eq!(status, 404, "{method} {path}"),
                () => {
                    assert_eq!(status, 405, "{method} {path}");
                    assert_eq!(answer.headers[ALLOW], allowed.join(", "), "{method} {path}");
                }
            }
        }
    }
}

/// A request that is right, and has a value in every message that there is.
fn full() -> Value {
    json!({
        "checks": { "user": { "loginName": "nobody" }, "password": { "password": "x" } },
        "metadata": {},
    })
}

/// The same with one field more, or another value for it.
fn with(path: &[&str], value: &Value) -> Value {
    let mut body = full();
    let (last, parents) = path.split_last().unwrap();
    let mut message = &mut body;
    for parent in parents {
        message = &mut message[*parent];
    }
    message[*last] = value.clone();
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
    let app = App::start().await;

    for operation in operations() {
        let answer = send(&app, &operation, &full()).await;
        assert!(is_understood(&answer), "{}", answer.json());

        for (path, schema) in fields(operation.request_schema()) {
            assert!(schema["description"].is_string(), "{path:?}");
            let (name, parents) = path.split_last().unwrap();
            let mut other = parents.to_vec();
            let snake = snake_case(name);
            other.push(&snake);
            for path in [&path, &other] {
                let answer = send(&app, &operation, &with(path, &wrong())).await;
                assert_eq!(answer.outcome(), "code 3", "{path:?}: {}", answer.json());
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
    let app = App::start().await;
    let names = names();

    for operation in operations() {
        for (path, object) in objects(operation.request_schema()) {
            let mut body = full();
            let message = path
                .iter()
                .fold(&mut body, |message, name| &mut message[*name]);
            for name in &names {
                if object["properties"].get(name).is_none() {
                    message[name] = wrong();
                }
            }
            let answer = send(&app, &operation, &body).await;
            assert!(is_understood(&answer), "{path:?}: {}", answer.json());
        }
    }
}

#[tokio::test]
async fn texts_are_limited_as_documented() {
    let app = App::start().await;

    for operation in operations() {
        for (path, schema) in fields(operation.request_schema()) {
            let is_text = conforms(&json!({ "type": schema["type"] }), &json!(""), false);
            if !is_text || schema.get("pattern").is_some() {
                continue;
            }
            let limit = |word: &str| usize::try_from(schema[word].as_u64()?).ok();
            let lengths = match (limit("minLength"), limit("maxLength")) {
                (Some(least), Some(most)) => vec![
                    (least, true),
                    (least - 1, false),
                    (most, true),
                    (most + 1, false),
                ],
                // But for what a user agent may have together.
                _ => vec![(0, true), (2000, true)],
            };
            for (length, good) in lengths {
                // Neither bytes nor UTF-16 are counted.
                let body = with(&path, &"🐭".repeat(length).into());
                let answer = send(&app, &operation, &body).await;
                assert_eq!(is_understood(&answer), good, "{path:?}: {length}");
            }
        }
    }
}

#[tokio::test]
async fn what_only_descriptions_tell_is_so() {
    let app = App::start().await;
    let description = |length| json!({ "userAgent": { "description": "x".repeat(length) } });
    let lifetime = |text: &str| json!({ "lifetime": text });
    let value = |length| json!({ "metadata": { "ab": "A".repeat(length) } });

    for operation in operations() {
        let schema = operation.request_schema();
        for (field, words, good, bad) in [
            (
                "userAgent",
                "16 KiB",
                description(16_384),
                description(16_385),
            ),
            (
                "lifetime",
                "More than nothing",
                lifetime("0.000000001s"),
                lifetime("0s"),
            ),
            (
                "lifetime",
                "30 days",
                lifetime("2592000s"),
                lifetime("2592000.1s"),
            ),
            // Four characters are three bytes; two more are the key.
            ("metadata", "64 KiB", value(87_376), value(87_380)),
        ] {
            let Some(field) = schema["properties"].get(field) else {
                continue;
            };
            assert!(
                field["description"].as_str().unwrap().contains(words),
                "{words}"
            );
            assert!(
                is_understood(&send(&app, &operation, &good).await),
                "{words}"
            );
            assert!(
                !is_understood(&send(&app, &operation, &bad).await),
                "{words}"
            );
        }
    }
}

/// Bodies around all that a schema says of a request but the lengths of its texts.
fn bodies(schema: &Value) -> Vec<Value> {
    let mut bodies = vec![json!({}), json!(null), json!([]), json!("")];
    bodies.extend(checks().map(|checks| json!({ "checks": checks })));
    bodies.extend(entries(schema));
    for later in [
        json!({ "lifetime": 60 }),
        json!({ "userAgent": null }),
        json!({ "userAgent": [] }),
        json!({ "userAgent": {} }),
        json!({ "userAgent": { "ip": 1 } }),
        json!({ "userAgent": { "ip": null } }),
        json!({ "userAgent": { "header": [] } }),
        json!({ "userAgent": { "header": null } }),
        json!({ "userAgent": { "header": { "name": null } } }),
        json!({ "userAgent": { "header": { "name": {} } } }),
        json!({ "userAgent": { "header": { "name": { "values": null } } } }),
        json!({ "userAgent": { "header": { "name": { "values": "x" } } } }),
        json!({ "userAgent": { "header": { "name": { "values": [1] } } } }),
        json!({ "userAgent": { "header": { "name": { "values": [null] } } } }),
        json!({ "userAgent": { "header": { "name": { "values": ["x", ""] } } } }),
        json!({ "challenges": null }),
        json!({ "challenges": [] }),
        json!({ "challenges": {} }),
        json!({ "challenges": { "totp": {} } }),
    ] {
        bodies.push(later);
    }
    for name in ["webAuthN", "idpIntent", "totp", "otpSms", "otpEmail"] {
        bodies.push(json!({ "checks": { name: {} } }));
        bodies.push(json!({ "checks": { name: null } }));
        bodies.push(json!({ "challenges": { name: {} } }));
        bodies.push(json!({ "challenges": { name: null } }));
    }
    let lifetimes = [
        "60s",
        "0.5s",
        "007s",
        "1.000000001s",
        "1.0000000001s",
        "1.s",
        ".5s",
        "60",
        "1m",
        "s",
        "",
        "-1s",
        "+1s",
        " 1s",
        "1e1s",
    ];
    bodies.extend(lifetimes.map(|text| json!({ "lifetime": text })));
    bodies
}

fn checks() -> impl Iterator<Item = Value> {
    let users = [
        json!(null),
        json!([]),
        json!({}),
        json!({ "userId": null }),
        json!({ "userId": null, "loginName": "nobody" }),
        json!({ "userId": "1" }),
        json!({ "userId": "1", "loginName": null }),
        json!({ "userId": "1", "loginName": 1 }),
    ];
    let passwords = [
        json!(null),
        json!("x"),
        json!({}),
        json!({ "password": null }),
        json!({ "password": "x" }),
    ];
    let mut checks = Vec::new();
    for user in users {
        checks.push(json!({ "user": user }));
        for password in &passwords {
            checks.push(json!({ "user": user, "password": password }));
        }
    }
    checks.extend(passwords.map(|password| json!({ "password": password })));
    checks.into_iter()
}

/// Metadata with values of all kinds, and on both sides of each limit of the schema.
fn entries(schema: &Value) -> Vec<Value> {
    let limit = |pointer: &str| {
        let limit = schema["properties"]["metadata"].pointer(pointer);
        usize::try_from(limit.unwrap().as_u64().unwrap()).unwrap()
    };
    let metadata = |keys: usize, key: usize, value: usize| -> Value {
        let name = |n: usize| format!("{n}{}", "🐭".repeat(key - n.to_string().len()));
        let entry = |n: usize| (name(n), json!("A".repeat(value)));
        json!({ "metadata": (0..keys).map(entry).collect::<Map<_, _>>() })
    };
    let keys = limit("/maxProperties");
    let least = limit("/propertyNames/minLength");
    let most = limit("/propertyNames/maxLength");
    let value = limit("/additionalProperties/maxLength");
    let mut bodies = vec![
        metadata(keys, 2, 2),
        metadata(keys + 1, 2, 2),
        metadata(1, least, 2),
        json!({ "metadata": { "": "AA" } }),
        metadata(1, most, 2),
        metadata(1, most + 1, 2),
        metadata(1, 1, value),
        // No base64 is one character longer than whole groups.
        metadata(1, 1, value + 2),
        json!({ "metadata": { "key": null } }),
        json!({ "metadata": { "key": 1 } }),
    ];
    assert_eq!(least, 1);
    bodies.extend(texts().map(|text| json!({ "metadata": { "key": text } })));
    bodies
}

/// All texts of up to four characters that base64 may be made of, and some longer ones.
fn texts() -> impl Iterator<Item = String> {
    const ALPHABET: [char; 4] = ['A', '+', '_', '='];
    let short = (0..=4u32).flat_map(|length| {
        (0..4usize.pow(length)).map(move |number| {
            let digit = |at| ALPHABET[number / 4usize.pow(at) % 4];
            (0..length).map(digit).collect()
        })
    });
    let longer = [
        "AAAAA",
        "AAAAAA",
        "AAAAAA=",
        "AAAAAA==",
        "AAAAAA===",
        "AAAAAAA",
        "AAAAAAA=",
        "AAAAAAA==",
        "AAAAAAAA=",
        "AAAA+AA_",
        "AA AA",
        "AAA\n",
        "ÄAAA",
    ];
    short.chain(longer.map(str::to_owned))
}

#[tokio::test]
async fn the_service_refuses_what_the_schema_refuses() {
    let app = App::emulated(&[]).await;

    for operation in operations() {
        let schema = operation.request_schema();
        for body in bodies(schema) {
            let answer = send(&app, &operation, &body).await;
            let (valid, understood) = (conforms(schema, &body, false), is_understood(&answer));
            assert_eq!(valid, understood, "{} {body}", operation.path);
        }
    }
}

#[tokio::test]
async fn a_body_is_needed_where_the_document_says_so() {
    let app = App::start().await;

    for operation in operations() {
        let mut request = post("");
        request.path.clone_from(&operation.path);
        let answer = app.send(request, NOW).await;
        assert_eq!(is_understood(&answer), !operation.needs_body);
    }
}

#[test]
fn the_readmes_call_is_an_example() {
    let readme = include_str!("../../README.md");
    let call = readme.lines().find(|line| line.starts_with("curl -L"));
    let body = call.unwrap().split("--data-raw '").nth(1).unwrap();
    let body: Value = serde_json::from_str(body.trim_end_matches('\'')).unwrap();

    for operation in operations() {
        assert!(
            operation.request_examples().contains(&&body),
            "{}",
            operation.path
        );
    }
}

/// The user of the published example, who is there already where tests share a database.
async fn add_mini(app: &App) {
    let pool = PasswordPool::new(app.hash_params(), NonZeroUsize::MIN, 0);
    let hash = pool.hash(Password::new(PASSWORD.to_owned())).await.unwrap();
    let login = Login {
        login_name: LoginName::parse("mini@mouse.com".to_owned()).unwrap(),
        user_id: UserId::parse("d654e6ba-70a3-48ef-a95d-37c8d8a7901a".to_owned()).unwrap(),
        display_name: DisplayName::parse("Mini Mouse".to_owned()).unwrap(),
        state: UserState::Active,
        password_hash: Some(HashString::new(hash.as_str().to_owned())),
        attempts: Attempts::default(),
        epoch: draw_epoch(),
    };
    app.store.insert_user(&login).await.unwrap();
}

/// What is wrong with an answer's headers, by what is documented of them.
fn check_headers(documented: &BTreeMap<String, Header>, headers: &HeaderMap) {
    for (name, value) in headers {
        if name == CONTENT_TYPE {
            assert_eq!(value, "application/json");
            continue;
        }
        let text = value.to_str().unwrap();
        let value = text
            .parse::<u64>()
            .map_or_else(|_| json!(text), Value::from);
        let header = documented.get(name.as_str());
        let header = header.unwrap_or_else(|| panic!("{name} is not documented"));
        assert!(conforms(&header.schema, &value, true), "{name}: {text}");
    }
    for (name, header) in documented {
        assert!(!header.always || headers.contains_key(name), "no {name}");
    }
}

#[tokio::test]
async fn examples_are_accepted_and_answered_as_documented() {
    for created in [200, 201] {
        let app = App::with(&[("CREATED_STATUS", &created.to_string())]).await;
        add_mini(&app).await;

        for operation in operations() {
            let schema = operation.response_schema(created);
            for example in operation.request_examples() {
                assert!(
                    conforms(operation.request_schema(), example, true),
                    "{example}"
                );

                let answer = send(&app, &operation, example).await;

                assert_eq!(answer.status.as_u16(), created, "{example}");
                assert!(conforms(schema, &answer.json(), true), "{example}");
                check_headers(&operation.headers(created), &answer.headers);
            }
            let shown = operation.response_examples(created);
            assert!(shown.iter().all(|example| conforms(schema, example, true)));
            for (path, field) in fields(schema) {
                assert!(field["description"].is_string(), "{path:?}");
                let pointer = format!("/{}", path.join("/"));
                let has = |example: &&Value| example.pointer(&pointer).is_some();
                assert!(shown.iter().any(has), "no example has {pointer}");
            }
        }
    }
}

/// An error's answer on the JSON routes.
async fn answer_of(app: &App, error: Error) -> (StatusCode, HeaderMap, Value) {
    let nowhere = Request {
        path: "/".to_owned(),
        ..post("")
    };
    let common = app.send(nowhere, NOW).await.headers;
    let (mut parts, body) = Protocol::Json
        .encode(&Err(error), Version::V2, StatusCode::OK)
        .into_parts();
    parts.headers.extend(common);
    let body = serde_json::from_slice(&body.data).unwrap();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn each_error_is_documented_as_it_is_answered() {
    let app = App::start().await;

    for operation in operations() {
        let mut examples = Vec::new();
        let mut codes = BTreeSet::new();
        let mut headers = BTreeSet::new();
        let errors = errors::all().into_iter();
        for error in errors.filter(|error| !is_unheard_of(error, &operation)) {
            let (status, sent, body) = answer_of(&app, error).await;
            let status = status.as_u16();

            let found = operation.response_examples(status);
            assert!(found.contains(&&body), "no example is {body}");
            assert!(
                conforms(operation.response_schema(status), &body, true),
                "{body}"
            );
            check_headers(&operation.headers(status), &sent);
            examples.push(body.to_string());
            codes.insert((status, body["code"].as_u64().unwrap()));
            let names = sent.keys().filter(|name| **name != CONTENT_TYPE);
            headers.extend(names.map(|name| (status, name.to_string())));
        }

        let created = BTreeSet::from([200, 201]);
        let failures: BTreeSet<u16> = codes.iter().map(|(status, _)| *status).collect();
        assert_eq!(operation.statuses(), &created | &failures);
        for status in failures {
            for example in operation.response_examples(status) {
                assert!(examples.contains(&example.to_string()), "{example} is none");
            }
            for name in operation.headers(status).into_keys() {
                assert!(
                    headers.contains(&(status, name.clone())),
                    "{status}: no {name}"
                );
            }
            for code in 0..=20 {
                let body = json!({ "code": code, "message": "x" });
                let documented = conforms(operation.response_schema(status), &body, true);
                assert_eq!(
                    documented,
                    codes.contains(&(status, code)),
                    "{status} {code}"
                );
            }
        }
    }
}

#[test]
fn codes_and_ids_are_those_of_the_service() {
    let schemas = &document()["components"]["schemas"];
    let listed = |schema: &str, field: &str| -> BTreeSet<String> {
        let list = schemas[schema]["properties"][field]["enum"].as_array();
        list.unwrap().iter().map(ToString::to_string).collect()
    };
    let errors = errors::all().into_iter();
    let rows = errors.filter(|error| !matches!(error, Error::Conflict));
    let rows: Vec<_> = rows.map(|error| row(&error)).collect();

    let codes = rows.iter().map(|row| row.code.to_string());
    assert_eq!(listed("Status", "code"), codes.collect());
    let ids = rows.iter().filter_map(|row| row.id);
    let ids = ids.map(|id| format!("{id:?}"));
    assert_eq!(listed("ErrorDetail", "id"), ids.collect());
}

#[test]
fn the_document_is_of_this_version_and_has_nothing_unused() {
    let text = text();
    let document: Value = serde_json::from_str(&text).unwrap();

    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (kind, components) in document["components"].as_object().unwrap() {
        let schemes = kind == "securitySchemes";
        for name in components.as_object().unwrap().keys().filter(|_| !schemes) {
            let reference = format!("\"#/components/{kind}/{name}\"");
            assert!(text.contains(&reference), "{reference}");
        }
    }
}
