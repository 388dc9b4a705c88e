//! Paths and methods, and the document's codes, ids, names and version.

use std::collections::BTreeSet;

use http::header::ALLOW;
use serde_json::{Value, json};
use sesame::api::schema::{ROUTES, Segment, Target};
use sesame::error;

use super::answers::errors_of;
use crate::support::openapi::document::{Operation, document, operations, text};
use crate::support::openapi::{Mini, TOKEN, methods};

/// The methods that the document has for a path, in the order of an `Allow` header.
fn documented(operations: &[Operation], path: &str) -> BTreeSet<String> {
    let methods = |path: &str| -> BTreeSet<String> {
        let of_path = operations.iter().filter(|operation| operation.path == path);
        of_path
            .map(|operation| operation.method.to_string())
            .collect()
    };
    let named = methods(path);
    match path.rsplit_once('/') {
        Some((parent, id)) if named.is_empty() && !id.is_empty() => {
            methods(&format!("{parent}/{{session_id}}"))
        }
        _ => named,
    }
}

/// The methods of a path whose calls are refused with their name, and so are not in the document.
fn unbuilt(path: &str) -> BTreeSet<String> {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Field(name) => format!("/{{{name}}}"),
    };
    let of_path = ROUTES.iter().filter(|route| {
        let is_unbuilt = matches!(route.target, Target::Unbuilt(_));
        is_unbuilt && route.path.iter().map(segment).collect::<String>() == path
    });
    of_path.map(|route| route.method.to_string()).collect()
}

#[tokio::test]
async fn each_documented_route_is_served_and_no_other() {
    let mini = Mini::start().await;
    let operations = operations();
    let mut paths: BTreeSet<String> = operations.iter().map(|one| one.path.clone()).collect();
    // All paths of the service, and some that it doesn't have.
    for version in ["v1", "v2alpha", "v2beta", "v2", "v3"] {
        for path in [
            "sessions",
            "sessions/",
            "sessions/search",
            "sessions/_search",
            "sessions/{session_id}",
            "sessions/{session_id}/",
            "sessions/{session_id}/search",
        ] {
            paths.insert(format!("/{version}/{path}"));
        }
    }
    let body = json!({ "sessionToken": TOKEN }).to_string();

    for path in paths {
        let documented = documented(&operations, &path);
        let unbuilt = unbuilt(&path);
        let allowed = &documented | &unbuilt;
        for method in methods() {
            let answer = mini
                .request(&operations[0], body.clone(), |mut request| {
                    request.method = method.clone();
                    request.path = path.replace("{session_id}", crate::support::openapi::ID);
                    request
                })
                .await;

            let (status, outcome) = (answer.status.as_u16(), answer.outcome());
            match () {
                () if unbuilt.contains(method.as_str()) => {
                    assert_eq!((status, &*outcome), (501, "code 12"), "{method} {path}");
                }
                () if documented.contains(method.as_str()) => {
                    let is_route = !["code 5", "code 12"].contains(&&*outcome);
                    assert!(is_route, "{method} {path}: {outcome}");
                }
                () if allowed.is_empty() => assert_eq!(status, 404, "{method} {path}"),
                () => {
                    assert_eq!(status, 405, "{method} {path}");
                    let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
                    assert_eq!(answer.headers[ALLOW], allowed.join(", "), "{method} {path}");
                }
            }
        }
    }
}

#[test]
fn the_documented_codes_and_ids_are_those_of_the_service() {
    let schemas = &document()["components"]["schemas"];
    let told = |schema: &str, field: &str| -> BTreeSet<String> {
        let field = &schemas[schema]["properties"][field];
        let text = field["description"].as_str().unwrap();
        let (_, list) = text.split_once(": ").unwrap();
        let list = list.trim_end_matches('.').split(", ");
        list.map(|one| one.trim_matches('`').to_owned()).collect()
    };
    let examples = error::examples();
    let rows: Vec<_> = examples.iter().map(|example| example.error.row()).collect();

    let codes = rows.iter().map(|row| row.code.number.to_string());
    assert_eq!(told("Status", "code"), codes.collect());
    let operations = operations();
    let answered = operations.iter().flat_map(errors_of);
    let ids = answered.filter_map(|error| error.row().id);
    assert_eq!(told("ErrorDetail", "id"), ids.map(str::to_owned).collect());
}

/// What generators of clients choke on.
#[test]
fn each_schema_has_one_plain_form() {
    let document: Value = serde_json::from_str(&text()).unwrap();
    let mut open = vec![&document["components"], &document["paths"]];
    while let Some(node) = open.pop() {
        for word in ["anyOf", "oneOf", "allOf", "not", "if", "const", "nullable"] {
            assert!(node.get(word).is_none(), "{node}");
        }
        let of_type = node.get("type").unwrap_or(&Value::Null);
        let is_name = of_type.is_string() || of_type.is_object();
        assert!(is_name && of_type != "null" || of_type.is_null(), "{node}");
        let members = node.get("enum").and_then(Value::as_array).into_iter();
        assert!(members.flatten().all(Value::is_string), "{node}");
        match node {
            Value::Object(of) if of.contains_key("$ref") => assert_eq!(of.len(), 1, "{node}"),
            Value::Object(of) => {
                // Examples are values.
                let nodes = of.iter().filter(|(name, _)| !name.starts_with("example"));
                open.extend(nodes.map(|(_, node)| node));
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }

    let components = document["components"].as_object().unwrap();
    let names = components.values().filter_map(Value::as_object);
    let names: Vec<_> = names.flat_map(|named| named.keys()).collect();
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn the_document_has_this_version_and_no_unused_component() {
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

#[test]
fn each_operation_id_is_unique() {
    let document = document();
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            if let Some(name) = operation["operationId"].as_str() {
                assert!(names.insert(name.to_owned()), "{name} is there twice");
            }
        }
    }
    assert_eq!(names.len(), operations().len());
}
