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
        "enum" => list(rule).contains(value),
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
        | "minProperties"
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
        "minProperties" => object.len() >= count(rule),
        "maxProperties" => object.len() <= count(rule),
        "propertyNames" => fields.all(|(name, _)| conforms(rule, &json!(name), closed)),
        "required" => list(rule).iter().all(has),
        "properties" => fields.all(|(name, value)| match rule.get(name) {
            Some(schema) => conforms(schema, value, closed),
            None => !closed,
        }),
        "additionalProperties" => fields
            .filter(|(name, _)| schema["properties"].get(name).is_none())
            .all(|(_, value)| match rule {
                Value::Bool(are_allowed) => *are_allowed,
                rule => conforms(rule, value, closed),
            }),
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
    match rule.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("the schema says {other}, which no test understands"),
    }
}

/// A value of a request as the schema spells it. The document says in words that `null` is as if the
/// field were absent, and how else numbers and members of enums may be sent.
pub fn canonical(schema: &Value, value: &Value) -> Value {
    let is_message = schema["properties"].is_object();
    let inner = |name: &str| match schema["properties"].get(name) {
        Some(field) => field,
        None => &schema["additionalProperties"],
    };
    let number = |text: &str| {
        let whole = text.trim_end_matches('0').strip_suffix('.');
        whole.unwrap_or(text).parse::<u64>().ok()
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            let present = fields.filter(|(_, value)| !is_message || !value.is_null());
            let of_field =
                |(name, value): (&String, &Value)| (name.clone(), canonical(inner(name), value));
            Value::Object(present.map(of_field).collect())
        }
        Value::Array(list) => {
            let items = list.iter().map(|one| canonical(&schema["items"], one));
            items.collect()
        }
        Value::String(text) if schema["type"] == "integer" && starts_with_digit(text) => {
            number(text).map_or_else(|| value.clone(), Value::from)
        }
        Value::String(text) if schema["format"] == "uint64" && starts_with_digit(text) => {
            number(text).map_or_else(|| value.clone(), |number| json!(number.to_string()))
        }
        Value::Number(number) if schema["format"] == "uint64" => {
            let whole = number.as_u64();
            whole.map_or_else(|| value.clone(), |whole| json!(whole.to_string()))
        }
        Value::Number(number) if schema["enum"].is_array() => {
            let place = number
                .as_u64()
                .and_then(|place| usize::try_from(place).ok());
            let member = place.and_then(|place| schema["enum"].get(place));
            member.unwrap_or(value).clone()
        }
        other => other.clone(),
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a canonical value keeps the conditions that the schema says in words alone. `has_session`:
/// the request is about a session, whose user it may have.
pub fn keeps_words(schema: &Value, value: &Value, has_session: bool) -> bool {
    let told = schema["description"].as_str().unwrap_or_default();
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object().into_iter().flatten();
            let known: Vec<_> = known
                .filter(|(name, _)| fields.contains_key(*name))
                .collect();
            let needs_user = told.contains("A password needs a user") && !has_session;
            let keep =
                |(name, field): &(&String, &Value)| keeps_words(field, &fields[*name], has_session);
            (!told.contains("one of these fields, not several") || known.len() <= 1)
                && (!told.contains("by id or by login name") || !known.is_empty())
                && (!needs_user || !fields.contains_key("password") || fields.contains_key("user"))
                && known.iter().all(keep)
        }
        Value::Array(list) => {
            let items = &schema["items"];
            list.iter().all(|one| keeps_words(items, one, has_session))
        }
        Value::String(text) if schema["format"] == "uint64" => text.parse::<u64>().is_ok(),
        _ => true,
    }
}
