//! `openapi.json` as data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use http::Method;
use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::Operation as Rpc;

pub struct Operation {
    pub rpc: Rpc,
    pub version: Version,
    pub method: Method,
    /// The path, with `{session_id}` in place of an id.
    pub path: String,
    parameters: Vec<Value>,
    responses: Value,
    request: Option<Value>,
    pub needs_body: bool,
}

/// The document as it stands, with its references.
pub fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    std::fs::read_to_string(path).unwrap()
}

/// The document with each reference replaced by what it refers to.
pub fn document() -> Value {
    let document: Value = serde_json::from_str(&text()).unwrap();
    inline(&document, &document, &[])
}

/// Replaces references. A schema within itself, as a list of conditions has it, is any object there.
fn inline(document: &Value, node: &Value, around: &[&str]) -> Value {
    match node {
        Value::Object(entries) if entries.contains_key("$ref") => {
            let reference = entries["$ref"].as_str().unwrap();
            assert_eq!(entries.len(), 1, "{reference} has others beside it");
            let target = document.pointer(reference.strip_prefix('#').unwrap());
            let target = target.unwrap_or_else(|| panic!("{reference} refers to nothing"));
            if around.contains(&reference) {
                return json!({ "type": "object", "description": target["description"] });
            }
            inline(document, target, &[around, &[reference]].concat())
        }
        Value::Object(entries) => {
            let entries = entries.iter();
            let inlined =
                entries.map(|(name, node)| (name.clone(), inline(document, node, around)));
            Value::Object(inlined.collect())
        }
        Value::Array(elements) => {
            let inlined = elements.iter().map(|one| inline(document, one, around));
            inlined.collect()
        }
        other => other.clone(),
    }
}

pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let shared = item["parameters"].as_array().into_iter().flatten();
        for (method, operation) in item.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            let own = operation["parameters"].as_array().into_iter().flatten();
            let body = operation.get("requestBody");
            operations.push(Operation {
                rpc: rpc(operation),
                version: version(path),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                parameters: shared.clone().chain(own).cloned().collect(),
                responses: operation["responses"].clone(),
                request: body.map(|body| body["content"]["application/json"].clone()),
                needs_body: body.is_some_and(|body| body["required"] == true),
            });
        }
    }
    assert!(!operations.is_empty());
    operations
}

/// The operations on sessions, which [`super::Mini`] has requests for.
pub fn on_sessions() -> impl Iterator<Item = Operation> {
    let is_on_sessions = |operation: &Operation| operation.path.contains("/sessions");
    operations().into_iter().filter(is_on_sessions)
}

/// Those that take a body.
pub fn with_body() -> impl Iterator<Item = Operation> {
    on_sessions().filter(Operation::takes_body)
}

fn rpc(operation: &Value) -> Rpc {
    // `createSession…` is `CreateSession`.
    let id = operation["operationId"].as_str().unwrap();
    let (first, rest) = id.split_at(1);
    let id = first.to_uppercase() + rest;
    let mut all = Rpc::ALL.iter();
    *all.find(|rpc| id.starts_with(rpc.as_str())).unwrap()
}

fn version(path: &str) -> Version {
    let name = path.split('/').nth(1).unwrap();
    let mut all = Version::ALL.into_iter();
    all.find(|version| version.as_str() == name).unwrap()
}

impl Operation {
    pub fn takes_body(&self) -> bool {
        self.request.is_some()
    }

    pub fn request_schema(&self) -> &Value {
        &self.request.as_ref().unwrap()["schema"]
    }

    pub fn request_examples(&self) -> Vec<&Value> {
        values(&self.request.as_ref().unwrap()["examples"])
    }

    /// The schema of a parameter in that part of the request: `header`, `query` or `path`.
    pub fn parameter(&self, part: &str, name: &str) -> Option<&Value> {
        let mut all = self.parameters.iter();
        let found = all.find(|one| one["in"] == part && one["name"] == name)?;
        assert!(found["description"].is_string(), "{name}");
        Some(&found["schema"])
    }

    /// The part of the request that each parameter is in, and its name.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.parameters.iter();
        all.map(|one| (one["in"].as_str().unwrap(), one["name"].as_str().unwrap()))
    }

    pub fn statuses(&self) -> BTreeSet<u16> {
        let statuses = self.responses.as_object().unwrap().keys();
        statuses.map(|status| status.parse().unwrap()).collect()
    }

    pub fn response_schema(&self, status: u16) -> &Value {
        &self.responses[status.to_string()]["content"]["application/json"]["schema"]
    }

    pub fn response_description(&self, status: u16) -> &str {
        let response = &self.responses[status.to_string()];
        response["description"].as_str().unwrap()
    }

    pub fn response_examples(&self, status: u16) -> Vec<&Value> {
        values(&self.responses[status.to_string()]["content"]["application/json"]["examples"])
    }

    /// The documented headers by their names in lower case.
    pub fn headers(&self, status: u16) -> BTreeMap<String, Header> {
        let headers = self.responses[status.to_string()]["headers"].as_object();
        let header = |(name, header): (&String, &Value)| {
            let always = header["required"] == true;
            let schema = header["schema"].clone();
            (name.to_lowercase(), Header { schema, always })
        };
        headers.unwrap().iter().map(header).collect()
    }
}

pub struct Header {
    pub schema: Value,
    pub always: bool,
}

fn values(examples: &Value) -> Vec<&Value> {
    let examples = examples.as_object().unwrap().values();
    examples.map(|example| &example["value"]).collect()
}

/// A place in a request: the fields that lead to it, and its schema.
pub type Place<'a> = (Vec<&'a str>, &'a Value);

/// Every field that a schema documents by name, at any depth.
pub fn fields(schema: &Value) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    for (path, object) in objects(schema) {
        for (name, field) in object["properties"].as_object().into_iter().flatten() {
            let path = path.iter().copied().chain([name.as_str()]).collect();
            found.push((path, field));
        }
    }
    found
}

/// Every object that has documented fields, the schema itself included. A map's values
/// are found under one of its keys, and a list's under its first index.
pub fn objects(schema: &Value) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    if schema["properties"].is_object() {
        found.push((Vec::new(), schema));
    }
    let named = schema["properties"].as_object().into_iter().flatten();
    let named = named.map(|(name, field)| (name.as_str(), field));
    let nameless = [
        (KEY, &schema["additionalProperties"]),
        ("0", &schema["items"]),
    ];
    let all = named.chain(nameless);
    for (name, inner) in all.filter(|(_, inner)| inner.is_object()) {
        for (path, object) in objects(inner) {
            let path = [name].into_iter().chain(path).collect();
            found.push((path, object));
        }
    }
    found
}

/// The path segment that stands for any key of a map.
pub const KEY: &str = "key";
