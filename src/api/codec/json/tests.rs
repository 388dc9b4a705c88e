//! JSON by table, on a message with all types, beside `prost-reflect`.

mod conformance;
mod properties;
mod refusals;

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use super::read::{Encoded, read};
use super::tree::parse;
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

/// The message as `prost-reflect` reads it from JSON.
fn deserialize(json: &str) -> serde_json::Value {
    let mut reader = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(descriptor(), &mut reader).unwrap();
    serde_json::to_value(message).unwrap()
}
