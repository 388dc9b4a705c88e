//! Decodes messages in protobuf. v2alpha accepts each message that v2 accepts, and reads fewer fields.

#![no_main]

use bytes::Bytes;
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use sesame::api::schema::{PROCEDURES, Procedure};
use sesame::api::{
    Call, Codec, MatchedRoute, Protocol, Request, RequestContext, Version, WireLimits, read,
};
use sesame::domain::Filter;
use sesame::error::Error;
use sesame::service::{CreateSession, DeleteSession, GetSession, ListSessions, SetSession};

const LIMITS: WireLimits = WireLimits {
    body: 4096,
    message: 4096,
};

fn decode<C: Call>(version: Version, bytes: &[u8]) -> Result<C, Error> {
    let named = |one: &&Procedure| one.operation == C::OPERATION && one.version == version;
    let route = MatchedRoute {
        protocol: Protocol::Connect(Codec::Proto),
        procedure: PROCEDURES.iter().find(named).expect("a call"),
        path_fields: Vec::new(),
        has_body: true,
    };
    let request = Request {
        method: http::Method::POST,
        path: String::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(bytes),
        context: RequestContext::default(),
    };
    read(&route, &request, LIMITS)
}

/// Reads a message as v2 and as v2alpha do. It is `None` if v2 refuses the message.
fn both<C: Call>(bytes: &[u8]) -> Option<(C, Result<C, Error>)> {
    let later = decode(Version::V2, bytes).ok()?;
    Some((later, decode(Version::V2alpha, bytes)))
}

fuzz_target!(|bytes: &[u8]| {
    if let Some((later, first)) = both::<CreateSession>(bytes) {
        let first = first.expect("accepted");
        assert_eq!(first.checks, later.checks);
        assert_eq!(first.metadata, later.metadata);
        assert_eq!((first.lifetime, first.user_agent), (None, None));
    }
    match both::<SetSession>(bytes) {
        Some((later, Ok(first))) => {
            assert_eq!(first.checks, later.checks);
            assert_eq!(first.metadata, later.metadata);
            assert_eq!(first.lifetime, None);
        }
        // Before v2, a session token is required.
        Some((later, Err(_))) => assert_eq!(later.session_token, None),
        None => {}
    }
    if let Some((later, first)) = both::<ListSessions>(bytes) {
        let first = first.expect("accepted");
        assert_eq!(first.page, later.page);
        assert_eq!(first.filters.len(), later.filters.len());
        // v2alpha ignores the members of the oneof that only v2 has, and uses an earlier one.
        let known = |one: &Filter| matches!(one, Filter::Ids(_) | Filter::Nothing);
        assert!(first.filters.iter().all(known));
    }
    if let Some((later, first)) = both::<GetSession>(bytes) {
        assert_eq!(first.expect("accepted"), later);
    }
    if let Some((later, first)) = both::<DeleteSession>(bytes) {
        assert_eq!(first.expect("accepted"), later);
    }
});
