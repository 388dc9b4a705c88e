//! Decodes bodies of the JSON routes. Another parser accepts each accepted body as JSON, too.

#![no_main]

use bytes::Bytes;
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use sesame::api::schema::PROCEDURES;
use sesame::api::{MatchedRoute, Protocol, Request, RequestContext, WireLimits, check};

const LIMITS: WireLimits = WireLimits {
    body: 4096,
    message: 4096,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (at, body) = input;
    let route = MatchedRoute {
        protocol: Protocol::Json,
        procedure: &PROCEDURES[usize::from(at) % PROCEDURES.len()],
        path_fields: Vec::new(),
        has_body: true,
    };
    let request = Request {
        method: http::Method::POST,
        path: String::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
        context: RequestContext::default(),
    };
    if check(&route, &request, LIMITS).is_ok() && !body.trim_ascii().is_empty() {
        let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        assert!(value.is_object());
    }
});
