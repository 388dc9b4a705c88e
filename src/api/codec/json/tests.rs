//! JSON by table, on a message with all types, beside `prost-reflect`.

mod conformance;
mod properties;
mod refusals;
mod written;

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use super::read::{Encoded, read};
use super::tree::parse;
use super::write::write;
use crate::api::schema::{ALL_TYPES, DESCRIPTORS};
use crate::error::Error;

fn read_text(json: &str) -> Result<Encoded, Error> {
    read(&ALL_TYPES, &parse(json.as_bytes())?)
}

fn descriptor() -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());
    POOL.get_message_by_name("sesame.test.AllTypes").unwrap()
}

/// The message as `prost-reflect` reads it from protobuf, in JSON, where a NaN equals another.
fn decode(bytes: &[u8]) -> serde_json::Value {
    let message = DynamicMessage::decode(descriptor(), bytes).unwrap();
    serde_json::to_value(message).unwrap()
}

/// The message as it is written in JSON, once as `prost-reflect` writes it in protobuf: without
/// default values, and lists of numbers in one run.
fn write_text(bytes: &[u8]) -> serde_json::Value {
    let message = DynamicMessage::decode(descriptor(), bytes).unwrap();
    let json = write(&ALL_TYPES, &message.encode_to_vec()).unwrap();
    // No name is written twice.
    assert!(parse(&json).is_ok());
    serde_json::from_slice(&json).unwrap()
}

/// The message as `prost-reflect` reads it from JSON.
fn deserialize(json: &str) -> serde_json::Value {
    let mut reader = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(descriptor(), &mut reader).unwrap();
    serde_json::to_value(message).unwrap()
}
