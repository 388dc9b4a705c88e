//! `google.protobuf.Struct`, in which browsers' options and answers of WebAuthn are sent, as JSON.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct};
use serde_json::{Map, Number, Value};

use crate::domain::Invalid;

/// The texts, names and values of a struct together, in bytes, each value with
/// [`BYTES_PER_VALUE`] more.
const MAX_BYTES: usize = 64 * 1024;
/// At least what a value takes beside its text.
const BYTES_PER_VALUE: usize = 2;
/// How deep objects and lists are in one another; the struct itself is the first.
const MAX_LEVELS: usize = 16;
/// Up to here a double is exactly one integer: 2^53.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;

/// The JSON of a struct.
///
/// # Errors
///
/// It is too large or nested too deep, or a number in it is none of JSON's.
pub(crate) fn to_json(of: &Struct) -> Result<Value, Invalid> {
    let mut reader = Reader { left: MAX_BYTES };
    reader.object(of, MAX_LEVELS)
}

/// The struct of a JSON object. Any other value has none, and is empty.
pub(crate) fn from_json(value: Value) -> Struct {
    match kind(value) {
        Kind::StructValue(fields) => fields,
        _ => Struct::default(),
    }
}

struct Reader {
    /// How many bytes may come yet.
    left: usize,
}

impl Reader {
    fn object(&mut self, of: &Struct, levels: usize) -> Result<Value, Invalid> {
        let levels = deeper(levels)?;
        let mut object = Map::new();
        for (name, value) in &of.fields {
            self.take(name.len())?;
            object.insert(name.clone(), self.value(value.kind.as_ref(), levels)?);
        }
        Ok(Value::Object(object))
    }

    fn list(&mut self, of: &ListValue, levels: usize) -> Result<Value, Invalid> {
        let levels = deeper(levels)?;
        let values = of.values.iter();
        let values = values.map(|value| self.value(value.kind.as_ref(), levels));
        Ok(Value::Array(values.collect::<Result<_, _>>()?))
    }

    fn value(&mut self, kind: Option<&Kind>, levels: usize) -> Result<Value, Invalid> {
        self.take(BYTES_PER_VALUE)?;
        Ok(match kind {
            None | Some(Kind::NullValue(_)) => Value::Null,
            Some(Kind::BoolValue(value)) => Value::Bool(*value),
            Some(Kind::NumberValue(value)) => Value::Number(number(*value)?),
            Some(Kind::StringValue(text)) => {
                self.take(text.len())?;
                Value::String(text.clone())
            }
            Some(Kind::StructValue(of)) => self.object(of, levels)?,
            Some(Kind::ListValue(of)) => self.list(of, levels)?,
        })
    }

    fn take(&mut self, bytes: usize) -> Result<(), Invalid> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| invalid("is larger than 64 KiB"))?;
        Ok(())
    }
}

fn deeper(levels: usize) -> Result<usize, Invalid> {
    levels
        .checked_sub(1)
        .ok_or_else(|| invalid("is nested too deep"))
}

fn number(value: f64) -> Result<Number, Invalid> {
    if value.fract() == 0.0 && value.abs() <= MAX_INTEGER {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "it is an integer, and small enough"
        )]
        return Ok(Number::from(value as i64));
    }
    Number::from_f64(value).ok_or_else(|| invalid("has a number that is none of JSON's"))
}

fn invalid(reason: &'static str) -> Invalid {
    Invalid::new("credential", reason)
}

fn kind(value: Value) -> Kind {
    match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(ListValue {
            values: values.into_iter().map(wrap).collect(),
        }),
        Value::Object(object) => Kind::StructValue(Struct {
            fields: object
                .into_iter()
                .map(|(name, value)| (name, wrap(value)))
                .collect(),
        }),
    }
}

fn wrap(value: Value) -> prost_types::Value {
    prost_types::Value {
        kind: Some(kind(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn struct_of(value: Value) -> Struct {
        from_json(value)
    }

    /// So many objects, or lists within one, in one another.
    fn nested(levels: usize, in_lists: bool) -> Value {
        let mut value = json!(1);
        for _ in 1..levels {
            value = if in_lists {
                json!([value])
            } else {
                json!({ "a": value })
            };
        }
        json!({ "a": value })
    }

    #[test]
    fn a_struct_is_json_in_both_directions() {
        for value in [
            json!({}),
            json!({"id": "AQ", "list": [], "empty": {}, "null": null, "yes": true}),
            json!({"publicKey": {"timeout": 300_000, "alg": [-7, -8, -257], "half": 0.5}}),
            json!({"large": 1e300, "exact": 9_007_199_254_740_991_i64}),
            nested(16, false),
            nested(16, true),
        ] {
            assert_eq!(to_json(&struct_of(value.clone())), Ok(value));
        }
        for value in [json!(null), json!([1]), json!("a")] {
            assert_eq!(from_json(value), Struct::default());
        }
    }

    #[test]
    fn a_struct_is_small_flat_and_of_json() {
        let number = |value| Struct {
            fields: [(
                "a".to_owned(),
                prost_types::Value {
                    kind: Some(Kind::NumberValue(value)),
                },
            )]
            .into(),
        };
        // A name of one byte, and a value beside its text.
        let text = |length| struct_of(json!({ "a": "b".repeat(length) }));
        let most = MAX_BYTES - 3;
        for (of, want) in [
            (text(most), None),
            (text(most + 1), Some("is larger than 64 KiB")),
            (struct_of(json!({ "a": vec![0; MAX_BYTES / 2 - 2] })), None),
            (
                struct_of(json!({ "a": vec![0; MAX_BYTES / 2] })),
                Some("is larger than 64 KiB"),
            ),
            (struct_of(nested(17, false)), Some("is nested too deep")),
            (struct_of(nested(17, true)), Some("is nested too deep")),
            (
                number(f64::NAN),
                Some("has a number that is none of JSON's"),
            ),
            (
                number(f64::INFINITY),
                Some("has a number that is none of JSON's"),
            ),
        ] {
            let got = to_json(&of).err().map(|invalid| invalid.reason);
            assert_eq!(got, want);
        }
    }
}
