//! The probes of containers: `/healthz` and `/readyz`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::support::cli::gate::WriteGate;
use crate::support::cli::http2::{DATA, Frame, HEADERS, Http2, RST_STREAM, headers_by, headers_of};
use crate::support::cli::process::{Dev, connect, head};
use crate::support::cli::service::{SOON, Service, eventually, read_status};

const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The whole answer to a request without a body.
fn ask(url: &str, method: &str, path: &str) -> String {
    let mut stream = connect(url);
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn probes_are_answered_without_a_token() {
    let dev = Dev::with(&["--access", "token"]);
    let serve = Service::with_access("token", &dev.database, &[]);
    for url in [&dev.url, &serve.url] {
        for path in PROBES {
            let got = ask(url, "GET", path);
            assert!(got.starts_with("HTTP/1.1 200"), "{path}: {got}");
            assert!(got.ends_with("\r\n\r\nok\n"), "{path}: {got}");
            let head = ask(url, "HEAD", path);
            assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
            assert!(head.ends_with("\r\n\r\n"), "{path}: {head}");

            let mut client = Http2::connect(url);
            client.ask(1, "GET", path);
            let (got, data) = client.read_answer();
            assert_eq!((got.is_ok(), &*data), (true, &b"ok\n"[..]), "{path}");
            client.ask(3, "HEAD", path);
            let (head, data) = client.read_answer();
            assert_eq!((head.is_ok(), &*data), (true, &b""[..]), "{path}");
        }
    }
}

/// Nor has an answer of the API, whose paths know no `HEAD`.
#[test]
fn an_answer_to_head_has_no_body_over_http_2() {
    let dev = Dev::start();
    let mut client = Http2::connect(&dev.url);
    client.ask(1, "HEAD", "/v2/sessions");

    let (head, data) = client.read_answer();

    assert_eq!((head.is_ok(), &*data), (false, &b""[..]));
}

#[test]
fn a_probe_with_another_method_gets_the_allowed_ones() {
    let dev = Dev::start();
    for path in PROBES {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = ask(&dev.url, method, path).to_lowercase();

            assert!(refused.starts_with("http/1.1 405"), "{refused}");
            assert!(refused.contains("\r\nallow: get, head\r\n"), "{refused}");
        }
    }
}

#[test]
fn probes_reach_the_database_at_most_once_a_second() {
    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &[]);
    let (before, started) = (gate.reads(), Instant::now());

    for _ in 0..40 {
        assert_eq!(serve.get("/readyz"), 200);
    }

    let asked = gate.reads() - before;
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 1;
    assert!((1..=most).contains(&asked), "{asked} of {most}");
}

#[test]
fn abandoned_probes_cause_no_further_requests() {
    /// How many attempts one request to a silent database makes.
    const ATTEMPTS: usize = 3;

    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &[]);
    let (before, started) = (gate.reads(), Instant::now());
    dev.process.signal("STOP");

    let mut client = Http2::connect(&serve.url);
    for stream in (1..200).step_by(4) {
        client.ask(stream, "GET", "/readyz");
        // It is answered once the request before it has begun.
        client.ask(stream + 2, "GET", "/healthz");
        client.read_answer();
        client.cancel(stream);
    }

    // The first request may still be on its way.
    eventually("asked", || gate.reads() > before);
    let asked = gate.reads() - before;
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 1;
    let most = most * ATTEMPTS;
    assert!((1..=most).contains(&asked), "{asked} of {most}");
}

#[test]
fn a_server_without_its_database_is_up_and_not_ready() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    assert_eq!(serve.get("/readyz"), 200);

    dev.process.signal("KILL");

    eventually("not ready", || serve.get("/readyz") == 503);
    assert_eq!(serve.get("/healthz"), 200);
}

#[test]
fn a_server_whose_database_is_silent_is_not_ready() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    dev.process.signal("STOP");

    eventually("not ready", || serve.get("/readyz") == 503);
    assert_eq!(serve.get("/healthz"), 200);

    dev.process.signal("CONT");
    eventually("ready", || serve.get("/readyz") == 200);
}

/// Sends all but the last line of a probe's head.
fn begin(url: &str, path: &str) -> TcpStream {
    let mut stream = connect(url);
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn a_server_that_stops_is_up_and_not_ready() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    let mut begun = PROBES.map(|path| begin(&serve.url, path));
    // The server has read what came before this.
    assert_eq!(serve.get("/readyz"), 200);

    serve.process.signal("TERM");
    let address = serve.url.strip_prefix("http://").unwrap();
    eventually("stopping", || TcpStream::connect(address).is_err());

    for (stream, want) in begun.iter_mut().zip([200, 503]) {
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(b"\r\n").unwrap();
        assert_eq!(read_status(stream), want);
    }
    serve.process.end().expect(0);
}

/// A client would take HTTP 200 for healthy.
#[test]
fn the_health_service_answers_grpc_alone() {
    const CHECK: &str = "/grpc.health.v1.Health/Check";

    let dev = Dev::start();
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "application/proto",
        "application/connect+json",
        "application/octet-stream",
        "application/grpc+json",
        "application/grpcx",
    ] {
        let mut stream = connect(&dev.url);
        let head = head("", 2).replace("/v2alpha/sessions", CHECK);
        let head = head.replace("application/json", content_type);
        stream.write_all((head + "{}").as_bytes()).unwrap();
        let status = read_status(&mut stream);
        assert!((400..600).contains(&status), "{content_type}: {status}");

        let mut client = Http2::connect(&dev.url);
        let block = headers_of(CHECK, &[("content-type", content_type)]);
        client.open(1, &block);
        client.finish(1, b"{}");
        assert!(!client.read_answer().0.is_ok(), "{content_type}");
    }
}

#[test]
fn probes_with_bodies_are_answered_over_http_1() {
    let dev = Dev::start();
    let asks = ["", "", "Connection: close\r\n"].map(|more| {
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: 1\r\n\r\nx")
    });
    let mut stream = connect(&dev.url);
    stream.write_all(asks.concat().as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 3, "{answer}");
}

#[test]
fn probes_with_bodies_are_answered_over_http_2() {
    let dev = Dev::start();
    let mut client = Http2::connect(&dev.url);
    for stream in (1..100).step_by(2) {
        let path = PROBES[usize::from(stream) / 2 % 2];
        client.open(stream, &headers_by("GET", path, &[]));
        client
            .send(&Frame::new(DATA, 0, stream, &[b'x'; 1000]))
            .unwrap();
        client.finish(stream, b"x");

        let (got, data) = client.read_answer();
        assert_eq!((got.is_ok(), &*data), (true, &b"ok\n"[..]), "{stream}");
    }
}

#[test]
fn the_body_of_a_probe_has_the_limits_of_a_body() {
    let dev = Dev::with(&["--body-seconds", "0.2"]);
    let mut client = Http2::connect(&dev.url);
    let block = headers_by("GET", "/healthz", &[]);
    client.open(1, &block);
    let reset = client.frame_of(&[HEADERS, RST_STREAM]).unwrap();
    assert_eq!(reset.kind, RST_STREAM);
}
