//! The budgets of requests and of answers, when one client takes as much as it can.

use std::io::Read as _;
use std::net::Shutdown;
use std::time::Duration;

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::support::cli::gate::WriteGate;
use crate::support::cli::http2::{Frame, HEADERS, Http2, PING, headers_by};
use crate::support::cli::process::{Dev, head, opened, padded, post};
use crate::support::cli::service::{SOON, Service, eventually};

/// The longest body, by default.
const LONGEST: usize = 256 * 1024;
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// A gRPC message without fields, which asks for all services.
const EMPTY: [u8; 5] = [0; 5];

fn check(url: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let endpoint = Endpoint::from_shared(url.to_owned()).unwrap();
        let mut client = HealthClient::new(endpoint.connect().await.unwrap());
        let request = HealthCheckRequest::default();
        client.check(request).await.unwrap();
    });
}

fn streams() -> impl Iterator<Item = u8> {
    (1..200).step_by(2)
}

#[test]
fn unread_answers_of_health_checks_keep_nobody_out() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    let _unread: Vec<_> = (0..42)
        .map(|_| {
            let mut client = Http2::with_window(&serve.url, 0);
            for stream in streams() {
                client.ask_grpc(stream, CHECK, &EMPTY);
            }
            // Each has its answer, but for the data.
            for _ in streams() {
                client.frame_of(&[HEADERS]).unwrap();
            }
            client
        })
        .collect();

    assert_eq!(serve.create(), 200);
    check(&serve.url);
}

#[test]
fn heads_of_references_keep_nobody_out() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    let _open: Vec<_> = (0..40)
        .map(|_| {
            let mut client = Http2::connect(&serve.url);
            let value = "x".repeat(4000);
            let mut block = headers_by("POST", "/v2/sessions", &[]);
            // A literal with incremental indexing, whose index is 62 then.
            block.extend([0x40, 1, b'x', 127, 0xa1, 0x1e]);
            block.extend(value.as_bytes());
            for stream in streams() {
                client.open(stream, &block);
                block = headers_by("POST", "/v2/sessions", &[]);
                block.extend([0xBE; 7]);
            }
            client.send(&Frame::new(PING, 0, 0, b"whatever")).unwrap();
            while client.frame_of(&[PING]).unwrap().flags == 0 {}
            client
        })
        .collect();

    assert_eq!(serve.create(), 200);
    check(&serve.url);
    assert_eq!(serve.losses()["client_ip"], "127.0.0.1");
}

#[test]
fn slow_bodies_keep_nobody_out() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &["--body-seconds", "600"]);
    let body = padded(LONGEST);
    let begun = head("", LONGEST) + &body[..LONGEST - 8];
    let slow: Vec<_> = (0..270).map(|_| opened(&serve.url, &begun)).collect();

    for _ in 0..3 {
        assert_eq!(post(&serve.url, "", body.as_bytes()).0, 200);
    }
    check(&serve.url);
    assert!(serve.losses()["lost"].as_u64().unwrap() > 0);
    drop(slow);
}

#[test]
fn a_request_that_is_given_up_is_refused_even_if_its_body_never_ends() {
    let dev = Dev::start();
    let options = ["--max-bodies-bytes", "1048576", "--body-seconds", "600"];
    let serve = Service::over(&dev.database, &options);
    let begun = head("", LONGEST) + &padded(LONGEST - 8);
    let slow = [(); 6].map(|()| opened(&serve.url, &begun));
    assert!(serve.losses()["lost"].as_u64().unwrap() > 0);

    let refused = slow.into_iter().filter(|mut stream| {
        stream.shutdown(Shutdown::Write).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).is_ok() && answer.ends_with(b"429")
    });
    assert!(refused.count() > 0);
}

#[test]
fn health_checks_are_answered_while_calls_take_all_room() {
    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let options = ["--max-bodies-bytes", "1048576", "--answer-seconds", "600"];
    let serve = Service::over(&gate.url, &options);
    gate.close();
    let body = padded(16 * 1024 + 2);
    let call = head("", body.len()) + &body;
    let mut calls: Vec<_> = (0..60).map(|_| opened(&serve.url, &call)).collect();
    // As long as there is room, a call is begun and gets no answer.
    eventually("all is taken", || {
        let mut stream = opened(&serve.url, &(head("", 2) + "{}"));
        stream
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let mut status = [0; 12];
        let is_answered = stream.read_exact(&mut status).is_ok();
        calls.push(stream);
        is_answered && status.ends_with(b"429")
    });

    for _ in 0..3 {
        check(&serve.url);
        assert_eq!(serve.get("/healthz"), 200);
        assert_eq!(serve.get("/readyz"), 200);
    }
    gate.open();
    drop(calls);
}
