//! Writes a reply that is in protobuf in JSON, by the table of its message.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::well_known::{duration_text, timestamp_text};
use crate::api::schema::{Field, Kind, Label, Message};
use crate::error::{Cause, Error};

/// How deep a value may be in messages: in the deepest that is read, it is one deeper.
const MAX_DEPTH: u32 = 100;

type Result<T> = std::result::Result<T, Cause>;

/// Writes a message in the JSON of proto3, its fields by their numbers. Fields that its table
/// doesn't have are left out.
///
/// # Errors
///
/// [`Error::Internal`]: the bytes are not that message.
pub fn write(message: &'static Message, bytes: &[u8]) -> std::result::Result<Vec<u8>, Error> {
    let mut writer = Writer {
        out: Vec::with_capacity(bytes.len() * 2),
        depth: 0,
    };
    writer.message(message, bytes).map_err(Error::Internal)?;
    Ok(writer.out)
}

/// What a field has, as far as the bytes say.
#[derive(Clone, Copy)]
enum Raw<'a> {
    Varint(u64),
    Fixed([u8; 8]),
    Bytes(&'a [u8]),
}

/// A field's number, and what it has.
type Record<'a> = (u32, Raw<'a>);

/// Reads the fields of a message, and sorts them by their numbers.
fn records(mut bytes: &[u8]) -> Result<Vec<Record<'_>>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (number, wire_type) = decode_key(&mut bytes)?;
        let raw = match wire_type {
            WireType::Varint => Raw::Varint(decode_varint(&mut bytes)?),
            WireType::SixtyFourBit => Raw::Fixed(fixed(&mut bytes)?),
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut bytes)?)?;
                let (content, rest) = bytes.split_at_checked(length).ok_or("it is cut off")?;
                bytes = rest;
                Raw::Bytes(content)
            }
            // No type in the tables is written so.
            WireType::StartGroup | WireType::EndGroup | WireType::ThirtyTwoBit => {
                skip_field(wire_type, number, &mut bytes, DecodeContext::default())?;
                continue;
            }
        };
        records.push((number, raw));
    }
    records.sort_by_key(|(number, _)| *number);
    Ok(records)
}

fn fixed(bytes: &mut &[u8]) -> Result<[u8; 8]> {
    let (fixed, rest) = bytes.split_first_chunk().ok_or("it is cut off")?;
    *bytes = rest;
    Ok(*fixed)
}

/// The elements of a list, each of which may stand alone, or with others in one run of bytes.
fn elements<'a>(kind: &Kind, records: &[Record<'a>]) -> Result<Vec<Raw<'a>>> {
    let mut elements = Vec::new();
    for &(_, raw) in records {
        match (kind, raw) {
            (Kind::Double, Raw::Bytes(mut run)) => {
                while !run.is_empty() {
                    elements.push(Raw::Fixed(fixed(&mut run)?));
                }
            }
            (kind, Raw::Bytes(mut run)) if is_integer(kind) => {
                while !run.is_empty() {
                    elements.push(Raw::Varint(decode_varint(&mut run)?));
                }
            }
            _ => elements.push(raw),
        }
    }
    Ok(elements)
}

struct Writer {
    out: Vec<u8>,
    depth: u32,
}

impl Writer {
    fn message(&mut self, message: &'static Message, bytes: &[u8]) -> Result<()> {
        let records = records(bytes)?;
        let fields = records
            .chunk_by(|one, next| one.0 == next.0)
            .filter_map(|records| Some((message.field(records[0].0)?, records)));
        self.separated(*b"{}", fields, |own, (field, records)| {
            own.string(field.json)?;
            own.out.push(b':');
            own.field(field, records)
        })
    }

    fn field(&mut self, field: &'static Field, records: &[Record]) -> Result<()> {
        let kind = &field.kind;
        match (field.label, records) {
            // The last one counts.
            (Label::Single, [.., (_, raw)]) => self.value(kind, *raw),
            (Label::Map, _) => self.map(kind, records),
            _ => {
                let elements = elements(kind, records)?;
                self.separated(*b"[]", elements, |own, raw| own.value(kind, raw))
            }
        }
    }

    fn map(&mut self, kind: &Kind, entries: &[Record]) -> Result<()> {
        self.separated(*b"{}", entries, |own, (_, entry)| {
            let mut key = Raw::Bytes(&[]);
            let mut value = default(kind);
            for (number, raw) in records(bytes(*entry)?)? {
                match number {
                    1 => key = raw,
                    2 => value = raw,
                    _ => (),
                }
            }
            own.value(&Kind::String, key)?;
            own.out.push(b':');
            own.value(kind, value)
        })
    }

    fn value(&mut self, kind: &Kind, raw: Raw) -> Result<()> {
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep".into());
        }
        self.depth += 1;
        match (kind, raw) {
            (Kind::Bool, Raw::Varint(number)) => write!(self.out, "{}", number != 0)?,
            (Kind::Int32, Raw::Varint(number)) => {
                write!(self.out, "{}", i32::try_from(number.cast_signed())?)?;
            }
            (Kind::Int64, Raw::Varint(number)) => {
                write!(self.out, "\"{}\"", number.cast_signed())?;
            }
            (Kind::Uint32, Raw::Varint(number)) => write!(self.out, "{number}")?,
            (Kind::Uint64, Raw::Varint(number)) => write!(self.out, "\"{number}\"")?,
            (Kind::Enum(members), Raw::Varint(number)) => {
                let number = i32::try_from(number.cast_signed())?;
                match members.iter().find(|(_, own)| *own == number) {
                    Some((name, _)) => self.string(name)?,
                    None => write!(self.out, "{number}")?,
                }
            }
            (Kind::Double, Raw::Fixed(bytes)) => self.double(f64::from_le_bytes(bytes))?,
            (Kind::String, Raw::Bytes(bytes)) => self.string(str::from_utf8(bytes)?)?,
            (Kind::Bytes, Raw::Bytes(bytes)) => self.string(&STANDARD.encode(bytes))?,
            (Kind::Message(message), Raw::Bytes(bytes)) => self.message(message, bytes)?,
            (Kind::Timestamp, Raw::Bytes(bytes)) => {
                let (seconds, nanos) = span(bytes)?;
                self.string(&timestamp_text(seconds, nanos))?;
            }
            (Kind::Duration, Raw::Bytes(bytes)) => {
                let (seconds, nanos) = span(bytes)?;
                self.string(&duration_text(seconds, nanos))?;
            }
            (Kind::Struct, Raw::Bytes(bytes)) => self.map(&Kind::Value, &records(bytes)?)?,
            (Kind::Value, Raw::Bytes(bytes)) => self.any(bytes)?,
            (Kind::ListValue, Raw::Bytes(bytes)) => {
                let elements = records(bytes)?;
                self.separated(*b"[]", elements, |own, (_, raw)| {
                    own.value(&Kind::Value, raw)
                })?;
            }
            _ => return Err("a field has another type".into()),
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes a `google.protobuf.Value`.
    fn any(&mut self, bytes: &[u8]) -> Result<()> {
        let kind = |number| match number {
            2 => Some(Kind::Double),
            3 => Some(Kind::String),
            4 => Some(Kind::Bool),
            5 => Some(Kind::Struct),
            6 => Some(Kind::ListValue),
            _ => None,
        };
        let record = records(bytes)?.pop();
        match record.and_then(|(number, raw)| Some((kind(number)?, raw))) {
            Some((kind, raw)) => self.value(&kind, raw),
            None => Ok(self.out.write_all(b"null")?),
        }
    }

    /// Writes a string, and escapes what must be.
    fn string(&mut self, text: &str) -> Result<()> {
        Ok(serde_json::to_writer(&mut self.out, text)?)
    }

    fn double(&mut self, number: f64) -> Result<()> {
        match number {
            _ if number.is_nan() => self.string("NaN"),
            f64::INFINITY => self.string("Infinity"),
            f64::NEG_INFINITY => self.string("-Infinity"),
            _ => Ok(serde_json::to_writer(&mut self.out, &number)?),
        }
    }

    /// Writes items with commas between them.
    fn separated<T>(
        &mut self,
        [open, close]: [u8; 2],
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        self.out.push(open);
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write(self, item)?;
        }
        self.out.push(close);
        Ok(())
    }
}

fn is_integer(kind: &Kind) -> bool {
    use Kind::{Bool, Enum, Int32, Int64, Uint32, Uint64};

    matches!(kind, Bool | Int32 | Int64 | Uint32 | Uint64 | Enum(_))
}

fn bytes(raw: Raw<'_>) -> Result<&[u8]> {
    match raw {
        Raw::Bytes(bytes) => Ok(bytes),
        Raw::Varint(_) | Raw::Fixed(_) => Err("a field has another type".into()),
    }
}

/// What an entry of a map has if it has no value.
fn default(kind: &Kind) -> Raw<'static> {
    match kind {
        Kind::Double => Raw::Fixed([0; 8]),
        kind if is_integer(kind) => Raw::Varint(0),
        _ => Raw::Bytes(&[]),
    }
}

/// Reads the seconds and nanoseconds of a time or a duration.
fn span(bytes: &[u8]) -> Result<(i64, i32)> {
    let (mut seconds, mut nanos) = (0, 0);
    for record in records(bytes)? {
        match record {
            (1, Raw::Varint(number)) => seconds = number.cast_signed(),
            (2, Raw::Varint(number)) => nanos = i32::try_from(number.cast_signed())?,
            _ => (),
        }
    }
    Ok((seconds, nanos))
}
