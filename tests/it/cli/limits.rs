//! Each limit of the server, tested over a socket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::cli::gate::WriteGate;
use crate::support::cli::http2::{
    DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, Http2, PING, RST_STREAM, SETTINGS,
    headers,
};
use crate::support::cli::local::LocalServer;
use crate::support::cli::process::{Dev, connect, demo_login, head, opened, post, read_answer};
use crate::support::cli::service::{SOON, Service, eventually};

/// The pause between two bytes of a slow client.
const PAUSE: Duration = Duration::from_millis(20);
const FIFTH: Duration = Duration::from_millis(200);

/// Sends one piece after another until the server has closed the connection.
fn trickle(stream: &TcpStream, pieces: impl Iterator<Item = Vec<u8>>) -> Duration {
    let (started, mut sending) = (Instant::now(), stream.try_clone().unwrap());
    sending.set_read_timeout(Some(PAUSE)).unwrap();
    let mut read = [0; 1024];
    for piece in pieces {
        if sending.write_all(&piece).is_err() {
            return started.elapsed();
        }
        loop {
            match sending.read(&mut read) {
                Ok(0) => return started.elapsed(),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return started.elapsed(),
            }
        }
        assert!(started.elapsed() < SOON, "not cut off");
    }
    panic!("not cut off");
}

#[track_caller]
fn assert_soon(millis: u64, took: Duration) {
    let want = Duration::from_millis(millis)..SOON;
    assert!(want.contains(&took), "{took:?}");
}

fn bytes(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    bytes.iter().map(|byte| vec![*byte])
}

/// Waits for the end of a connection on which nothing is sent.
fn end(stream: &mut TcpStream) -> Duration {
    let started = Instant::now();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    started.elapsed()
}

/// Makes a call on a connection that stays open.
fn keep_alive(stream: &mut TcpStream) {
    let body = demo_login();
    let head = head("", body.len()).replace("Connection: close\r\n", "");
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0].into());
    }
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.split("content-length: ").nth(1).unwrap();
    let length = length.lines().next().unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; length]).unwrap();
}

#[test]
fn a_connection_over_the_limit_waits_while_all_others_have_calls() {
    let dev = Dev::start();
    let gate = WriteGate::before(&dev.database);
    let serve = Service::over(&gate.url, &["--max-connections", "2"]);
    gate.close();
    let begin = || opened(&serve.url, &(head("", 2) + "{}"));
    let calls = [begin(), begin()];
    eventually("both are under way", || gate.held() >= 2);

    let mut third = begin();
    third.set_read_timeout(Some(PAUSE * 10)).unwrap();
    assert_eq!(
        third.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(gate.held(), 2);

    gate.open();
    third.set_read_timeout(Some(SOON)).unwrap();
    for mut stream in calls.into_iter().chain([third]) {
        assert_eq!(read_answer(&mut stream).0, 200);
    }
}

#[test]
fn a_stream_over_the_limit_is_refused() {
    const MAX_CONCURRENT_STREAMS: [u8; 6] = [0, 3, 0, 0, 0, 2];
    const REFUSED_STREAM: u32 = 7;

    let server = LocalServer::start(|limits| limits.streams = 2);
    let mut client = Http2::connect(&server.url);
    let settings = client.frame_of(&[SETTINGS]).unwrap().payload;
    assert!(
        settings
            .chunks(6)
            .any(|setting| setting == MAX_CONCURRENT_STREAMS)
    );

    for stream in [1, 3, 5] {
        client.open(stream, &headers(&[]));
    }

    let refused = client.frame_of(&[RST_STREAM, HEADERS]).unwrap();
    assert_eq!((refused.stream, refused.code()), (5, REFUSED_STREAM));
    client.finish(1, b"{}");
    assert!(client.frame_of(&[RST_STREAM, HEADERS]).unwrap().is_ok());
}

#[test]
fn headers_over_the_limit_are_refused() {
    let long = "x".repeat(9000);
    let (body, more) = (demo_login(), format!("X-Long: {long}\r\n"));
    for (option, fits) in [("8192", false), ("16384", true)] {
        let dev = Dev::with(&["--max-header-bytes", option]);

        let mut http_1 = connect(&dev.url);
        http_1
            .write_all((head(&more, body.len()) + &body).as_bytes())
            .unwrap();
        let mut status = [0; 12];
        http_1.read_exact(&mut status).unwrap();
        let want = if fits {
            b"HTTP/1.1 200"
        } else {
            b"HTTP/1.1 431"
        };
        assert_eq!(&status, want, "{option}");

        let mut http_2 = Http2::connect(&dev.url);
        let block = headers(&[("x-long", &long)]);
        http_2.open(1, &block);
        // A client that is refused for its headers is not asked for a body.
        let data = Frame::new(DATA, END_STREAM, 1, body.as_bytes());
        let _ = http_2.send(&data);
        let answer = http_2.frame_of(&[RST_STREAM, HEADERS]).unwrap();
        assert_eq!(answer.is_ok(), fits, "{option}: {answer:?}");
    }
}

#[test]
fn headers_that_come_byte_by_byte_are_cut_off() {
    let server = LocalServer::start(|limits| {
        limits.headers = FIFTH;
        limits.idle = FIFTH;
        limits.body = FIFTH;
    });
    let head = head("", 0) + &"x".repeat(1000);
    let frame = Frame::new(HEADERS, END_HEADERS, 1, &headers(&[]));
    let begun = Frame::new(HEADERS, 0, 3, &headers(&[]));
    let connect_2 = || Http2::connect(&server.url);

    let silent = end(&mut connect(&server.url));
    let first = trickle(&connect(&server.url), bytes(head.as_bytes()));
    let preface = trickle(&connect(&server.url), bytes(b"PRI * HTTP/2.0\r\n\r\nSM"));
    let mut kept = connect(&server.url);
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    kept.read_exact(&mut [0; 12]).unwrap();
    let second = trickle(&kept, bytes(head.as_bytes()));
    let http_2 = trickle(&connect_2().0, bytes(&frame.bytes()));
    let mut unfinished = connect_2();
    unfinished.send(&begun).unwrap();
    let unfinished = end(&mut unfinished.0);
    let mut busy = connect_2();
    busy.send(&frame).unwrap();
    busy.send(&begun).unwrap();
    let busy = end(&mut busy.0);

    for took in [silent, first, preface, second, http_2, unfinished, busy] {
        assert_soon(150, took);
    }
}

#[test]
fn bodies_that_come_byte_by_byte_are_cut_off() {
    let dev = Dev::with(&["--body-seconds", "0.2"]);
    let (head, body) = (head("", 1000), "x".repeat(1000));

    let mut http_1 = connect(&dev.url);
    http_1.write_all(head.as_bytes()).unwrap();
    let took = trickle(&http_1, bytes(body.as_bytes()));
    assert_soon(150, took);

    let started = Instant::now();
    let mut http_2 = Http2::connect(&dev.url);
    http_2.open(1, &headers(&[]));
    let mut sending = Http2(http_2.0.try_clone().unwrap());
    let trickling = std::thread::spawn(move || {
        while started.elapsed() < PAUSE * 15 {
            sending.send(&Frame::new(DATA, 0, 1, b" ")).unwrap();
            sleep(PAUSE);
        }
    });
    let reset = http_2.frame_of(&[RST_STREAM, HEADERS]).unwrap();
    assert_eq!((reset.kind, reset.stream), (RST_STREAM, 1));
    assert!(started.elapsed() < SOON);
    trickling.join().unwrap();
    // Only that stream failed.
    http_2.call(3, &demo_login());
    let answer = http_2.frame_of(&[HEADERS]).unwrap();
    assert!(answer.is_ok() && answer.stream == 3, "{answer:?}");
}

#[test]
fn an_idle_connection_is_closed() {
    let dev = Dev::with(&["--idle-seconds", "0.2"]);

    let mut http_1 = connect(&dev.url);
    keep_alive(&mut http_1);
    let took = end(&mut http_1);
    assert_soon(150, took);

    for calls in [0, 1] {
        let mut http_2 = Http2::connect(&dev.url);
        for _ in 0..calls {
            http_2.call(1, &demo_login());
        }
        let goaway = http_2.frame_of(&[GOAWAY]).unwrap();
        assert_eq!(goaway.code(), 0, "without fault");
        http_2.frame_of(&[GOAWAY]).unwrap();
        assert_eq!(http_2.0.read(&mut [0]).unwrap(), 0, "{calls} calls");
    }
}

#[test]
fn a_client_that_ignores_the_shutdown_is_disconnected() {
    let server = LocalServer::start(|limits| {
        limits.headers = Duration::from_millis(300);
        limits.idle = FIFTH;
    });
    let ping = Frame::new(PING, 0, 0, &[0; 8]).bytes();

    // The client sends pings all the time, and answers none of the server's.
    let client = Http2::connect(&server.url);
    let took = trickle(&client.0, std::iter::repeat_n(ping, 10_000));

    assert_soon(350, took);
}

#[test]
fn a_connection_with_a_call_in_progress_is_neither_idle_nor_late() {
    let server = LocalServer::start(|limits| {
        limits.headers = Duration::from_millis(50);
        limits.idle = Duration::from_millis(50);
        limits.body = Duration::from_hours(1);
    });

    let mut http_1 = connect(&server.url);
    http_1.write_all((head("", 2) + "{").as_bytes()).unwrap();
    let mut http_2 = Http2::connect(&server.url);
    http_2.open(1, &headers(&[]));
    let half = Frame::new(DATA, END_STREAM, 1, b"{}").bytes();
    let (half, rest) = half.split_at(10);
    http_2.0.write_all(half).unwrap();
    // Connections that came later are idle for too long meanwhile.
    for _ in 0..4 {
        end(&mut Http2::connect(&server.url).0);
    }

    http_1.write_all(b"}").unwrap();
    assert_eq!(read_answer(&mut http_1).0, 200);
    http_2.0.write_all(rest).unwrap();
    assert!(http_2.frame_of(&[HEADERS, RST_STREAM]).unwrap().is_ok());
}

/// A DynamoDB that answers the one request of the start, and then is silent.
fn silent_database() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        first.read_exact(&mut [0]).unwrap();
        first
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            .unwrap();
        let _ = first.read_to_end(&mut Vec::new());
    });
    url
}

#[test]
fn an_answer_has_a_deadline() {
    let settings = [("ANSWER_SECONDS", "0.2")];
    let serve = Service::with_settings(&silent_database(), &settings);

    // When the store itself gives up, it is 503.
    assert_eq!(post(&serve.url, "", demo_login().as_bytes()).0, 504);
}
