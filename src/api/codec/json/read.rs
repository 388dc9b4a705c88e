//! Reads a request in JSON by the table of its message, and writes it in protobuf.

mod refusal;

use prost::encoding::{
    WireType, double, encode_key, encode_varint, encoded_len_varint, string, uint64,
};
use zeroize::Zeroizing;

use super::scalars;
use super::tree::{Object, Tree};
use super::well_known::{parse_duration, parse_timestamp};
use crate::api::codec::path::{MAX_DEPTH, ROOT, join};
use crate::api::schema::{Field, Kind, Label, Message};
use crate::base64;
use crate::error::Error;

/// A request in protobuf. It may hold a password, and so has no `Debug`.
pub struct Encoded {
    pub bytes: Zeroizing<Vec<u8>>,
    /// The first member of a oneof of which JSON may have two.
    pub second: Option<String>,
    /// Of messages, around what is written.
    depth: usize,
}

/// Encodes an object, by the table of the message that it is.
///
/// Unknown fields are ignored, and `null` is as if absent.
///
/// # Errors
///
/// They name fields as protobuf does, and quote no value.
///
/// - [`Error::Malformed`]: a field in both spellings, two members of a oneof, or too deep.
/// - [`Error::InvalidArgument`]: a field of another type.
/// - [`Error::Unimplemented`]: a field that isn't built, in a message that refuses these.
pub fn read(message: &'static Message, object: &Object) -> Result<Encoded, Error> {
    // It never grows, because what it grew out of would not be wiped.
    let bytes = Vec::with_capacity(object_length(object));
    let capacity = bytes.capacity();
    let mut encoded = Encoded::new(Zeroizing::new(bytes));
    encoded.message(message, object, ROOT)?;
    debug_assert_eq!(encoded.bytes.capacity(), capacity, "the buffer has grown");
    Ok(encoded)
}

/// How many bytes the fields of an object may take in protobuf.
fn object_length(object: &Object) -> usize {
    let entry = |(name, value): &(String, Tree)| name.len() + max_length(value);
    object.iter().map(entry).sum()
}

/// How many bytes a value may take in protobuf, with its key.
fn max_length(value: &Tree) -> usize {
    // A duration in a map needs the most beside its text: 5 bytes each for the field's number, the
    // length of the entry and that of its key, 1 for the length of the duration, 2 for the numbers
    // in the entry, and 11 each for the two integers.
    const OVERHEAD: usize = 40;
    OVERHEAD
        + match value {
            Tree::String(text) => text.len(),
            Tree::Array(elements) => elements.iter().map(max_length).sum(),
            Tree::Object(object) => object_length(object),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => 0,
        }
}

impl Encoded {
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self {
            bytes,
            second: None,
            depth: 0,
        }
    }

    fn message(
        &mut self,
        message: &'static Message,
        entries: &Object,
        path: &str,
    ) -> Result<(), Error> {
        for field in message.fields {
            let Some(value) = find(entries, field, path)? else {
                continue;
            };
            let own = join(path, field.name);
            refusal::check_built(message, field, value, &own)?;
            match field.oneof {
                Some(oneof) if has_later_member(message, field, entries) => {
                    if !oneof.both {
                        let reason = format!("{path} has two members of {}", oneof.name);
                        return Err(Error::Malformed(reason));
                    }
                    let Tree::String(text) = value else {
                        return Err(refusal::wrong(field, value, &own));
                    };
                    self.second = Some(text.to_string());
                }
                _ => self.field(field, value, &own)?,
            }
        }
        refusal::check_unknown(message, entries, path)
    }

    fn field(&mut self, field: &'static Field, value: &Tree, path: &str) -> Result<(), Error> {
        match (field.label, value) {
            (Label::Single, _) => self.value(field.number, field, value, path),
            (Label::Repeated, Tree::Array(elements)) => elements
                .iter()
                .try_for_each(|element| self.value(field.number, field, element, path)),
            (Label::Map, Tree::Object(entries)) => entries.iter().try_for_each(|(key, value)| {
                self.nested(field.number, path, |entry| {
                    string::encode(1, key, &mut *entry.bytes);
                    entry.value(2, field, value, path)
                })
            }),
            (Label::Repeated, _) => Err(refusal::wrong(field, value, path)),
            (Label::Map, _) => Err(refusal::invalid(path, "must be an object")),
        }
    }

    /// Writes one value of a field, with its key.
    fn value(
        &mut self,
        number: u32,
        field: &'static Field,
        value: &Tree,
        path: &str,
    ) -> Result<(), Error> {
        let wrong = || refusal::wrong(field, value, path);
        let bytes = &mut *self.bytes;
        match (&field.kind, value) {
            (Kind::String, Tree::String(text)) => string::encode(number, text, bytes),
            (Kind::Bytes, Tree::String(text)) => self.delimited(number, |own| {
                base64::decode_either(text, &mut own.bytes).ok_or_else(wrong)
            })?,
            (Kind::Message(message), Tree::Object(entries)) => {
                self.nested(number, path, |own| own.message(message, entries, path))?;
            }
            (Kind::Timestamp, Tree::String(text)) => {
                self.span(number, &parse_timestamp(text).ok_or_else(wrong)?, path)?;
            }
            (Kind::Duration, Tree::String(text)) => {
                self.span(number, &parse_duration(text).ok_or_else(wrong)?, path)?;
            }
            // Either has one field: a map or a list.
            (Kind::Struct(of), Tree::Object(_)) | (Kind::ListValue(of), Tree::Array(_)) => {
                self.nested(number, path, |own| own.field(&of.fields[0], value, path))?;
            }
            (Kind::Value(of), _) => {
                // In the order in which `google.protobuf.Value` declares them.
                let member = match value {
                    Tree::Null => 0,
                    Tree::Number(_) => 1,
                    Tree::String(_) => 2,
                    Tree::Bool(_) => 3,
                    Tree::Object(_) => 4,
                    Tree::Array(_) => 5,
                };
                self.nested(number, path, |own| {
                    own.field(&of.fields[member], value, path)
                })?;
            }
            (Kind::Double, _) => {
                let value = scalars::double(value).ok_or_else(wrong)?;
                double::encode(number, &value, bytes);
            }
            (kind, _) => {
                let value = scalars::integer(kind, value).ok_or_else(wrong)?;
                uint64::encode(number, &value, bytes);
            }
        }
        Ok(())
    }

    fn span(&mut self, number: u32, span: &impl prost::Message, path: &str) -> Result<(), Error> {
        self.nested(number, path, |own| {
            span.encode_raw(&mut *own.bytes);
            Ok(())
        })
    }

    /// Writes a message.
    fn nested(
        &mut self,
        number: u32,
        path: &str,
        content: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::Malformed(format!("{path} is nested too deep")));
        }
        self.depth += 1;
        self.delimited(number, content)?;
        self.depth -= 1;
        Ok(())
    }

    /// Writes what `content` writes, with its length before it.
    fn delimited(
        &mut self,
        number: u32,
        content: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        encode_key(number, WireType::LengthDelimited, &mut *self.bytes);
        let start = self.bytes.len();
        content(self)?;
        let length = (self.bytes.len() - start) as u64;
        encode_varint(length, &mut *self.bytes);
        self.bytes[start..].rotate_right(encoded_len_varint(length));
        Ok(())
    }
}

/// Finds the value of a field in either spelling.
fn find<'a>(entries: &'a Object, field: &Field, path: &str) -> Result<Option<&'a Tree>, Error> {
    let mut found = entries.iter().filter(|(name, _)| field.is_named(name));
    let value = found.next().map(|(_, value)| value);
    if found.next().is_some() {
        let reason = format!("{path} has {} in both spellings", field.name);
        return Err(Error::Malformed(reason));
    }
    Ok(value.filter(|value| is_present(field, value)))
}

/// Whether a value isn't `null`, or is one in a field that may hold it.
fn is_present(field: &Field, value: &Tree) -> bool {
    let holds_null = matches!((field.label, &field.kind), (Label::Single, Kind::Value(_)));
    holds_null || !matches!(value, Tree::Null)
}

/// Whether the object has a member of the field's oneof with a higher number.
fn has_later_member(message: &Message, field: &Field, entries: &Object) -> bool {
    let name = |field: &Field| field.oneof.map(|oneof| oneof.name);
    entries.iter().any(|(entry, value)| {
        message.field_named(entry).is_some_and(|other| {
            name(other) == name(field) && other.number > field.number && is_present(other, value)
        })
    })
}
