//! The places for connections, when one client takes all of them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use crate::support::cli::http2::{GOAWAY, HEADERS, Http2};
use crate::support::cli::local::LocalServer;
use crate::support::cli::process::{Dev, connect, head, opened, read_answer};
use crate::support::cli::service::{SOON, Service, eventually};

/// How many connections may be open, by default.
const ALL: usize = 1024;

const PROBE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Connects from another address of this machine.
fn connect_from(address: &str, url: &str) -> TcpStream {
    let server: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket
            .bind(format!("{address}:0").parse().unwrap())
            .unwrap();
        socket.connect(server).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Probes on a connection that stays open.
fn probe(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(PROBE.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
}

/// Whether the server has closed a connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    match stream.read(&mut [0; 1024]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn idle_connections_keep_nobody_out() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    let mut other = connect_from("127.0.0.2", &serve.url);
    probe(&mut other);
    let begun = head("", 1000) + "{";
    for (name, sent) in [
        ("probes", PROBE),
        ("incomplete bodies", &*begun),
        ("half-sent heads", "GET /healthz HTTP/1.1\r\n"),
        ("half a preface", "PRI * HT"),
        ("silent", ""),
    ] {
        let hostile: Vec<_> = (0..ALL).map(|_| opened(&serve.url, sent)).collect();
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let started = Instant::now();
            assert_eq!(serve.create(), 200, "{name}");
            longest = longest.max(started.elapsed());
        }
        println!("{name}: others are answered within {longest:?}");
        probe(&mut other);
        drop(hostile);
    }
    assert_eq!(serve.losses()["client_ip"], "127.0.0.1");
}

fn with_connections(connections: u32) -> LocalServer {
    LocalServer::start(|limits| limits.connections = connections)
}

#[test]
fn the_connection_that_was_longest_without_a_call_gives_way() {
    let server = with_connections(3);
    let mut open = [(); 3].map(|()| {
        let mut stream = connect(&server.url);
        probe(&mut stream);
        stream
    });
    // A probe is no call, so the first is still the one that was longest without.
    probe(&mut open[0]);

    let mut newcomer = connect(&server.url);
    probe(&mut newcomer);

    eventually("the first is closed", || is_closed(&mut open[0]));
    probe(&mut open[1]);
    probe(&mut open[2]);
}

#[test]
fn the_address_with_most_connections_gives_way() {
    let server = with_connections(3);
    let mut first = connect_from("127.0.0.2", &server.url);
    probe(&mut first);
    let mut most = [(); 2].map(|()| {
        let mut stream = connect(&server.url);
        probe(&mut stream);
        stream
    });

    let mut newcomer = connect_from("127.0.0.3", &server.url);
    probe(&mut newcomer);

    eventually("one of most is closed", || is_closed(&mut most[0]));
    probe(&mut first);
    probe(&mut most[1]);
}

#[test]
fn a_connection_that_gives_way_is_told_over_http_2_and_its_requests_are_answered() {
    let server = with_connections(1);
    let mut first = Http2::connect(&server.url);
    first.ask(1, "GET", "/v2/sessions/none");

    let mut newcomer = connect(&server.url);
    probe(&mut newcomer);

    let mut seen = Vec::new();
    while let Some(frame) = first.frame_of(&[HEADERS, GOAWAY]) {
        if frame.kind == GOAWAY {
            assert_eq!(frame.code(), 0, "without fault");
        }
        seen.push(frame.kind);
    }
    assert!(
        seen.contains(&HEADERS) && seen.contains(&GOAWAY),
        "{seen:?}"
    );
}

#[test]
fn a_request_that_has_arrived_is_answered_over_http_1() {
    for _ in 0..20 {
        let server = with_connections(1);
        let mut first = connect(&server.url);
        probe(&mut first);
        first.write_all((head("", 2) + "{}").as_bytes()).unwrap();

        let mut newcomer = connect(&server.url);
        probe(&mut newcomer);

        assert_eq!(read_answer(&mut first).0, 200);
    }
}

#[test]
fn a_server_without_file_descriptors_closes_connections() {
    let dev = Dev::start();
    let serve = Service::limited("ulimit -n 64", &dev.database, &[]);
    let hostile: Vec<_> = (0..100).map(|_| connect(&serve.url)).collect();

    for _ in 0..5 {
        assert_eq!(serve.get("/healthz"), 200);
    }
    drop(hostile);
}
