//! Schemas: one for each message and enum of each version.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::proto::{Limits, NEWEST, Proto, comment};

/// Standard or URL alphabet, padded or not.
const ANY_BASE64: &str = "^(?:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}={0,2}|[A-Za-z0-9+/]{3}=?)?|\
    (?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}={0,2}|[A-Za-z0-9_-]{3}=?)?)$";
const BASE64: &str = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

pub struct Schemas<'a> {
    proto: &'a Proto,
    pub done: BTreeMap<String, Value>,
    /// Whether what is added is of replies.
    is_reply: bool,
}

impl<'a> Schemas<'a> {
    pub fn new(proto: &'a Proto) -> Self {
        Self {
            proto,
            done: BTreeMap::new(),
            is_reply: false,
        }
    }

    pub fn request(&mut self, message: &MessageDescriptor) -> Value {
        self.is_reply = false;
        self.message(message)
    }

    pub fn reply(&mut self, message: &MessageDescriptor) -> Value {
        self.is_reply = true;
        self.message(message)
    }

    /// Adds a message and those in it, and refers to it.
    fn message(&mut self, message: &MessageDescriptor) -> Value {
        let name = name(message.full_name());
        if !self.done.contains_key(&name) {
            // A message may contain itself.
            self.done.insert(name.clone(), Value::Null);
            let schema = self.object(message);
            self.done.insert(name.clone(), schema);
        }
        reference("schemas", &name)
    }

    fn object(&mut self, message: &MessageDescriptor) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields(self.proto, message, self.is_reply) {
            properties.insert(field.json_name().to_owned(), self.field(&field));
            if self.proto.limits(&field).is_required {
                required.push(field.json_name().to_owned());
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        describe(
            &mut schema,
            &comment(&message.parent_file(), message.path()),
        );
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        if self.proto.is_closed(message) {
            schema["additionalProperties"] = false.into();
        }
        schema
    }

    fn enumeration(&mut self, of: &EnumDescriptor) -> Value {
        let values: Vec<_> = of.values().map(|value| value.name().to_owned()).collect();
        let mut schema = json!({ "type": "string", "enum": values });
        describe(&mut schema, &comment(&of.parent_file(), of.path()));
        // Versions share an enum: in Go, its members are constants of the whole package.
        let newest = name(&of.full_name().replace(of.parent_file().package_name(), ""));
        let name = match self.done.get(&newest) {
            Some(other) if other["enum"] != schema["enum"] => name(of.full_name()),
            _ => newest,
        };
        self.done.insert(name.clone(), schema);
        reference("schemas", &name)
    }

    pub fn field(&mut self, field: &FieldDescriptor) -> Value {
        let limits = self.proto.limits(field);
        let none = Limits::default();
        let of_value = limits.value.as_deref().unwrap_or(&none);
        let mut schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = self.value(&entry.map_entry_value_field().kind(), of_value);
                let mut map = json!({ "type": "object", "additionalProperties": value });
                limit(&mut map, "Properties", &limits);
                if let Some(key) = &limits.key {
                    map["propertyNames"] = json!({});
                    limit(&mut map["propertyNames"], "Length", key);
                }
                map
            }
            kind if field.is_list() => {
                let mut list = json!({ "type": "array", "items": self.value(&kind, of_value) });
                limit(&mut list, "Items", &limits);
                list
            }
            kind => self.value(&kind, &limits),
        };
        // What a reference leads to has a description of its own, and takes none beside it.
        if schema.get("$ref").is_none() {
            describe(&mut schema, &comment(&field.parent_file(), field.path()));
            if limits.example.is_some() {
                schema["examples"] = json!([example(field, &limits)]);
            }
        }
        schema
    }

    fn value(&mut self, kind: &Kind, limits: &Limits) -> Value {
        match kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Double | Kind::Float => json!({ "type": "number" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => number(limits, i32::MIN, i32::MAX),
            Kind::Uint32 | Kind::Fixed32 => number(limits, u32::MIN, u32::MAX),
            // JSON's numbers have no 64 bits everywhere, so proto3 writes them as strings.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                json!({ "type": "string", "format": "int64", "pattern": "^(?:0|-?[1-9][0-9]{0,18})$" })
            }
            Kind::Uint64 | Kind::Fixed64 => {
                json!({ "type": "string", "format": "uint64", "pattern": "^(?:0|[1-9][0-9]{0,19})$" })
            }
            Kind::String => {
                let mut text = json!({ "type": "string" });
                limit(&mut text, "Length", limits);
                if let Some(pattern) = &limits.pattern {
                    text["pattern"] = pattern.as_str().into();
                }
                if limits.is_secret {
                    text["format"] = "password".into();
                }
                text
            }
            Kind::Bytes => self.bytes(limits),
            Kind::Enum(of) => self.enumeration(of),
            Kind::Message(of) => match of.full_name() {
                "google.protobuf.Timestamp" => json!({ "type": "string", "format": "date-time" }),
                "google.protobuf.Duration" => json!({
                    "type": "string",
                    "format": "seconds",
                    "pattern": "^[0-9]+(?:[.][0-9]{1,9})?s$",
                }),
                "google.protobuf.Struct" => {
                    json!({ "type": "object", "additionalProperties": true })
                }
                "google.protobuf.ListValue" => json!({ "type": "array", "items": {} }),
                "google.protobuf.Value" => json!({}),
                _ => self.message(of),
            },
        }
    }

    /// Bytes in base64, in which three bytes are four characters.
    fn bytes(&self, limits: &Limits) -> Value {
        let pattern = if self.is_reply { BASE64 } else { ANY_BASE64 };
        let mut text = json!({ "type": "string", "contentEncoding": "base64", "pattern": pattern });
        if let Some(max) = limits.max {
            text["maxLength"] = (max.div_ceil(3) * 4).into();
        }
        if let Some(min) = limits.min {
            text["minLength"] = (min.div_ceil(3) * 4).into();
        }
        text
    }
}

/// The fields of a message that are carried out.
pub fn fields(
    proto: &Proto,
    message: &MessageDescriptor,
    is_reply: bool,
) -> impl Iterator<Item = FieldDescriptor> {
    let built = proto.built(message);
    // What isn't built is never in a reply, unless each reply has it without anything in it. In a
    // request it is a place where nothing may stand.
    let is_empty = move |field: &FieldDescriptor| match field.kind() {
        Kind::Message(of) if is_reply && !proto.limits(field).is_required => {
            proto.built(&of).is_some_and(|built| built.is_empty())
        }
        _ => false,
    };
    let fields: Vec<_> = message.fields().collect();
    let fields = fields.into_iter();
    fields.filter(move |field| {
        !is_empty(field)
            && built
                .as_ref()
                .is_none_or(|built| built.contains(&field.number()))
    })
}

/// The example of a field: its own, or any value that it may have.
pub fn example(field: &FieldDescriptor, limits: &Limits) -> Value {
    match (&limits.example, field.kind()) {
        (Some(text), Kind::String | Kind::Bytes) if !field.is_list() => text.as_str().into(),
        (Some(text), _) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        (None, kind) => match kind {
            Kind::Message(of) => match of.full_name() {
                "google.protobuf.Timestamp" => "2023-05-11T09:14:05.123Z".into(),
                "google.protobuf.Duration" => "3600s".into(),
                "google.protobuf.ListValue" => json!([]),
                _ => json!({}),
            },
            Kind::Bool => true.into(),
            Kind::Enum(of) => of
                .values()
                .last()
                .map(|value| value.name().to_owned())
                .into(),
            Kind::Bytes => "Z2FyZGVu".into(),
            Kind::Int64 | Kind::Uint64 => "1".into(),
            Kind::String => "text".into(),
            _ => 1.into(),
        },
    }
}

/// The name of a message's schema: without its package, and with the version if that is an older one.
fn name(full_name: &str) -> String {
    let parts: Vec<_> = full_name.split('.').collect();
    let of_package = parts
        .iter()
        .take_while(|part| part.starts_with(char::is_lowercase))
        .count();
    let (package, names) = parts.split_at(of_package);
    let version = package.last().copied().unwrap_or_default();
    // Messages of the session service and those that services share came first.
    let area = match package.get(1).copied().unwrap_or_default() {
        "session" | "object" => String::new(),
        other => capitalised(other),
    };
    format!("{area}{}{}", names.join(""), suffix(version))
}

/// What stands behind the names of an older version.
pub fn suffix(version: &str) -> String {
    if version == NEWEST {
        String::new()
    } else {
        capitalised(version)
    }
}

pub fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at(text.len().min(1));
    first.to_uppercase() + rest
}

/// Whether a message has no form of its own in JSON.
pub fn is_plain(message: &MessageDescriptor) -> bool {
    !message.is_map_entry() && !message.full_name().starts_with("google.protobuf.")
}

pub fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn describe(schema: &mut Value, text: &str) {
    if !text.is_empty() {
        schema["description"] = crate::settings::with_defaults(text).into();
    }
}

fn limit(schema: &mut Value, what: &str, limits: &Limits) {
    for (word, limit) in [("min", limits.min), ("max", limits.max)] {
        if let Some(limit) = limit {
            schema[format!("{word}{what}")] = limit.into();
        }
    }
}

fn number(limits: &Limits, least: impl Into<i64>, most: impl Into<i64>) -> Value {
    let own = |limit: Option<u64>| limit.map(Value::from);
    json!({
        "type": "integer",
        "minimum": own(limits.min).unwrap_or_else(|| least.into().into()),
        "maximum": own(limits.max).unwrap_or_else(|| most.into().into()),
    })
}
