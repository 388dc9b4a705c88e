//! Writes a reply in JSON. `build/messages.rs` has `serde` call these functions for its fields.

use std::collections::BTreeMap;
use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde::{Serialize, Serializer};

use crate::error::Error;

/// Writes a message that is in protobuf in the JSON of proto3, its fields by their numbers.
///
/// # Errors
///
/// [`Error::Internal`]: the bytes are not that message.
pub fn write<M: Message + Default + Serialize>(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let message = M::decode(bytes).map_err(|error| Error::Internal(error.into()))?;
    serde_json::to_vec(&message).map_err(|error| Error::Internal(error.into()))
}

/// Whether a field is left out.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "it is called with a field")]
pub fn optional_text<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(T::to_string).serialize(serializer)
}

pub fn base64_values<S: Serializer>(
    map: &BTreeMap<String, Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(key, value)| (key, STANDARD.encode(value))))
}
