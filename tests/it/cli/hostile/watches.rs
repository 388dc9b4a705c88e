use std::io::{ErrorKind, Read as _};
use std::time::{Duration, Instant};

use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::MEMORY_KIB;
use crate::support::cli::http2::{DATA, END_STREAM, GOAWAY, HEADERS, Http2};
use crate::support::cli::local::LocalServer;
use crate::support::cli::process::Dev;
use crate::support::cli::service::{SOON, Service, eventually};

const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// A message of gRPC with the empty string in field 7, `list_services`.
/// <https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto>
const LIST_SERVICES: &[u8] = &[0, 0, 0, 0, 2, 7 << 3 | 2, 0];
/// A gRPC message without fields, which asks for all services.
const EMPTY: [u8; 5] = [0; 5];

async fn client(url: &str) -> HealthClient<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned()).unwrap();
    HealthClient::new(endpoint.connect().await.unwrap())
}

/// A watch stream on a connection of its own that has got its first message.
fn watch(url: &str) -> Http2 {
    let mut client = Http2::connect(url);
    client.ask_grpc(1, WATCH, &EMPTY);
    client.frame_of(&[DATA]).unwrap();
    client
}

/// Waits for the end of a connection.
fn end(client: &mut Http2) {
    let started = Instant::now();
    match client.0.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    assert!(started.elapsed() < SOON);
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_are_limited_in_number() {
    let server = LocalServer::start(|limits| limits.watches = 2);
    let mut health = client(&server.url).await;
    let first = health.watch(HealthCheckRequest::default()).await.unwrap();
    // Reflection streams count against the same limit while their answers are unread.
    let mut second = Http2::with_window(&server.url, 1);
    second.ask_grpc(1, REFLECTION, LIST_SERVICES);
    second.frame_of(&[DATA]).unwrap();

    let refused = health.watch(HealthCheckRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
    health.check(HealthCheckRequest::default()).await.unwrap();

    drop(first);
    let started = Instant::now();
    while health.watch(HealthCheckRequest::default()).await.is_err() {
        assert!(started.elapsed() < SOON, "its place is not free");
    }
    drop(second);
}

const TENTHS: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_watch_has_a_maximum_age() {
    let server = LocalServer::start(|limits| limits.watch = TENTHS);
    let mut health = client(&server.url).await;
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.unwrap().into_inner();
    watched.message().await.unwrap().unwrap();

    let end = tokio::time::timeout(SOON, watched.message()).await.unwrap();

    assert_eq!(end.unwrap_err().code(), Code::Unavailable);
}

#[test]
fn watches_leave_room_for_calls() {
    let server = LocalServer::start(|limits| limits.connections = 5);
    for window in [None, Some(0)] {
        let _watching: Vec<_> = (0..5)
            .map(|_| {
                let mut client = match window {
                    None => Http2::connect(&server.url),
                    Some(window) => Http2::with_window(&server.url, window),
                };
                client.ask_grpc(1, WATCH, &EMPTY);
                client.frame_of(&[HEADERS]).unwrap();
                client
            })
            .collect();

        let mut caller = Http2::connect(&server.url);
        caller.ask(1, "GET", "/healthz");
        assert!(caller.frame_of(&[HEADERS]).unwrap().is_ok(), "{window:?}");
    }
}

#[test]
fn a_connection_with_a_watch_keeps_its_other_limits() {
    let server = LocalServer::start(|limits| {
        limits.age = TENTHS;
        limits.body = TENTHS;
        limits.response = TENTHS;
        limits.write = TENTHS;
    });
    let mut old = watch(&server.url);
    assert_eq!(old.frame_of(&[GOAWAY]).unwrap().code(), 0);
    end(&mut old);
}

#[test]
fn many_watches_take_little_memory() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);

    let hostile: Vec<_> = (0..20)
        .map(|_| {
            let mut client = Http2::with_window(&serve.url, 0);
            for stream in (1..200).step_by(2) {
                client.ask_grpc(stream, WATCH, &EMPTY);
                client.frame_of(&[HEADERS]).unwrap();
            }
            assert_eq!(serve.create(), 200, "others are served");
            client
        })
        .collect();

    serve.assert_memory_below(MEMORY_KIB);
    drop(hostile);
    eventually("a place is free", || {
        let mut client = Http2::connect(&serve.url);
        client.ask_grpc(1, WATCH, &EMPTY);
        client.frame_of(&[HEADERS]).unwrap().flags & END_STREAM == 0
    });
}
