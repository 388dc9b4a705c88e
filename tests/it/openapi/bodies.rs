//! The service accepts a body exactly if the schema does. The lengths of texts are in `fields`.
//!
//! `.ci/api` draws bodies from the schema, too. Only here are the near misses of each format
//! tried: of base64, durations, dates and numbers at their limits, and of each two members of a
//! choice.

use serde_json::{Map, Value, json};

use crate::support::app::App;
use crate::support::openapi::document::with_body;
use crate::support::openapi::schema::{canonical, conforms, keeps_words};
use crate::support::openapi::{Mini, TOKEN, is_understood};

#[tokio::test]
async fn the_service_refuses_what_the_schema_refuses() {
    let mini = Mini::with_app(App::emulated(&[]).await).await;

    for operation in with_body() {
        let schema = operation.request_schema();
        for body in bodies(schema) {
            let answer = mini.send(&operation, &body).await;
            let spelt = canonical(schema, &body);
            let has_session = operation.path.contains("{session_id}");
            let valid = conforms(schema, &spelt, false) && keeps_words(schema, &spelt, has_session);
            assert_eq!(valid, is_understood(&answer), "{} {body}", operation.path);
        }
    }
}

fn bodies(schema: &Value) -> Vec<Value> {
    let has = |field: &str| schema["properties"].get(field).is_some();
    let mut bodies = vec![json!({}), json!(null), json!([]), json!("")];
    if has("checks") {
        bodies.extend(checks().map(|checks| json!({ "checks": checks })));
        bodies.extend(later());
    }
    if has("metadata") {
        bodies.extend(entries(&schema["properties"]["metadata"]));
    }
    if has("queries") {
        bodies.extend(lists());
    }
    if has("sessionToken") {
        // A Set before v2 needs one, whatever else is in it.
        for body in bodies.iter_mut().filter_map(Value::as_object_mut) {
            body.insert("sessionToken".to_owned(), json!(TOKEN));
        }
        bodies.push(json!({}));
        for value in [json!(null), json!(""), json!("x"), json!(1), json!({})] {
            bodies.push(json!({ "sessionToken": value }));
        }
        for value in [json!(null), json!(1), json!({})] {
            bodies.push(json!({ "sessionToken": TOKEN, "sessionId": value }));
        }
    }
    bodies
}

/// Bodies with fields that v2alpha doesn't know or the service doesn't support.
fn later() -> Vec<Value> {
    let mut bodies = vec![
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
    ];
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
    let users = list(json!([
        null, [], {},
        { "userId": null },
        { "userId": null, "loginName": "nobody" },
        { "userId": "1" },
        { "userId": "1", "loginName": null },
        { "userId": "1", "loginName": 1 },
    ]));
    let passwords = list(json!([
        null, "x", {},
        { "password": null },
        { "password": "x" },
    ]));
    let mut checks = Vec::new();
    for user in users {
        checks.push(json!({ "user": user }));
        for password in &passwords {
            checks.push(json!({ "user": user, "password": password }));
        }
    }
    checks.extend(
        passwords
            .into_iter()
            .map(|password| json!({ "password": password })),
    );
    checks.into_iter()
}

/// Metadata with values of all kinds, and on both sides of each limit of the schema.
fn entries(schema: &Value) -> Vec<Value> {
    let limit = |pointer: &str| {
        let limit = schema.pointer(pointer)?.as_u64().unwrap();
        usize::try_from(limit).ok()
    };
    let metadata = |keys: usize, key: usize, value: usize| -> Value {
        let name = |n: usize| format!("{n}{}", "🐭".repeat(key - n.to_string().len()));
        let entry = |n: usize| (name(n), json!("A".repeat(value)));
        json!({ "metadata": (0..keys).map(entry).collect::<Map<_, _>>() })
    };
    let least = limit("/propertyNames/minLength").unwrap();
    let most = limit("/propertyNames/maxLength").unwrap();
    let value = limit("/additionalProperties/maxLength").unwrap();
    let mut bodies = vec![
        metadata(1, least, 2),
        json!({ "metadata": { "": "AA" } }),
        metadata(1, most, 2),
        metadata(1, most + 1, 2),
        metadata(1, 1, value),
        // No base64 is one character longer than whole groups.
        metadata(1, 1, value + 2),
        json!({ "metadata": null }),
        json!({ "metadata": [] }),
        json!({ "metadata": { "key": null } }),
        json!({ "metadata": { "key": 1 } }),
    ];
    // In a Set, the keys that are left count, which no schema can say.
    if let Some(keys) = limit("/maxProperties") {
        bodies.push(metadata(keys, 2, 2));
        bodies.push(metadata(keys + 1, 2, 2));
    }
    assert_eq!(least, 1);
    // All metadata is read alike, so one operation gets all values.
    let longest = if limit("/maxProperties").is_some() {
        3
    } else {
        2
    };
    bodies.extend(texts(longest).map(|text| json!({ "metadata": { "key": text } })));
    bodies
}

/// All texts of up to `longest` characters that base64 may be made of, and some longer ones.
fn texts(longest: u32) -> impl Iterator<Item = String> {
    const ALPHABET: [char; 4] = ['A', '+', '_', '='];
    let short = (0..=longest).flat_map(|length| {
        (0..4usize.pow(length)).map(move |number| {
            let digit = |at| ALPHABET[number / 4usize.pow(at) % 4];
            (0..length).map(digit).collect()
        })
    });
    let longer = [
        "AA=",
        "AA==",
        "AAA=",
        "A===",
        "A+_A",
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

/// The values of a list in JSON.
fn list(values: Value) -> Vec<Value> {
    serde_json::from_value(values).unwrap()
}

fn lists() -> Vec<Value> {
    let numbers = list(json!([
        null,
        0,
        1000,
        1001,
        4_294_967_295_u64,
        4_294_967_296_u64,
        u64::MAX,
        1e20,
        -1,
        1.5,
        "7",
        "",
        "-1",
        "+1",
        "1.0",
        " 1",
        true,
        {},
    ]));
    let flags = list(json!([null, true, false, "true", 1]));
    let mut queries = vec![json!(null), json!([]), json!({}), json!("x")];
    for number in numbers {
        queries.push(json!({ "offset": number }));
        queries.push(json!({ "limit": number }));
    }
    queries.extend(flags.into_iter().map(|flag| json!({ "asc": flag })));

    let columns = list(json!([
        null,
        "SESSION_FIELD_NAME_UNSPECIFIED",
        "SESSION_FIELD_NAME_CREATION_DATE",
        "session_field_name_creation_date",
        0,
        1,
        2,
        -1,
        "1",
        true,
    ]));
    let lists = [json!(null), json!({}), json!([]), json!([null]), json!([1])];
    let mut bodies: Vec<_> = queries
        .into_iter()
        .map(|query| json!({ "query": query }))
        .collect();
    bodies.extend(
        columns
            .into_iter()
            .map(|column| json!({ "sortingColumn": column })),
    );
    bodies.extend(lists.map(|list| json!({ "queries": list })));
    bodies.extend(filters().map(|filter| json!({ "queries": [filter] })));
    bodies.push(json!({ "queries": [{ "idsQuery": {} }, { "userIdQuery": {} }] }));
    bodies
}

const FILTERS: [(&str, &str); 6] = [
    ("idsQuery", "ids"),
    ("userIdQuery", "id"),
    ("creationDateQuery", "creationDate"),
    ("creatorQuery", "id"),
    ("userAgentQuery", "fingerprintId"),
    ("expirationDateQuery", "expirationDate"),
];

/// Each filter with values of all kinds, and any two at once.
fn filters() -> impl Iterator<Item = Value> {
    let values = list(json!([
        null,
        "x",
        "",
        1,
        {},
        [],
        ["x"],
        [1],
        [null],
        "2023-05-11T09:14:05Z",
        "2023-05-11T09:14:05.123456789+02:00",
        "2023-05-11",
        "2023-05-11T09:14:05",
    ]));
    let methods = list(json!([
        null,
        0,
        4,
        5,
        -1,
        "TIMESTAMP_QUERY_METHOD_EQUALS",
        "TIMESTAMP_QUERY_METHOD_GREATER",
        "TIMESTAMP_QUERY_METHOD_GREATER_OR_EQUALS",
        "TIMESTAMP_QUERY_METHOD_LESS",
        "TIMESTAMP_QUERY_METHOD_LESS_OR_EQUALS",
        "LESS",
    ]));
    let mut filters = vec![json!({})];
    for (at, (filter, field)) in FILTERS.into_iter().enumerate() {
        for value in [json!(null), json!([]), json!("x"), json!({})] {
            filters.push(json!({ filter: value }));
        }
        filters.extend(
            values
                .iter()
                .map(|value| json!({ filter: { field: value } })),
        );
        let methods = methods.iter().filter(|_| filter.ends_with("DateQuery"));
        filters.extend(methods.map(|method| json!({ filter: { "method": method } })));
        for (other, _) in &FILTERS[at + 1..] {
            filters.push(json!({ filter: {}, *other: {} }));
            filters.push(json!({ filter: {}, *other: null }));
        }
    }
    filters.into_iter()
}
