use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::MEMORY_KIB;
use crate::support::cli::http2::{DATA, Frame, GOAWAY, HEADERS, Http2, WINDOW_UPDATE};
use crate::support::cli::local::{LocalServer, PAGE, PAGE_BYTES};
use crate::support::cli::process::{Dev, connect};
use crate::support::cli::service::{SOON, Service, eventually};

/// How many streams one connection may have.
const STREAMS: u8 = 100;

/// The id of the stream that is opened after so many others.
fn number(streams: u8) -> u8 {
    2 * streams + 1
}

/// Asks so often for answers that it doesn't read, and returns how many were refused. A refusal is
/// as long as the window, so it is recognised by its headers.
fn pin(client: &mut Http2, path: &str, streams: u8) -> usize {
    let mut refused = 0;
    for stream in (0..streams).map(number) {
        client.ask(stream, "GET", path);
        let head = client.frame_of(&[HEADERS]).unwrap();
        refused += usize::from(!head.is_ok());
    }
    refused
}

/// Reads what comes until the server has closed the connection.
#[track_caller]
fn end(what: &str, client: &mut Http2) {
    let started = Instant::now();
    // Pings are answered.
    client.frame_of(&[]);
    assert!(started.elapsed() < SOON, "{what}: not cut off");
}

#[test]
fn a_client_that_hardly_reads_is_disconnected() {
    let server = LocalServer::start(|limits| limits.write = Duration::from_millis(300));
    for path in ["/v2/sessions/none", "/healthz", PAGE] {
        for window in [0, 1] {
            let mut client = Http2::with_window(&server.url, window);
            client.ask(1, "GET", path);
            end(&format!("{path} in {window}"), &mut client);
        }
    }
}

/// Asks over HTTP/1.1 without reading, until the system's buffers can't hold all answers.
fn pin_http_1(url: &str, path: &str) -> TcpStream {
    let mut client = connect(url);
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.write_all(request.repeat(100).as_bytes()).unwrap();
    client
}

#[test]
fn a_client_that_never_reads_over_http_1_is_disconnected() {
    let server = LocalServer::start(|limits| limits.write = Duration::from_millis(300));
    let mut client = pin_http_1(&server.url, PAGE);

    eventually("cut off", || client.write_all(b"G").is_err());
}

#[test]
fn a_client_that_reads_in_time_stays_connected() {
    let server = LocalServer::start(|limits| {
        limits.idle = Duration::from_millis(50);
        limits.headers = Duration::from_millis(50);
    });
    let mut client = Http2::with_window(&server.url, 0);
    client.ask(1, "GET", PAGE);
    client.frame_of(&[HEADERS]).unwrap();

    // Connections that came later are idle for too long meanwhile.
    for _ in 0..4 {
        end("idle", &mut Http2::connect(&server.url));
    }
    for stream in [0, 1] {
        let more = Frame::new(WINDOW_UPDATE, 0, stream, &[0, 16, 0, 0]);
        client.send(&more).unwrap();
    }

    let mut read = 0;
    while let Some(frame) = client.frame_of(&[DATA, GOAWAY]) {
        read += if frame.kind == DATA {
            frame.payload.len()
        } else {
            0
        };
    }
    assert_eq!(read, PAGE_BYTES);
}

#[test]
fn an_old_connection_ends_even_if_busy() {
    let server = LocalServer::start(|limits| limits.age = Duration::from_millis(300));

    let mut http_2 = Http2::connect(&server.url);
    let mut stream = 1;
    loop {
        http_2.ask(stream, "GET", "/healthz");
        let frame = http_2.frame_of(&[HEADERS, GOAWAY]).unwrap();
        if frame.kind == GOAWAY {
            assert_eq!(frame.code(), 0, "without fault");
            break;
        }
        sleep(Duration::from_millis(20));
        stream += 2;
    }
    end("old", &mut http_2);

    let mut http_1 = connect(&server.url);
    http_1.set_read_timeout(Some(SOON)).unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut read = [0; 1024];
    eventually("ended", || {
        let asked = http_1.write_all(request);
        match asked.and_then(|()| http_1.read(&mut read)) {
            Ok(length) => length == 0,
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "not ended");
                true
            }
        }
    });
}

#[test]
fn one_connection_gets_a_share_of_the_unread_budget() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    let path = serve.large();

    let refused = pin(&mut Http2::with_window(&serve.url, 0), &path, STREAMS);

    // It has read 6 MiB of 8 MB.
    assert!((10..40).contains(&refused), "{refused}");
    let mut other = Http2::with_window(&serve.url, 0);
    assert_eq!(pin(&mut other, &path, 10), 0, "its own share");
}

#[test]
fn the_client_with_most_unread_is_closed_for_others() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &["--max-unread-bytes", "8388608"]);
    let path = serve.large();
    for window in [0, 1] {
        let mut most = Http2::with_window(&serve.url, window);
        let refused = pin(&mut most, &path, STREAMS);
        assert!((10..40).contains(&refused), "{window}: {refused}");
        let mut other = Http2::with_window(&serve.url, window);
        assert_eq!(pin(&mut other, &path, 40), 0, "{window}");

        end("most", &mut most);
        assert_eq!(serve.get(&path), 200);
        drop(other);
    }
    let line = serve.losses();
    assert_eq!(line["client_ip"], "127.0.0.1", "{line}");
}

#[test]
fn a_cancelled_answer_frees_its_budget_as_if_it_were_read() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &["--max-unread-bytes", "1048576"]);
    let path = serve.large();
    let mut client = Http2::with_window(&serve.url, 0);
    for round in 0..4 {
        let streams = (20 * round..20 * (round + 1)).map(number);
        for (asked, stream) in streams.enumerate() {
            client.ask(stream, "GET", &path);
            let is_ok = client.frame_of(&[HEADERS]).unwrap().is_ok();
            assert!(is_ok || asked > 0, "{round}: nothing was freed");
            client.cancel(stream);
        }
    }
}

/// Such an answer may be all that a client learns of a change.
#[test]
fn a_small_answer_is_never_refused_for_lack_of_budget() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &["--max-unread-bytes", "1048576"]);
    // The larger ones come first, and there are more of each than there is room for.
    let (large, small) = (serve.large(), serve.session(1024));
    let _unread = [&*large, &small, "/v2/sessions/none"].map(|path| {
        let mut client = Http2::with_window(&serve.url, 0);
        for stream in (0..STREAMS).map(number) {
            client.ask(stream, "GET", path);
            // The connection is closed if it has most unread.
            if client.frame_of(&[HEADERS]).is_none() {
                break;
            }
            assert_eq!(serve.create(), 200);
        }
        client
    });
}

#[test]
fn many_clients_that_do_not_read_take_little_memory() {
    let dev = Dev::start();
    let options = ["--max-unread-bytes", "4194304"];
    let serve = Service::over(&dev.database, &options);
    let path = serve.large();

    let _silent = [(); 4].map(|()| pin_http_1(&serve.url, &path));
    // 98 MB.
    let hostile: Vec<_> = (0..12)
        .map(|connection| {
            let mut client = Http2::with_window(&serve.url, connection % 2);
            for stream in (0..STREAMS).map(number) {
                // Whoever has most unread is disconnected.
                if client.try_ask(stream, "GET", &path).is_err() {
                    break;
                }
                client.frame_of(&[HEADERS]);
            }
            eventually("others are served", || serve.create() == 200);
            client
        })
        .collect();

    serve.assert_memory_below(MEMORY_KIB);
    drop(hostile);
    eventually("answered", || serve.get(&path) == 200);
}
