//! Writes a reply that is in protobuf in JSON, by the table of its message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost::bytes::Buf as _;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_types::{Duration, Timestamp};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::api::codec::path::MAX_DEPTH;
use crate::api::schema::{Field, Kind, Label, Message};
use crate::error::{Cause, Error};

/// Writes a message in the JSON of proto3, its fields by their numbers. Fields that its table
/// doesn't have are left out.
///
/// # Errors
///
/// [`Error::Internal`]: the bytes are not that message.
pub fn write(message: &'static Message, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let value = Value {
        kind: &Kind::Message(message),
        raw: Raw::Bytes(bytes),
        depth: 0,
    };
    serde_json::to_vec(&value).map_err(|error| Error::Internal(error.into()))
}

/// What a field has, as far as the bytes say.
#[derive(Clone, Copy)]
enum Raw<'a> {
    /// An integer, or the bits of a float.
    Number(u64),
    Bytes(&'a [u8]),
}

/// A field's number, and what it has.
type Record<'a> = (u32, Raw<'a>);

/// Reads the fields of a message, and sorts them by their numbers.
fn records(mut bytes: &[u8]) -> Result<Vec<Record<'_>>, Cause> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (number, wire_type) = decode_key(&mut bytes)?;
        let start = bytes;
        skip_field(wire_type, number, &mut bytes, DecodeContext::default())?;
        let mut content = &start[..start.len() - bytes.len()];
        let raw = match wire_type {
            WireType::Varint => Raw::Number(decode_varint(&mut content)?),
            WireType::SixtyFourBit => Raw::Number(content.get_u64_le()),
            WireType::LengthDelimited => {
                decode_varint(&mut content)?;
                Raw::Bytes(content)
            }
            // No type in the tables is written so.
            WireType::StartGroup | WireType::EndGroup | WireType::ThirtyTwoBit => continue,
        };
        records.push((number, raw));
    }
    records.sort_by_key(|(number, _)| *number);
    Ok(records)
}

/// The elements of a list, each of which may stand alone, or with others in one run of bytes.
fn elements<'a>(kind: &Kind, records: &[Record<'a>]) -> Result<Vec<Raw<'a>>, Cause> {
    let mut elements = Vec::new();
    for &(_, raw) in records {
        match raw {
            Raw::Bytes(mut run) if is_number(kind) => {
                while !run.is_empty() {
                    elements.push(Raw::Number(match kind {
                        Kind::Double => run.try_get_u64_le()?,
                        _ => decode_varint(&mut run)?,
                    }));
                }
            }
            _ => elements.push(raw),
        }
    }
    Ok(elements)
}

/// The key and the value in an entry of a map, either of which may be left out.
fn entry<'a>(kind: &Kind, entry: Raw<'a>) -> Result<(&'a str, Raw<'a>), Cause> {
    let Raw::Bytes(bytes) = entry else {
        return Err("an entry has another type".into());
    };
    let mut key = "";
    let mut value = match kind {
        kind if is_number(kind) => Raw::Number(0),
        _ => Raw::Bytes(&[]),
    };
    for record in records(bytes)? {
        match record {
            (1, Raw::Bytes(bytes)) => key = str::from_utf8(bytes)?,
            (2, raw) => value = raw,
            _ => {}
        }
    }
    Ok((key, value))
}

fn is_number(kind: &Kind) -> bool {
    use Kind::{Bool, Double, Enum, Int32, Int64, Uint32, Uint64};

    matches!(
        kind,
        Bool | Double | Int32 | Int64 | Uint32 | Uint64 | Enum(_)
    )
}

/// All values of a field.
struct Values<'a> {
    field: &'static Field,
    records: &'a [Record<'a>],
    depth: usize,
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (kind, depth) = (&self.field.kind, self.depth);
        let value = |raw| Value { kind, raw, depth };
        match (self.field.label, self.records) {
            // The last one counts.
            (Label::Single, [.., (_, raw)]) => value(*raw).serialize(to),
            (Label::Map, records) => {
                let entries = records.iter().map(|(_, raw)| entry(kind, *raw));
                let entries: Result<Vec<_>, _> = entries.collect();
                let entries = entries.map_err(S::Error::custom)?.into_iter();
                to.collect_map(entries.map(|(key, raw)| (key, value(raw))))
            }
            (_, records) => {
                let elements = elements(kind, records).map_err(S::Error::custom)?;
                to.collect_seq(elements.into_iter().map(value))
            }
        }
    }
}

/// One value, which is in `depth` messages.
struct Value<'a> {
    kind: &'a Kind,
    raw: Raw<'a>,
    depth: usize,
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let custom = S::Error::custom::<Cause>;
        let depth = self.depth + 1;
        // In the deepest message that is read, a value is one deeper.
        if self.depth > MAX_DEPTH + 1 {
            return Err(S::Error::custom("it is nested too deep"));
        }
        match (self.kind, self.raw) {
            (Kind::Bool, Raw::Number(number)) => to.serialize_bool(number != 0),
            (Kind::Double, Raw::Number(bits)) => match (f64::from_bits(bits), integer(bits)) {
                // As programs that read integers expect it: the numbers of a struct are doubles.
                (_, Some(integer)) => to.serialize_i64(integer),
                (number, None) if number.is_finite() => to.serialize_f64(number),
                (number, None) => to.serialize_str(&number.to_string().replace("inf", "Infinity")),
            },
            (Kind::Int64, Raw::Number(number)) => to.collect_str(&number.cast_signed()),
            (Kind::Uint32, Raw::Number(number)) => to.serialize_u64(number),
            (Kind::Uint64, Raw::Number(number)) => to.collect_str(&number),
            (Kind::Enum([("NULL_VALUE", 0)]), Raw::Number(_)) => to.serialize_unit(),
            (Kind::Int32, Raw::Number(number)) => {
                to.serialize_i32(i32::try_from(number.cast_signed()).map_err(S::Error::custom)?)
            }
            (Kind::Enum(members), Raw::Number(number)) => {
                let number = number.cast_signed();
                match members.iter().find(|(_, own)| i64::from(*own) == number) {
                    Some((name, _)) => to.serialize_str(name),
                    None => to.serialize_i64(number),
                }
            }
            (Kind::String, Raw::Bytes(bytes)) => {
                to.serialize_str(str::from_utf8(bytes).map_err(S::Error::custom)?)
            }
            (Kind::Bytes, Raw::Bytes(bytes)) => to.serialize_str(&STANDARD.encode(bytes)),
            (Kind::Timestamp, Raw::Bytes(bytes)) => {
                to.collect_str(&Timestamp::decode(bytes).map_err(S::Error::custom)?)
            }
            (Kind::Duration, Raw::Bytes(bytes)) => {
                to.collect_str(&Duration::decode(bytes).map_err(S::Error::custom)?)
            }
            (Kind::Message(of), Raw::Bytes(bytes)) => {
                let records = records(bytes).map_err(custom)?;
                let fields = records.chunk_by(|one, next| one.0 == next.0);
                to.collect_map(fields.filter_map(|records| {
                    let field = of.field(records[0].0)?;
                    Some((
                        field.json,
                        Values {
                            field,
                            records,
                            depth,
                        },
                    ))
                }))
            }
            // Either has one field: a map or a list.
            (Kind::Struct(of) | Kind::ListValue(of), Raw::Bytes(bytes)) => Values {
                field: &of.fields[0],
                records: &records(bytes).map_err(custom)?,
                depth,
            }
            .serialize(to),
            (Kind::Value(of), Raw::Bytes(bytes)) => {
                let record = records(bytes).map_err(custom)?.pop();
                match record.and_then(|(number, raw)| Some((&of.field(number)?.kind, raw))) {
                    Some((kind, raw)) => Value { kind, raw, depth }.serialize(to),
                    None => to.serialize_unit(),
                }
            }
            _ => Err(S::Error::custom("a field has another type")),
        }
    }
}

/// The integer that a double is, if it is one that doubles tell from its neighbours.
fn integer(bits: u64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53
    let number = f64::from_bits(bits);
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    let is_integer = number.fract() == 0.0 && number.abs() < LIMIT && !is_negative_zero;
    #[allow(clippy::cast_possible_truncation, reason = "it is below 2^53")]
    is_integer.then_some(number as i64)
}
