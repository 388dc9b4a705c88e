use serde_json::{Map, Value};

/// Adds fields to a query; those of a message with dots between the names.
pub fn add_query(around: &str, fields: &Map<String, Value>, query: &mut Vec<(String, String)>) {
    for (name, value) in fields {
        let name = format!("{around}{name}");
        match value {
            Value::Object(inner) => add_query(&format!("{name}."), inner, query),
            Value::String(text) => query.push((name, text.clone())),
            Value::Bool(_) | Value::Number(_) => query.push((name, value.to_string())),
            Value::Null | Value::Array(_) => panic!("{name} can't stand in a query"),
        }
    }
}
