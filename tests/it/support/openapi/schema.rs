//! The part of JSON Schema that `openapi.json` uses.

use regex_lite::Regex;
use serde_json::{Map, Value, json};

/// Whether a value conforms to a schema. If it is `closed`, it may have no field that the schema
/// doesn't document.
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
        // Each alternative names some fields; other fields are allowed beside them.
        "anyOf" => list(rule).iter().any(|one| conforms(one, value, false)),
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= rule.as_f64().unwrap()),
        // These are about texts, lists and objects, or for readers only.
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
        "format" if rule == "date-time" => {
            let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$";
            Regex::new(pattern).unwrap().is_match(text)
        }
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
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema says {other}, which no test understands"),
    };
    match rule {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}
