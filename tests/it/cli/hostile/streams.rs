//! Requests that never end, and those of many header fields.

use std::io::Write as _;
use std::time::{Duration, Instant};

use super::{MAX_GROWTH_KIB, MAX_SECOND_WAVE_KIB};
use crate::support::cli::http2::{
    END_HEADERS, END_STREAM, Frame, HEADERS, Http2, PING, headers_by,
};
use crate::support::cli::process::{Dev, curl, test_variable};
use crate::support::cli::service::{Service, eventually};

/// How many connections a client takes, unless `SESAME_TEST_CONNECTIONS` says so.
const CONNECTIONS: usize = 130;
const STREAMS: u8 = 100;
/// For the slowest machine.
const HOUR: Duration = Duration::from_hours(1);

/// `age` without a value, by its index in HPACK's static table, which is 21: a byte each.
/// <https://www.rfc-editor.org/rfc/rfc7541#appendix-A>
fn fields(count: usize) -> Vec<u8> {
    vec![0x95; count]
}

/// Opens as many streams as there may be on a connection, none of which ends.
fn open(url: &str, block: &[u8]) -> Http2 {
    let mut client = Http2::connect(url);
    client.0.set_read_timeout(Some(HOUR)).unwrap();
    let mut frames = Vec::new();
    for stream in (0..STREAMS).map(|stream| 2 * stream + 1) {
        frames.extend(Frame::new(HEADERS, END_HEADERS, stream, block).bytes());
    }
    frames.extend(Frame::new(PING, 0, 0, b"whatever").bytes());
    client.0.write_all(&frames).unwrap();
    client
}

fn connections() -> usize {
    let connections = test_variable("SESAME_TEST_CONNECTIONS");
    connections.map_or(CONNECTIONS, |count| count.parse().unwrap())
}

/// Opens streams on many connections, and waits until the server has read all of them.
fn wave(serve: &Service, block: &[u8]) -> Vec<Http2> {
    let open = |_| open(&serve.url, block);
    let mut clients: Vec<_> = (0..connections()).map(open).collect();
    for client in &mut clients {
        // A connection may have given way to one that another client opened.
        while client.frame_of(&[PING]).is_some_and(|ping| ping.flags == 0) {}
    }
    let started = Instant::now();
    assert_eq!(serve.create(), 200, "others are served");
    println!("another client is answered after {:?}", started.elapsed());
    clients
}

#[test]
fn streams_take_little_memory_whatever_their_heads() {
    let dev = Dev::start();
    let head = headers_by("POST", "/v2/sessions", &[]);
    for (name, more) in [
        ("too many fields", fields(930)),
        ("as many as may be", fields(100)),
        ("few", fields(0)),
    ] {
        let serve = Service::over(&dev.database, &[]);
        assert_eq!(serve.create(), 200, "{name}");
        let idle = serve.process.descriptors();
        let block = [&*head, &more].concat();
        drop(wave(&serve, &block));
        let mut grown = serve.growth();
        // A stream that is refused lasts for up to a second, so a wave takes somewhat more than those
        // before it if it is the first that comes in less time. The next one is like it then.
        let is_flat = (0..3).any(|_| {
            // The server may have more connections to the database than before.
            eventually("the last wave has ended", || {
                serve.process.descriptors() <= idle + 4
            });
            // The tasks of its streams were to be run before those of calls that come later.
            for _ in 0..20 {
                assert_eq!(serve.create(), 200, "{name}");
            }
            drop(wave(&serve, &block));
            let before = std::mem::replace(&mut grown, serve.growth());
            // The system counts pages in batches, so a peak may be read as somewhat less later.
            let more = grown.saturating_sub(before);
            println!("{name}: {before} KiB, then {more} KiB more");
            more <= MAX_SECOND_WAVE_KIB
        });
        // Of more connections, the growth is printed alone.
        if connections() <= CONNECTIONS {
            assert!(grown <= MAX_GROWTH_KIB, "{name}: {grown} KiB");
        }
        assert!(is_flat, "{name}: each wave takes more");
    }
}

/// What `curl` prints of a request with so many fields: the answer, and its status.
fn send_fields(url: &str, version: &str, content_type: &str, fields: usize) -> String {
    // Beside these, curl sends `user-agent`, `accept` and `content-length`.
    let mut headers = vec![format!("Content-Type: {content_type}")];
    headers.extend((4..fields).map(|field| format!("X-{field}: x")));
    let mut options = vec!["-i", version, "-w", "\n%{http_code}", "-d", "{}", url];
    options.extend(headers.iter().flat_map(|header| ["-H", header]));
    curl(&options).to_lowercase()
}

#[test]
fn more_than_100_header_fields_are_refused_in_the_callers_protocol() {
    let dev = Dev::start();
    let rpc = "/zitadel.session.v2.SessionService/CreateSession";
    let check = "/grpc.health.v1.Health/Check";
    for (path, content_type, status, want) in [
        ("/v2/sessions", "json", "431", "\"code\":8,"),
        ("/v2/sessions/none", "json", "431", "\"code\":8,"),
        ("/none", "json", "431", "\"code\":8,"),
        ("/healthz", "json", "431", "\"code\":8,"),
        (rpc, "json", "429", "\"code\":\"resource_exhausted\""),
        (rpc, "proto", "429", "\"code\":\"resource_exhausted\""),
        (rpc, "grpc", "200", "grpc-status: 8"),
        (rpc, "grpc-web", "200", "grpc-status:8"),
        (check, "grpc", "200", "grpc-status: 8"),
    ] {
        let content_type = &format!("application/{content_type}");
        let url = format!("{}{path}", dev.url);
        let answer = send_fields(&url, "--http2-prior-knowledge", content_type, 101);
        assert!(answer.contains(want), "{path} {content_type}: {answer}");
        assert!(answer.ends_with(status), "{path} {content_type}: {answer}");
    }
    let url = format!("{}/healthz", dev.url);
    for (version, fields, want) in [
        ("--http2-prior-knowledge", 100, "405"),
        ("--http2-prior-knowledge", 101, "431"),
        ("--http1.1", 100, "405"),
        // hyper answers by itself, and closes.
        ("--http1.1", 101, "431"),
    ] {
        // Over HTTP/1.1, curl sends `host`.
        let more = fields - usize::from(version == "--http1.1");
        let answer = send_fields(&url, version, "text/plain", more);
        assert!(answer.ends_with(want), "{version} {fields}: {answer}");
    }
}

#[test]
fn a_connection_stays_after_a_request_of_too_many_fields() {
    let dev = Dev::start();
    let mut client = Http2::connect(&dev.url);
    let block = [headers_by("GET", "/healthz", &[]), fields(101)].concat();
    let flags = END_HEADERS | END_STREAM;
    client.send(&Frame::new(HEADERS, flags, 1, &block)).unwrap();
    assert!(!client.read_answer().0.is_ok());

    client.ask(3, "GET", "/healthz");
    assert!(client.read_answer().0.is_ok());
}
