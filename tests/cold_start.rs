//! Tests of the parts of `cargo cold-start`. They are here, because a bench without a harness runs
//! no tests.

#![allow(clippy::unwrap_used, reason = "what a test can't go on from fails it")]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sesame::api::{MatchedRoute, Request, WireLimits, read};
use sesame::service::CreateSession;
use sesame::transport::lambda::event;

#[path = "../benches/cold_start/calls.rs"]
mod calls;
#[path = "../benches/cold_start/events.rs"]
#[allow(dead_code, reason = "no test reads an event from a file")]
mod events;
#[path = "../benches/cold_start/response.rs"]
mod response;

use calls::{Calls, HashCounts};
use response::check_success;

#[test]
fn a_call_may_cost_five_percent_more_than_in_json() {
    let json = Calls {
        first: 2000,
        second: 1000,
    };
    for (first, second, want) in [
        (2000, 1000, true),
        (1, 1, true),
        (2100, 1050, true),
        (2101, 1050, false),
        (2100, 1051, false),
        (1000, 2000, false),
    ] {
        let calls = Calls { first, second };
        assert_eq!(calls.is_close_to(json), want, "{calls:?}");
    }
}

#[test]
fn the_password_hash_is_taken_off_both_calls() {
    let calls = Calls {
        first: 2000,
        second: 1000,
    };
    for (hash, want) in [
        (0, Some((2000, 1000))),
        (1000, Some((1000, 0))),
        (1001, None),
        (2001, None),
    ] {
        let without = calls.without(hash);
        assert_eq!(
            without.map(|calls| (calls.first, calls.second)),
            want,
            "{hash}"
        );
    }
}

#[test]
fn a_hash_is_counted_for_each_block_by_both_codes() {
    for (hash, excess, want) in [
        (3000, 4000, Some((300, 700))),
        (3009, 0, Some((300, 300))),
        (10, 5, Some((1, 1))),
        (9, 4000, None),
        (0, 0, None),
    ] {
        let counts = HashCounts::new(hash, excess, 10);
        let counts = counts.map(|counts| (counts.ours, counts.portable));
        assert_eq!(counts, want, "{hash} and {excess}");
    }
}

#[test]
fn a_call_is_compared_with_the_hash_of_the_crate() {
    let hash = HashCounts {
        ours: 50,
        portable: 100,
    };
    for (call, want) in [(0, 0), (1, 1), (50, 50), (51, 51), (1000, 1000)] {
        assert_eq!(hash.thousandths(call, 10), want, "{call}");
    }
    assert_eq!(hash.thousandths(101, 20), 51);
}

#[test]
fn each_event_makes_the_same_call_in_another_protocol() {
    const LIMITS: WireLimits = WireLimits {
        body: 1024,
        message: 1024,
    };
    let requests = events::protocol_events().unwrap().map(|event| {
        let event = event::Event::read(event.json.as_bytes());
        event.request().unwrap()
    });

    let decode = |request: &Request| {
        let (_, route) = MatchedRoute::find(&request.path, request, None);
        read::<CreateSession>(&route.unwrap(), request, LIMITS).unwrap()
    };
    let call = decode(&requests[0]);
    for request in &requests {
        assert_eq!(decode(request), call, "{}", request.path);
    }
    let forms: BTreeSet<_> = requests
        .iter()
        .map(|request| (&request.path, request.headers["content-type"].as_bytes()))
        .collect();
    assert_eq!(forms.len(), requests.len());
}

#[test]
fn a_success_is_recognised_in_each_protocol() {
    const GOOD: &[u8] = b"\0\0\0\0\x02hi\x80\0\0\0\x0fgrpc-status:0\r\n";
    const EMPTY: &[u8] = b"\0\0\0\0\0\x80\0\0\0\x0fgrpc-status:0\r\n";
    const REFUSED: &[u8] = b"\x80\0\0\0\x0fgrpc-status:5\r\n";
    const NO_MESSAGE: &[u8] = b"\x80\0\0\0\x0fgrpc-status:0\r\n";
    const LATE: &[u8] = b"\0\0\0\0\x02hi\x80\0\0\0\x0fgrpc-status:4\r\n";
    const NO_TRAILERS: &[u8] = b"\0\0\0\0\x02hi";
    const NO_STATUS: &[u8] = b"\0\0\0\0\x02hi\x80\0\0\0\0";
    const CUT_OFF: &[u8] = b"\0\0\0\0\x02hi\x80\0\0\0\x10grpc-status:0\r\n";
    const AND_MORE: &[u8] = b"\0\0\0\0\x02hi\x80\0\0\0\x0fgrpc-status:0\r\n\0";

    for (answer, want) in [
        (json!({ "statusCode": 200, "body": "hello" }), true),
        (http(201, "application/json"), true),
        (http(200, "application/proto"), true),
        (grpc_web(GOOD), true),
        (grpc_web(EMPTY), true),
        (grpc_web_text(GOOD), true),
        (rest(grpc_web(GOOD)), true),
        (grpc("0"), true),
        (json!({ "body": "hello" }), false),
        (http(404, "application/json"), false),
        (http(500, "application/proto"), false),
        (grpc_web(REFUSED), false),
        (grpc_web(NO_MESSAGE), false),
        (grpc_web(LATE), false),
        (grpc_web(NO_TRAILERS), false),
        (grpc_web(NO_STATUS), false),
        (grpc_web(CUT_OFF), false),
        (grpc_web(AND_MORE), false),
        (grpc_web(b""), false),
        (grpc_web_text(REFUSED), false),
        (rest(grpc_web(REFUSED)), false),
        (grpc("12"), false),
        (http(200, "application/grpc"), false),
        (http(200, "application/grpc-web+proto"), false),
    ] {
        let got = check_success(answer.to_string().as_bytes());
        assert_eq!(got.is_ok(), want, "{answer}");
    }
    assert!(check_success(b"hello").is_err());
}

fn http(status: u16, content_type: &str) -> Value {
    json!({ "statusCode": status, "headers": { "content-type": content_type }, "body": "{}" })
}

fn grpc(status: &str) -> Value {
    let mut answer = http(200, "application/grpc");
    answer["headers"]["grpc-status"] = status.into();
    answer
}

fn grpc_web(frames: &[u8]) -> Value {
    let mut answer = http(200, "application/grpc-web+proto");
    answer["body"] = STANDARD.encode(frames).into();
    answer["isBase64Encoded"] = true.into();
    answer
}

fn grpc_web_text(frames: &[u8]) -> Value {
    let mut answer = http(200, "application/grpc-web-text+proto");
    answer["body"] = STANDARD.encode(frames).into();
    answer["isBase64Encoded"] = false.into();
    answer
}

/// The same response in the form of a REST API.
fn rest(mut answer: Value) -> Value {
    let content_type = answer["headers"]["content-type"].take();
    answer["headers"] = json!({});
    answer["multiValueHeaders"] = json!({ "content-type": [content_type] });
    answer
}
