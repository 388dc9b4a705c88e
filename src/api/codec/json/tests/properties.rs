use proptest::prelude::*;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, SerializeOptions, Value,
};

use super::{descriptor, read_text, write};
use crate::api::schema::ALL_TYPES;

proptest! {
    /// `prost-reflect` writes a random message in JSON, and reads the same from our protobuf.
    #[test]
    fn a_message_in_json_is_the_same_in_protobuf((json, want) in any_written()) {
        let got = read_text(&json).unwrap();
        prop_assert_eq!(&super::decode(&got.bytes), &want);
        prop_assert_eq!(whole(super::write_text(&got.bytes)), whole(want));
    }

    /// No bytes make the writer panic, and what it writes of any is JSON.
    #[test]
    fn any_bytes_are_written_or_refused(
        (json, _) in any_written(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = read_text(&json).unwrap().bytes.to_vec();
        for (at, byte) in changes.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Ok(json) = write(&ALL_TYPES, &bytes) {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        }
    }

    /// No body makes the buffer grow, or anything panic.
    #[test]
    fn any_json_is_read_or_refused(json in any_json()) {
        drop(read_text(&json));
    }
}

/// A value whose whole numbers are written without a fraction, which is the same number.
fn whole(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;

    match value {
        Value::Number(number) => match number.as_f64() {
            Some(double) if !number.is_f64() || double.is_sign_negative() && double == 0.0 => {
                Value::Number(number)
            }
            Some(double) if double.fract() == 0.0 && double.abs() < 9_007_199_254_740_992.0 => {
                format!("{double:.0}").parse().unwrap()
            }
            _ => Value::Number(number),
        },
        Value::Array(list) => list.into_iter().map(whole).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members.map(|(name, value)| (name, whole(value))).collect()
        }
        other => other,
    }
}

/// A message as a writer may write it, and as `prost-reflect` does by default.
fn any_written() -> impl Strategy<Value = (String, serde_json::Value)> {
    (any_message(descriptor(), 2), any_options()).prop_map(|(message, options)| {
        let mut json = serde_json::Serializer::new(Vec::new());
        message.serialize_with_options(&mut json, &options).unwrap();
        let json = String::from_utf8(json.into_inner()).unwrap();
        (json, serde_json::to_value(&message).unwrap())
    })
}

/// The ways in which a writer may write a message.
fn any_options() -> impl Strategy<Value = SerializeOptions> {
    any::<[bool; 3]>().prop_map(|[quoted, names, numbers]| {
        SerializeOptions::new()
            .stringify_64_bit_integers(quoted)
            .use_proto_field_name(names)
            .use_enum_numbers(numbers)
    })
}

/// A message with some of its fields, and messages in it up to a depth.
fn any_message(descriptor: MessageDescriptor, depth: u32) -> BoxedStrategy<DynamicMessage> {
    match descriptor.full_name() {
        "google.protobuf.Timestamp" => {
            let span = (-62_135_596_800_i64..=253_402_300_799, 0..1_000_000_000_i32);
            return span
                .prop_map(move |(seconds, nanos)| span_of(&descriptor, seconds, nanos))
                .boxed();
        }
        "google.protobuf.Duration" => {
            let span = (-315_576_000_000_i64..=315_576_000_000, 0..1_000_000_000_i32);
            return span
                .prop_map(move |(seconds, nanos)| {
                    let nanos = if seconds < 0 { -nanos } else { nanos };
                    span_of(&descriptor, seconds, nanos)
                })
                .boxed();
        }
        _ => (),
    }
    // What isn't built is refused.
    let fields = descriptor.fields().filter(|field| {
        !matches!(
            field.name(),
            "web_auth_n" | "code" | "links" | "secret" | "machine"
        ) && (depth > 0 || field.kind().as_message().is_none())
    });
    let fields: Vec<_> = fields.collect();
    let is_value = descriptor.full_name() == "google.protobuf.Value";
    // A value has one field, and others have a few.
    let count = if is_value { 1..=1 } else { 0..=4 };
    let some = proptest::sample::subsequence(
        fields.clone(),
        *count.start()..=fields.len().min(*count.end()),
    );
    some.prop_flat_map(move |fields| {
        let of = |field: FieldDescriptor| {
            any_field(&field, depth).prop_map(move |value| (field.clone(), value))
        };
        fields.into_iter().map(of).collect::<Vec<_>>()
    })
    .prop_map(move |fields| {
        let mut message = DynamicMessage::new(descriptor.clone());
        for (field, value) in fields {
            // Of a oneof, the last member stays.
            message.set_field(&field, value);
        }
        message
    })
    .boxed()
}

fn span_of(descriptor: &MessageDescriptor, seconds: i64, nanos: i32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field_by_number(1, Value::I64(seconds));
    message.set_field_by_number(2, Value::I32(nanos));
    message
}

fn any_field(field: &FieldDescriptor, depth: u32) -> BoxedStrategy<Value> {
    if let Some(entry) = field.kind().as_message().filter(|_| field.is_map()) {
        let value = any_value(&entry.map_entry_value_field().kind(), depth);
        let map = proptest::collection::hash_map(".{0,3}".prop_map(MapKey::String), value, 0..4);
        return map.prop_map(Value::Map).boxed();
    }
    let one = any_value(&field.kind(), depth);
    if field.is_list() {
        let list = proptest::collection::vec(one, 0..4);
        return list.prop_map(Value::List).boxed();
    }
    one
}

fn any_value(kind: &Kind, depth: u32) -> BoxedStrategy<Value> {
    match kind {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Double => {
            // The parser of JSON may take a neighbour of a float that has more than 15 digits.
            let doubles = any::<i32>().prop_map(|number| f64::from(number) / 16.0);
            doubles.prop_map(Value::F64).boxed()
        }
        Kind::Int32 => any::<i32>().prop_map(Value::I32).boxed(),
        Kind::Int64 => any::<i64>().prop_map(Value::I64).boxed(),
        Kind::Uint32 => any::<u32>().prop_map(Value::U32).boxed(),
        Kind::Uint64 => any::<u64>().prop_map(Value::U64).boxed(),
        Kind::String => any::<String>().prop_map(Value::String).boxed(),
        Kind::Bytes => {
            let bytes = proptest::collection::vec(any::<u8>(), 0..8);
            bytes.prop_map(|bytes| Value::Bytes(bytes.into())).boxed()
        }
        Kind::Enum(of) if of.name() == "NullValue" => Just(Value::EnumNumber(0)).boxed(),
        Kind::Enum(_) => (-2..5).prop_map(Value::EnumNumber).boxed(),
        Kind::Message(of) => any_message(of.clone(), depth.saturating_sub(1))
            .prop_map(Value::Message)
            .boxed(),
        other => panic!("{other:?} is not in the message"),
    }
}

/// An object that has names of fields with values of any type.
fn any_json() -> impl Strategy<Value = String> {
    let fields = ALL_TYPES.fields.iter();
    let inner = ["number", "outer", "text", "inner", "user", "code", "a"];
    let names: Vec<_> = fields.map(|field| field.json).chain(inner).collect();
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u32>().prop_map(|number| format!("\"{number}\"")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        "[A-Za-z0-9+/_-]{0,9}".prop_map(|text| format!("\"{text}\"")),
        Just("\"1.5s\"".to_owned()),
        Just("\"-315576000000.999999999s\"".to_owned()),
        Just("\"2026-11-24T10:00:00.123456789Z\"".to_owned()),
    ];
    let object = move |values: BoxedStrategy<String>| {
        let entries =
            proptest::collection::hash_map(proptest::sample::select(names.clone()), values, 0..4);
        entries.prop_map(|entries| {
            let entries = entries
                .iter()
                .map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        })
    };
    let values = {
        let object = object.clone();
        leaf.prop_recursive(4, 32, 4, move |values| {
            let list = proptest::collection::vec(values.clone(), 0..4);
            prop_oneof![
                list.prop_map(|list| format!("[{}]", list.join(","))),
                object(values),
            ]
        })
    };
    object(values.boxed())
}
