//! Decodes bodies of the JSON routes. Another parser accepts each accepted body as JSON, too.

#![no_main]

use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use sesame::api::codec::json::{self, BoundFields};
use sesame::api::{RequestHeaders, Version};
use sesame::domain::Operation;

fuzz_target!(|input: (u8, &[u8])| {
    let (route, body) = input;
    let version = Version::ALL[usize::from(route) % Version::ALL.len()];
    let operation = Operation::ALL[usize::from(route) / Version::ALL.len() % Operation::ALL.len()];
    let headers = RequestHeaders::read(&HeaderMap::new());
    let call = json::decode(operation, version, BoundFields::default(), headers, body);
    if call.is_ok() && !body.trim_ascii().is_empty() {
        let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        assert!(value.is_object());
    }
});
