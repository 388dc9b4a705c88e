//! Items in the JSON of DynamoDB.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html>

use std::collections::BTreeSet;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::stored::{Item, string};

pub fn write_item(item: &Item) -> Value {
    let attributes = item.iter();
    Value::Object(
        attributes
            .map(|(name, value)| (name.clone(), write_value(value)))
            .collect(),
    )
}

pub fn read_item(item: &Value) -> Item {
    let attributes = item.as_object().unwrap().iter();
    attributes
        .map(|(name, value)| (name.clone(), read_value(value)))
        .collect()
}

fn write_value(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(blob) => json!({ "B": STANDARD.encode(blob) }),
        AttributeValue::M(map) => json!({ "M": write_item(map) }),
        AttributeValue::L(list) => {
            json!({ "L": list.iter().map(write_value).collect::<Vec<_>>() })
        }
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Ss(set) => json!({ "SS": set }),
        other => panic!("{other:?}"),
    }
}

fn read_value(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match &**kind {
        "S" => AttributeValue::S(string(value).to_owned()),
        "N" => AttributeValue::N(string(value).to_owned()),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(string(value)).unwrap())),
        "M" => AttributeValue::M(read_item(value)),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(read_value).collect()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "SS" => {
            let set = value.as_array().unwrap().iter();
            AttributeValue::Ss(set.map(|one| string(one).to_owned()).collect())
        }
        other => panic!("{other}"),
    }
}

/// The names of an item's attributes and of what is in its maps, each with its kind.
pub fn shape(item: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, value) in item.as_object().unwrap() {
        let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
        names.insert(format!("{name} {kind}"));
        if kind == "M" {
            names.extend(shape(value).iter().map(|inner| format!("{name}.{inner}")));
        }
    }
    names
}
