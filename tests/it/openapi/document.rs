//! `openapi.json` as data, and as much of JSON Schema as it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use http::Method;
use regex_lite::Regex;
use serde_json::{Map, Value, json};

pub struct Operation {
    pub method: Method,
    pub path: String,
    responses: Value,
    request: Value,
    pub needs_body: bool,
}

/// The document as it stands, with its references.
pub fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    std::fs::read_to_string(path).unwrap()
}

/// The document with everything in the place where it is referred to.
pub fn document() -> Value {
    let document: Value = serde_json::from_str(&text()).unwrap();
    inline(&document, &document)
}

fn inline(document: &Value, node: &Value) -> Value {
    match node {
        Value::Object(entries) => {
            let mut whole = Map::new();
            if let Some(Value::String(reference)) = entries.get("$ref") {
                let target = document.pointer(reference.strip_prefix('#').unwrap());
                let target = target.unwrap_or_else(|| panic!("{reference} refers to nothing"));
                let target = inline(document, target);
                whole.extend(target.as_object().unwrap().clone());
            }
            for (name, value) in entries.iter().filter(|(name, _)| *name != "$ref") {
                // What stands beside a reference is a further condition.
                let value = inline(document, value);
                match whole.get_mut(name) {
                    Some(Value::Object(of_target)) => {
                        for (name, value) in value.as_object().unwrap() {
                            let place = of_target.entry(name).or_insert(Value::Null);
                            merge(place, value);
                        }
                    }
                    _ => _ = whole.insert(name.clone(), value),
                }
            }
            Value::Object(whole)
        }
        Value::Array(elements) => elements.iter().map(|one| inline(document, one)).collect(),
        other => other.clone(),
    }
}

fn merge(place: &mut Value, value: &Value) {
    match (place, value) {
        (Value::Object(place), Value::Object(value)) => place.extend(value.clone()),
        (place, value) => *place = value.clone(),
    }
}

pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                responses: operation["responses"].clone(),
                request: operation["requestBody"]["content"]["application/json"].clone(),
                needs_body: operation["requestBody"]["required"] == true,
            });
        }
    }
    assert!(!operations.is_empty());
    operations
}

impl Operation {
    pub fn request_schema(&self) -> &Value {
        &self.request["schema"]
    }

    pub fn request_examples(&self) -> Vec<&Value> {
        values(&self.request["examples"])
    }

    pub fn statuses(&self) -> BTreeSet<u16> {
        let statuses = self.responses.as_object().unwrap().keys();
        statuses.map(|status| status.parse().unwrap()).collect()
    }

    pub fn response_schema(&self, status: u16) -> &Value {
        &self.responses[status.to_string()]["content"]["application/json"]["schema"]
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
/// are found under one of its keys.
pub fn objects(schema: &Value) -> Vec<Place<'_>> {
    let mut found = vec![(Vec::new(), schema)];
    let named = schema["properties"].as_object().into_iter().flatten();
    let named = named.map(|(name, field)| (name.as_str(), field));
    for (name, field) in named.chain([("key", &schema["additionalProperties"])]) {
        if field["properties"].is_object() || field["additionalProperties"].is_object() {
            for (path, object) in objects(field) {
                let path = [name].into_iter().chain(path).collect();
                found.push((path, object));
            }
        }
    }
    found.retain(|(_, object)| object["properties"].is_object());
    found
}

/// Whether a value is what a schema says. A `closed` one may have no field beside those
/// that are documented.
pub fn conforms(schema: &Value, value: &Value, closed: bool) -> bool {
    let rules = schema.as_object().unwrap().iter();
    let mut rules = rules.map(|(word, rule)| (word.as_str(), rule));
    match value {
        Value::String(text) => rules.all(|rule| fits_text(rule, text) && fits(rule, value)),
        Value::Array(of) => rules.all(|rule| fits_list(rule, of, closed) && fits(rule, value)),
        Value::Object(of) => {
            rules.all(|rule| fits_object(rule, of, schema, closed) && fits(rule, value))
        }
        _ => rules.all(|rule| fits(rule, value)),
    }
}

fn fits((word, rule): (&str, &Value), value: &Value) -> bool {
    match word {
        "type" => is_of_type(rule, value),
        "const" => rule == value,
        "enum" => list(rule).contains(value),
        // Each names what it is about, and not all that there may be.
        "anyOf" => list(rule).iter().any(|one| conforms(one, value, false)),
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= rule.as_f64().unwrap()),
        // About texts, lists and objects, or for people alone.
        "minLength"
        | "maxLength"
        | "pattern"
        | "minItems"
        | "maxItems"
        | "items"
        | "maxProperties"
        | "propertyNames"
        | "required"
        | "properties"
        | "additionalProperties"
        | "format"
        | "contentEncoding"
        | "description"
        | "examples" => true,
        _ => panic!("the schema says {word}, which no test understands"),
    }
}

fn fits_text((word, rule): (&str, &Value), text: &str) -> bool {
    match word {
        "minLength" => text.chars().count() >= count(rule),
        "maxLength" => text.chars().count() <= count(rule),
        "pattern" => Regex::new(rule.as_str().unwrap()).unwrap().is_match(text),
        _ => true,
    }
}

fn fits_list((word, rule): (&str, &Value), elements: &[Value], closed: bool) -> bool {
    match word {
        "minItems" => elements.len() >= count(rule),
        "maxItems" => elements.len() <= count(rule),
        "items" => elements.iter().all(|one| conforms(rule, one, closed)),
        _ => true,
    }
}

fn fits_object(
    (word, rule): (&str, &Value),
    object: &Map<String, Value>,
    schema: &Value,
    closed: bool,
) -> bool {
    let has = |name: &Value| object.contains_key(name.as_str().unwrap());
    let mut fields = object.iter();
    match word {
        "maxProperties" => object.len() <= count(rule),
        "propertyNames" => fields.all(|(name, _)| conforms(rule, &json!(name), closed)),
        "required" => list(rule).iter().all(has),
        "properties" => fields.all(|(name, value)| match rule.get(name) {
            Some(schema) => conforms(schema, value, closed),
            None => !closed,
        }),
        "additionalProperties" => fields
            .filter(|(name, _)| schema["properties"].get(name).is_none())
            .all(|(_, value)| conforms(rule, value, closed)),
        _ => true,
    }
}

fn list(rule: &Value) -> &[Value] {
    rule.as_array().unwrap()
}

fn count(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the schema says {other}, which no test understands"),
    };
    match rule {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}
