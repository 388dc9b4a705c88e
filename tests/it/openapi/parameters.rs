//! Parameters in the path, in the query and in headers.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue};
use serde_json::json;
use sesame::api::schema::{Kind, PROCEDURES, Procedure, ROUTES, Route};
use sesame::domain::Operation as Rpc;

use crate::support::app::App;
use crate::support::openapi::document::{Operation, on_sessions, operations};
use crate::support::openapi::schema::conforms;
use crate::support::openapi::{ID, Mini, TOKEN, is_understood};

/// A body that is valid for any operation.
fn body() -> String {
    json!({ "sessionToken": TOKEN }).to_string()
}

const HEADERS: [(&str, &str); 2] = [
    ("Idempotency-Key", "idempotency-key"),
    ("If-Match", "if-match"),
];

#[tokio::test]
async fn headers_are_read_exactly_as_documented() {
    let key = "c2Vzc2FtZSBzZXNhbWUgc2VzYW1lIHNlc2FtZSBzZXNhbWU=";
    let mini = Mini::with_app(App::with(&[("SERVER_KEY", key)]).await).await;
    let long = "k".repeat(256);
    let values = [
        "k",
        "a b",
        "\"~\"",
        "k\tk",
        &long,
        &long[1..],
        "",
        "*",
        "4",
        "\"4\"",
        "\"0\"",
        "\"04\"",
        "\"\"",
        "\"4",
        "W/\"4\"",
        "\"1234567890123456789\"",
        "\"4\", \"5\"",
        "\"4\",\t\"5\" ,\"6\"",
        "\"4\",",
        "\"4\", *",
    ];

    for operation in on_sessions() {
        for (documented, name) in HEADERS {
            for value in values {
                let answer = mini
                    .request(&operation, body(), |mut request| {
                        let name = HeaderName::from_static(name);
                        let value = HeaderValue::from_str(value).unwrap();
                        request.headers.insert(name, value);
                        request
                    })
                    .await;
                let schema = operation.parameter("header", documented);
                let good = schema.is_none_or(|schema| conforms(schema, &json!(value), false));
                assert_eq!(
                    is_understood(&answer),
                    good,
                    "{} {name}: {value}: {}",
                    operation.path,
                    answer.json()
                );
            }
        }
    }
}

#[tokio::test]
async fn a_sessions_id_is_any_text_within_the_limits() {
    let mini = Mini::start().await;

    for operation in on_sessions() {
        let Some(schema) = operation.parameter("path", "session_id") else {
            assert!(!operation.path.contains('{'), "{}", operation.path);
            continue;
        };
        let least = schema["minLength"].as_u64().unwrap();
        assert_eq!(least, 1, "without an id, it is another path");
        for length in [1, 200, 201] {
            let id = "🐭".repeat(length);
            let encoded = "%F0%9F%90%AD".repeat(length);
            let answer = mini
                .request(&operation, body(), |mut request| {
                    request.path = request.path.replace(ID, &encoded);
                    request
                })
                .await;
            let good = conforms(schema, &json!(id), false);
            assert_eq!(is_understood(&answer), good, "{length}: {}", answer.json());
        }
    }
}

#[tokio::test]
async fn the_query_is_read_where_it_is_documented() {
    let mini = Mini::start().await;

    for operation in on_sessions() {
        let is_read = operation.parameter("query", "sessionToken").is_some();
        for (query, outcome) in [
            (&[("sessionToken", TOKEN)][..], "ok"),
            (&[("session_token", TOKEN)], "ok"),
            (&[("sessionToken", "")], "ok"),
            (&[("sessionToken", "wrong")], "QUERY-dsfr3"),
            (&[("session_token", "wrong")], "QUERY-dsfr3"),
            (
                &[("sessionToken", TOKEN), ("session_token", TOKEN)],
                "code 3",
            ),
        ] {
            let answer = mini
                .request(&operation, body(), |mut request| {
                    let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
                    request.query = query.iter().map(pair).collect();
                    request
                })
                .await;
            let want = if is_read { outcome } else { "ok" };
            assert_eq!(answer.outcome(), want, "{} {query:?}", operation.path);
        }
    }
}

/// The fields of a request that stand in the path and, if there is no body, in the query.
fn fields_beside_the_body(operation: &Operation) -> impl Iterator<Item = (String, String)> {
    let is_of_call =
        |one: &&Procedure| one.operation == operation.rpc && one.version == operation.version;
    let procedure = PROCEDURES.iter().find(is_of_call).unwrap();
    let mut fields = Vec::new();
    for field in procedure.request.fields {
        if operation.path.contains(&format!("{{{}}}", field.name)) {
            fields.push(("path".to_owned(), field.name.to_owned()));
        } else if !operation.takes_body() {
            let inner = match field.kind {
                Kind::Message(inner) => inner.fields,
                _ => &[],
            };
            let inner = inner
                .iter()
                .map(|one| format!("{}.{}", field.json, one.json));
            let mut names: Vec<_> = inner.collect();
            if names.is_empty() {
                names.push(field.json.to_owned());
            }
            fields.extend(names.into_iter().map(|name| ("query".to_owned(), name)));
        }
    }
    fields.into_iter()
}

/// The tests above cover all parameters.
#[test]
fn no_other_parameter_is_documented() {
    let of = |operation: &Operation| -> BTreeSet<(String, String)> {
        let all = operation.parameters();
        all.map(|(part, name)| (part.to_owned(), name.to_owned()))
            .collect()
    };
    for operation in operations() {
        let header = match operation.rpc {
            Rpc::CreateSession => Some("Idempotency-Key"),
            Rpc::SetSession => Some("If-Match"),
            _ => None,
        };
        let mut want: BTreeSet<_> = fields_beside_the_body(&operation).collect();
        want.extend(header.map(|name| ("header".to_owned(), name.to_owned())));
        assert_eq!(of(&operation), want, "{}", operation.path);
        let is_of_operation = |route: &&Route| {
            let of = |procedure: &Procedure| {
                procedure.operation == operation.rpc && procedure.version == operation.version
            };
            route.procedure().is_some_and(of) && route.method == operation.method
        };
        let route = ROUTES.iter().find(is_of_operation).unwrap();
        assert_eq!(route.has_body, operation.takes_body(), "{}", operation.path);
    }
}
