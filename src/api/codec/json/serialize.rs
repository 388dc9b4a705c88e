//! Serialises fields of the generated messages. `build.rs` names these functions in attributes
//! of the fields.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_types::Timestamp;
use serde::Serializer;
use serde::ser::SerializeMap as _;

/// Writes a 64-bit number as a string, so that no reader rounds it.
pub fn u64_as_string<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// Whether a number is the default value, which is left out.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub fn u64_is_zero(number: &u64) -> bool {
    *number == 0
}

/// Writes a time in RFC 3339. An absent one is left out before.
#[allow(clippy::ref_option, reason = "serde calls it so")]
pub fn timestamp<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    let at = at.unwrap_or_default();
    let millis = at.seconds * 1000 + i64::from(at.nanos) / 1_000_000;
    let at = crate::domain::Timestamp::from_millis(millis);
    serializer.serialize_str(&at.to_rfc3339())
}

/// Writes the bytes of each value in base64.
pub fn base64_values<S: Serializer>(
    map: &BTreeMap<String, Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut out = serializer.serialize_map(Some(map.len()))?;
    for (key, value) in map {
        out.serialize_entry(key, &STANDARD.encode(value))?;
    }
    out.end()
}
