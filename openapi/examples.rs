//! Examples of requests and replies: those of `examples.json`, or one that is made from the fields.

use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};

use crate::Result;
use crate::proto::{Proto, Route};
use crate::schema::{example, fields, is_plain};

pub struct Examples<'a> {
    proto: &'a Proto,
    /// By rpc, `requests` or `replies`, and name.
    written: Value,
}

impl<'a> Examples<'a> {
    pub fn read(proto: &'a Proto) -> Result<Self> {
        let written = serde_json::from_str(include_str!("examples.json"))?;
        Ok(Self { proto, written })
    }

    /// The examples of a call by their names. They are written for v2: an older version has those
    /// requests of which it knows all fields, and all replies without the fields that it lacks.
    pub fn of(
        &self,
        method: &MethodDescriptor,
        route: &Route,
        is_reply: bool,
    ) -> Vec<(String, Value)> {
        let message = if is_reply {
            method.output()
        } else {
            method.input()
        };
        let part = if is_reply { "replies" } else { "requests" };
        let Some(written) = self.written[method.name()][part].as_object() else {
            let value = self.sample(&message, route, is_reply);
            return vec![("all".to_owned(), json!({ "value": value }))];
        };
        let mut examples = Vec::new();
        for (name, written) in written {
            let value = known(&message, &written["value"]);
            if is_reply || value == written["value"] {
                let example = json!({ "summary": written["summary"], "value": value });
                examples.push((name.clone(), example));
            }
        }
        examples
    }

    /// A message with all of its fields, but for those in the path, and one member of each oneof.
    fn sample(&self, message: &MessageDescriptor, route: &Route, is_reply: bool) -> Value {
        let mut sample = Map::new();
        let mut oneofs = Vec::new();
        for field in fields(self.proto, message, is_reply) {
            let oneof = field
                .containing_oneof()
                .filter(|oneof| !oneof.is_synthetic());
            let is_first = oneof.is_none_or(|oneof| {
                let is_first = !oneofs.contains(&oneof);
                oneofs.push(oneof);
                is_first
            });
            if !is_first || !is_reply && route.path.contains(&format!("{{{}}}", field.name())) {
                continue;
            }
            let value = match field.kind() {
                Kind::Message(inner) if is_plain(&inner) => self.sample(&inner, route, is_reply),
                _ => example(&field, &self.proto.limits(&field)),
            };
            let value = if field.is_list() && !value.is_array() {
                json!([value])
            } else {
                value
            };
            sample.insert(field.json_name().to_owned(), value);
        }
        sample.into()
    }
}

/// A value without the fields that a message lacks.
fn known(message: &MessageDescriptor, value: &Value) -> Value {
    match value {
        Value::Object(of) => {
            let of_field = |(name, value): (&String, &Value)| {
                let field = message.get_field_by_json_name(name)?;
                let value = match field.kind() {
                    Kind::Message(inner) if !field.is_map() && is_plain(&inner) => {
                        known(&inner, value)
                    }
                    _ => value.clone(),
                };
                Some((name.clone(), value))
            };
            Value::Object(of.iter().filter_map(of_field).collect())
        }
        Value::Array(list) => list.iter().map(|one| known(message, one)).collect(),
        other => other.clone(),
    }
}
