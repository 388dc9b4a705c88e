//! Reads a request in JSON by the table of its message, and writes it in protobuf.

mod refusal;

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};
use zeroize::Zeroizing;

use super::scalars::{double, integer};
use super::tree::Tree;
use super::well_known::{parse_duration, parse_timestamp};
use crate::api::codec::path::Path;
use crate::api::schema::{Field, Kind, Label, Message};
use crate::base64;
use crate::error::Error;

/// How deep `prost` reads messages within messages.
const MAX_DEPTH: u32 = 100;

/// A request in protobuf. It may hold a password, and so has no `Debug`.
pub struct Encoded {
    pub bytes: Zeroizing<Vec<u8>>,
    /// The first member of a oneof of which JSON may have two.
    pub second: Option<String>,
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
pub fn read(message: &'static Message, tree: Vec<(String, Tree)>) -> Result<Encoded, Error> {
    let tree = Tree::Object(tree);
    // It never grows, because what it grew out of would not be wiped.
    let bytes = Vec::with_capacity(max_length(&tree));
    let capacity = bytes.capacity();
    let mut writer = Writer {
        bytes: Zeroizing::new(bytes),
        second: None,
        depth: 0,
    };
    if let Tree::Object(entries) = &tree {
        writer.message(message, entries, &Path::ROOT)?;
    }
    debug_assert_eq!(writer.bytes.capacity(), capacity, "the buffer has grown");
    Ok(Encoded {
        bytes: writer.bytes,
        second: writer.second,
    })
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
            Tree::Object(entries) => {
                let entry = |(name, value): &(String, Tree)| name.len() + max_length(value);
                entries.iter().map(entry).sum()
            }
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => 0,
        }
}

struct Writer {
    bytes: Zeroizing<Vec<u8>>,
    second: Option<String>,
    depth: u32,
}

impl Writer {
    fn message(
        &mut self,
        message: &'static Message,
        entries: &[(String, Tree)],
        path: &Path,
    ) -> Result<(), Error> {
        for field in message.fields {
            let Some(value) = find(entries, field, path)? else {
                continue;
            };
            let own = path.join(field.name);
            refusal::check_built(message, field, value, &own)?;
            match field.oneof {
                Some(oneof) if has_later_member(message, field, entries) => {
                    if !oneof.both {
                        let reason = format!("{path} has two members of {}", oneof.name);
                        return Err(Error::Malformed(reason));
                    }
                    let text = text(value).ok_or_else(|| refusal::wrong(field, value, &own))?;
                    self.second = Some(text.to_owned());
                }
                _ => self.field(field, value, &own)?,
            }
        }
        refusal::check_unknown(message, entries, path)
    }

    fn field(&mut self, field: &'static Field, value: &Tree, path: &Path) -> Result<(), Error> {
        match (field.label, value) {
            (Label::Single, _) => self.value(field.number, field, value, path),
            (Label::Repeated, Tree::Array(elements)) => elements
                .iter()
                .try_for_each(|element| self.value(field.number, field, element, path)),
            (Label::Map, Tree::Object(entries)) => entries.iter().try_for_each(|(key, value)| {
                self.nested(field.number, path, |entry| {
                    entry.bytes(1, key.as_bytes());
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
        path: &Path,
    ) -> Result<(), Error> {
        let wrong = || refusal::wrong(field, value, path);
        match &field.kind {
            Kind::Double => self.double(number, double(value).ok_or_else(wrong)?),
            Kind::String => self.bytes(number, text(value).ok_or_else(wrong)?.as_bytes()),
            Kind::Bytes => {
                let text = text(value).ok_or_else(wrong)?;
                self.delimited(number, |own| {
                    base64::decode_either(text, &mut own.bytes).ok_or_else(wrong)
                })?;
            }
            Kind::Message(message) => {
                let entries = entries(value).ok_or_else(wrong)?;
                self.nested(number, path, |own| own.message(message, entries, path))?;
            }
            Kind::Timestamp => {
                let at = text(value).and_then(parse_timestamp);
                self.span(number, at.ok_or_else(wrong)?, path)?;
            }
            Kind::Duration => {
                let duration = text(value).and_then(parse_duration);
                self.span(number, duration.ok_or_else(wrong)?, path)?;
            }
            Kind::Struct => {
                let entries = entries(value).ok_or_else(wrong)?;
                self.nested(number, path, |own| own.structure(entries, path))?;
            }
            Kind::Value => self.any(number, value, path)?,
            Kind::ListValue => {
                let elements = elements(value).ok_or_else(wrong)?;
                self.nested(number, path, |own| own.list(elements, path))?;
            }
            kind @ (Kind::Bool
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Enum(_)) => self.integer(number, integer(kind, value).ok_or_else(wrong)?),
        }
        Ok(())
    }

    /// Writes a `google.protobuf.Value`.
    fn any(&mut self, number: u32, value: &Tree, path: &Path) -> Result<(), Error> {
        self.nested(number, path, |own| {
            match value {
                Tree::Null => own.integer(1, 0),
                Tree::Number(number) => own.double(2, number.as_f64().unwrap_or(f64::NAN)),
                Tree::String(text) => own.bytes(3, text.as_bytes()),
                Tree::Bool(flag) => own.integer(4, u64::from(*flag)),
                Tree::Object(entries) => {
                    own.nested(5, path, |own| own.structure(entries, path))?;
                }
                Tree::Array(elements) => own.nested(6, path, |own| own.list(elements, path))?,
            }
            Ok(())
        })
    }

    fn structure(&mut self, entries: &[(String, Tree)], path: &Path) -> Result<(), Error> {
        entries.iter().try_for_each(|(key, value)| {
            self.nested(1, path, |entry| {
                entry.bytes(1, key.as_bytes());
                entry.any(2, value, path)
            })
        })
    }

    fn list(&mut self, elements: &[Tree], path: &Path) -> Result<(), Error> {
        elements
            .iter()
            .try_for_each(|element| self.any(1, element, path))
    }

    fn span(&mut self, number: u32, span: (i64, i32), path: &Path) -> Result<(), Error> {
        let (seconds, nanos) = span;
        self.nested(number, path, |own| {
            own.integer(1, seconds.cast_unsigned());
            own.integer(2, i64::from(nanos).cast_unsigned());
            Ok(())
        })
    }

    fn integer(&mut self, number: u32, value: u64) {
        encode_key(number, WireType::Varint, &mut *self.bytes);
        encode_varint(value, &mut *self.bytes);
    }

    fn double(&mut self, number: u32, value: f64) {
        encode_key(number, WireType::SixtyFourBit, &mut *self.bytes);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn bytes(&mut self, number: u32, value: &[u8]) {
        encode_key(number, WireType::LengthDelimited, &mut *self.bytes);
        encode_varint(value.len() as u64, &mut *self.bytes);
        self.bytes.extend_from_slice(value);
    }

    /// Writes a message.
    fn nested(
        &mut self,
        number: u32,
        path: &Path,
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
fn find<'a>(
    entries: &'a [(String, Tree)],
    field: &Field,
    path: &Path,
) -> Result<Option<&'a Tree>, Error> {
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
    let holds_null = matches!((field.label, &field.kind), (Label::Single, Kind::Value));
    holds_null || !matches!(value, Tree::Null)
}

/// Whether the object has a member of the field's oneof with a higher number.
fn has_later_member(message: &Message, field: &Field, entries: &[(String, Tree)]) -> bool {
    let name = |field: &Field| field.oneof.map(|oneof| oneof.name);
    entries.iter().any(|(entry, value)| {
        message.field_named(entry).is_some_and(|other| {
            name(other) == name(field) && other.number > field.number && is_present(other, value)
        })
    })
}

fn text(value: &Tree) -> Option<&str> {
    match value {
        Tree::String(text) => Some(text),
        _ => None,
    }
}

fn entries(value: &Tree) -> Option<&[(String, Tree)]> {
    match value {
        Tree::Object(entries) => Some(entries),
        _ => None,
    }
}

fn elements(value: &Tree) -> Option<&[Tree]> {
    match value {
        Tree::Array(elements) => Some(elements),
        _ => None,
    }
}
