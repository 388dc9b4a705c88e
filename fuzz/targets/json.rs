//! Bodies of the JSON routes. What is accepted is JSON to another parser as well.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::api::{Bound, Route, Version, json};
use sesame::service::Rpc;

fuzz_target!(|input: (u8, &[u8])| {
    let (version, body) = input;
    let version = Version::ALL[usize::from(version) % Version::ALL.len()];
    let rpc = Rpc::CreateSession;
    if json::decode(Route { rpc, version }, body, Bound::default()).is_ok() && !body.trim_ascii().is_empty() {
        let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        assert!(value.is_object());
    }
});
