//! Refuses fields of a request in JSON, and makes the errors that name them.

use crate::api::codec::json::tree::{Object, Tree};
use crate::api::codec::path::join;
use crate::api::schema::{Field, Kind, Label, Message};
use crate::domain::Invalid;
use crate::error::Error;

/// Refuses a field that isn't built, and a list of an enum's values in a message that no field is
/// built of: clients of v2alpha send `challenges` so.
pub(super) fn check_built(
    message: &Message,
    field: &Field,
    value: &Tree,
    path: &str,
) -> Result<(), Error> {
    let is_value = |value: &Tree| matches!(value, Tree::String(_) | Tree::Number(_));
    let has_values = matches!(value, Tree::Array(elements) if elements.iter().any(is_value));
    let is_object = matches!(
        (field.label, &field.kind),
        (Label::Single, Kind::Message(_))
    );
    match &field.kind {
        Kind::Message(inner) if has_values && inner.built == Some(&[]) => Err(unsupported(path)),
        _ if message.is_built(field) => Ok(()),
        // In protobuf, a list without elements is no field.
        _ if field.label == Label::Repeated && is_empty_list(value) => Ok(()),
        // An empty text is as good as none.
        Kind::String if matches!(value, Tree::String(text) if text.is_empty()) => Ok(()),
        _ if is_object && !matches!(value, Tree::Object(_)) => Err(wrong(field, value, path)),
        _ => Err(unsupported(path)),
    }
}

/// Refuses unknown fields of a message that isn't built whole: a login page takes a response
/// without an error for a passed check.
pub(super) fn check_unknown(message: &Message, entries: &Object, path: &str) -> Result<(), Error> {
    let is_unknown = |(name, value): &&(String, Tree)| {
        message.field_named(name).is_none() && !matches!(value, Tree::Null)
    };
    match entries.iter().find(is_unknown) {
        Some((name, _)) if !message.ignores_unknown => {
            Err(unsupported(&join(path, repeatable(name))))
        }
        _ => Ok(()),
    }
}

fn is_empty_list(value: &Tree) -> bool {
    matches!(value, Tree::Array(elements) if elements.is_empty())
}

fn unsupported(path: &str) -> Error {
    Error::Unimplemented(path.to_string().into())
}

/// The name of a field as an error repeats it. A long name, or one with characters that no
/// field has, is not repeated.
fn repeatable(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        return "(another member)";
    }
    name
}

/// The error for a value that its field doesn't take.
pub(super) fn wrong(field: &Field, value: &Tree, path: &str) -> Error {
    invalid(path, reason(field, value))
}

pub(super) fn invalid(path: &str, reason: &'static str) -> Error {
    Invalid::new(path.to_string(), reason).into()
}

fn reason(field: &Field, value: &Tree) -> &'static str {
    let is_text = matches!(value, Tree::String(_));
    match (field.label, &field.kind) {
        (Label::Repeated, Kind::String) => "must be a list of strings",
        (Label::Repeated, Kind::Message(_) | Kind::Struct(_)) => "must be a list of objects",
        (Label::Repeated, _) => "must be a list of valid values",
        (Label::Map, Kind::Message(_) | Kind::Struct(_)) => "has a value that is no object",
        (Label::Map, Kind::Bytes) => "has a value that is not base64",
        (Label::Map, _) => "has an invalid value",
        (Label::Single, Kind::Bool) => "must be true or false",
        (Label::Single, Kind::Double) => "must be a number",
        (Label::Single, Kind::Int32 | Kind::Int64) => "must be an integer in range",
        (Label::Single, Kind::Uint32 | Kind::Uint64) => "must be a non-negative integer in range",
        (Label::Single, Kind::Enum(_)) => "is unknown",
        (Label::Single, Kind::Timestamp) if is_text => {
            "must be a time such as \"2026-11-24T10:00:00Z\""
        }
        (Label::Single, Kind::Duration) if is_text => "must be seconds, such as \"3600s\"",
        (Label::Single, Kind::Bytes) if is_text => "must be base64",
        (Label::Single, Kind::String | Kind::Bytes | Kind::Timestamp | Kind::Duration) => {
            "must be a string"
        }
        (Label::Single, Kind::Message(_) | Kind::Struct(_)) => "must be an object",
        (Label::Single, Kind::ListValue(_) | Kind::Value(_)) => "must be a list",
    }
}
