use std::net::TcpStream;

use super::MEMORY_KIB;
use crate::support::cli::gate::WriteGate;
use crate::support::cli::http2::{
    DATA, END_HEADERS, END_STREAM, Frame, HEADERS, Http2, RST_STREAM, headers,
};
use crate::support::cli::process::{Dev, curl, head, opened, post, post_to, read_answer};
use crate::support::cli::service::{Service, eventually};

const CREATE: &str = "/zitadel.session.v2.SessionService/CreateSession";

/// A create whose answer is yet to come.
fn begin(url: &str) -> TcpStream {
    opened(url, &(head("", 2) + "{}"))
}

/// Headers and trailers of the answer to an empty message.
fn send_empty(url: &str, version: &str, content_type: &str) -> String {
    let message = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(message.path(), [0; 5]).unwrap();
    let content_type = format!("Content-Type: {content_type}");
    let message = format!("@{}", message.path().display());
    let url = format!("{url}{CREATE}");
    let options = [
        "-i",
        version,
        "-H",
        &content_type,
        "--data-binary",
        &message,
        &url,
    ];
    curl(&options).to_lowercase()
}

fn assert_refused_in_each_protocol(url: &str) {
    let (status, json) = post(url, "", b"{}");
    assert_eq!((status, &json["code"]), (429, &8.into()), "{json}");
    let (status, connect) = post_to(url, CREATE, "", b"{}");
    assert_eq!(status, 429, "{connect}");
    assert_eq!(connect["code"], "resource_exhausted");
    for (version, content_type) in [
        ("--http1.1", "application/grpc-web+proto"),
        ("--http2-prior-knowledge", "application/grpc-web+proto"),
        ("--http2-prior-knowledge", "application/grpc"),
    ] {
        let answer = send_empty(url, version, content_type);
        assert!(answer.lines().next().unwrap().contains(" 200"), "{answer}");
        assert!(
            answer.replace(": ", ":").contains("grpc-status:8"),
            "{answer}"
        );
    }
}

#[test]
fn a_call_over_the_limit_is_refused_in_its_protocol() {
    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &["--max-calls", "2"]);
    gate.close();
    let begun = [begin(&serve.url), begin(&serve.url)];
    eventually("both are under way", || gate.held() >= 2);

    assert_refused_in_each_protocol(&serve.url);
    assert_eq!(serve.get("/healthz"), 200);
    assert_eq!(serve.get("/readyz"), 200);

    gate.open();
    for mut stream in begun {
        assert_eq!(read_answer(&mut stream).0, 200);
    }
    assert_eq!(serve.create(), 200);
}

/// Opens a call and cancels it; `is_begun` says when.
fn open_and_reset(client: &mut Http2, stream: u8, is_begun: impl FnMut() -> bool) {
    client.call(stream, "{}");
    eventually("it is under way", is_begun);
    client.cancel(stream);
}

#[test]
fn calls_whose_streams_were_reset_count_against_the_limit() {
    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &["--max-calls", "4"]);
    gate.close();
    let mut client = Http2::connect(&serve.url);
    for call in 1..=4 {
        let stream = u8::try_from(2 * call - 1).unwrap();
        open_and_reset(&mut client, stream, || gate.held() >= call);
    }

    client.call(9, "{}");
    let refused = client.frame_of(&[HEADERS]).unwrap();
    assert!(refused.stream == 9 && !refused.is_ok(), "{refused:?}");
    assert_eq!(post(&serve.url, "", b"{}").0, 429);

    gate.open();
    eventually("others are served", || serve.create() == 200);
}

#[test]
fn many_reset_calls_take_little_memory() {
    /// A call makes at most four requests, each of them up to three times.
    const REQUESTS: usize = 4 * 3;
    const CALLS: usize = 8;

    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &["--max-calls", "8"]);
    gate.close();
    for _ in 0..20 {
        let mut client = Http2::connect(&serve.url);
        for stream in (1..200).step_by(2) {
            let frames = [
                Frame::new(HEADERS, END_HEADERS, stream, &headers(&[])),
                Frame::new(DATA, END_STREAM, stream, b"{}"),
                Frame::new(RST_STREAM, 0, stream, &[0, 0, 0, 8]),
            ];
            // A client with too many resets is disconnected.
            if frames.iter().any(|frame| client.send(frame).is_err()) {
                break;
            }
        }
    }

    assert_eq!(serve.get("/readyz"), 200);
    assert!(gate.held() <= CALLS * REQUESTS, "{}", gate.held());
    serve.assert_memory_below(MEMORY_KIB);
    gate.open();
    eventually("others are served", || serve.create() == 200);
}

#[test]
fn slow_readers_do_not_hold_calls() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &["--max-calls", "1"]);
    let path = serve.large();
    let mut slow = Http2::with_window(&serve.url, 0);
    for stream in [1, 3, 5] {
        slow.ask(stream, "GET", &path);
        assert!(slow.frame_of(&[HEADERS]).unwrap().is_ok(), "{stream}");
    }

    assert_eq!(serve.get(&path), 200);
    assert_eq!(serve.create(), 200);
}
