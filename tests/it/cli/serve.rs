use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::tls::Certificate;
use crate::support::cli::process::{
    Dev, Running, closed, connect, demo_login, dev, head, post, post_to, read_answer, run, sesame,
};
use crate::support::cli::service::{Service, get};

/// Waits until nothing listens on the port.
fn refused(url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}

/// A connection with a call in progress: half of its body is sent.
fn half_a_call(url: &str) -> (TcpStream, String) {
    let mut stream = connect(url);
    let body = demo_login();
    // The server sends `100 Continue` when it begins to read the body.
    let head = head("Expect: 100-continue\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
    let (one, other) = body.split_at(10);
    stream.write_all(one.as_bytes()).unwrap();
    (stream, other.to_owned())
}

#[test]
fn calls_in_progress_finish_after_a_signal() {
    for signal in ["TERM", "INT"] {
        let dev = Dev::start();
        let (mut stream, rest) = half_a_call(&dev.url);

        dev.process.signal(signal);
        refused(&dev.url);
        stream.write_all(rest.as_bytes()).unwrap();

        assert_eq!(read_answer(&mut stream).0, 200, "{signal}");
        dev.process.end().expect(0);
    }
}

/// A client's own headers are ignored, because no proxy has added to them.
#[test]
fn the_log_has_the_clients_address() {
    for (listen, host, address) in [
        ("127.0.0.1:0", "127.0.0.1", "127.0.0.1"),
        ("[::1]:0", "[::1]", "::1"),
        ("[::]:0", "127.0.0.1", "127.0.0.1"),
    ] {
        let dev = Dev::with(&["--listen", listen]);
        let url = dev.url.replace("[::1]", host);
        let trace = "1-5759e988-bd862e3fe1be46a994272793";
        let headers =
            format!("X-Forwarded-For: 203.0.113.7\r\nX-Amzn-Trace-Id: Root={trace};Sampled=1\r\n");
        let (status, session) = post(&url, &headers, b"{}");
        assert_eq!(status, 200);

        let log = dev.stop().stderr;
        let line = log.lines().find(|line| line.contains("CreateSession"));
        let line: Value = serde_json::from_str(line.unwrap()).unwrap();
        assert_eq!(line["client_ip"], address);
        assert_eq!(line["trace_id"], trace);
        assert_eq!(line["session_id"], session["sessionId"]);
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let dev = Dev::start();
    let (mut stream, _) = half_a_call(&dev.url);

    dev.process.signal("TERM");
    refused(&dev.url);
    dev.process.signal("TERM");

    let done = dev.process.end().expect(1);
    assert_eq!(done.stdout, "");
    let cut = stream.read(&mut [0; 1]);
    assert!(
        matches!(&cut, Ok(0)) || cut.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    );
}

#[test]
fn idle_connections_do_not_delay_the_shutdown() {
    let dev = Dev::start();
    let mut kept = connect(&dev.url);
    let silent = connect(&dev.url);
    let head = head("", demo_login().len()).replace("Connection: close\r\n", "");
    kept.write_all((head + &demo_login()).as_bytes()).unwrap();
    kept.read_exact(&mut [0; 12]).unwrap();

    dev.stop().expect(0);
    drop(silent);
}

#[test]
fn a_body_that_is_too_long_gets_an_answer() {
    let dev = Dev::start();
    let limit = 262_144;
    for (length, status) in [(limit, 200), (limit + 1, 413), (2 * limit, 413)] {
        let mut body = demo_login();
        body.push_str(&" ".repeat(length - body.len()));

        let (got, _) = post(&dev.url, "", body.as_bytes());

        assert_eq!(got, status, "{length}");
    }
}

#[test]
fn serve_uses_existing_tables() {
    let dev = Dev::start();
    let mut command = sesame(&["serve", "--ready-json", "--listen", "127.0.0.1:0"]);
    command.args(["--endpoint-url", &dev.database]).envs([
        ("USERS_TABLE", "users"),
        ("SESSIONS_TABLE", "sessions"),
        ("RESOURCE_OWNER", "acme"),
    ]);
    let mut serve = Running::start(&mut command);
    let ready: Value = serde_json::from_str(&serve.line()).unwrap();
    let url = ready["url"].as_str().unwrap();

    let headers = format!("Authorization: Bearer {}\r\n", dev.token);
    let (status, created) = post(url, &headers, demo_login().as_bytes());
    assert_eq!(
        (status, &created["details"]["resourceOwner"]),
        (200, &"acme".into())
    );
    assert_eq!(
        post(url, "", demo_login().as_bytes()).0,
        401,
        "its default is token"
    );

    serve.signal("TERM");
    let done = serve.end().expect(0);
    assert_eq!(done.stdout, "");
    assert_eq!(done.stderr.lines().count(), 2, "{done:?}");
}

#[test]
fn serve_warns_if_other_machines_can_reach_it_without_tls() {
    let dev = Dev::start();
    let certificate = Certificate::make();
    let tls = certificate.options();
    for (listen, options, is_warned) in [
        ("0.0.0.0:0", &[][..], true),
        ("[::]:0", &[], true),
        ("127.0.0.1:0", &[], false),
        ("[::1]:0", &[], false),
        ("0.0.0.0:0", &tls, false),
    ] {
        let mut command = sesame(&["serve", "--ready-json", "--listen", listen]);
        command
            .args(["--endpoint-url", &dev.database])
            .args(options)
            .envs([
                ("USERS_TABLE", "users"),
                ("SESSIONS_TABLE", "sessions"),
                ("RESOURCE_OWNER", "acme"),
            ]);
        let mut serve = Running::start(&mut command);
        serve.line();
        serve.signal("TERM");

        let log = serve.end().expect(0).stderr;
        if !is_warned {
            assert_eq!(log, "", "{listen} {options:?}");
            continue;
        }
        let line: Value = serde_json::from_str(&log).unwrap();
        assert_eq!(line["level"], "warn", "{listen}: {log}");
        let message = line["message"].as_str().unwrap();
        assert!(message.contains("has no TLS"), "{listen}: {log}");
        assert!(line["time"].is_u64(), "{listen}: {log}");
    }
}

#[test]
fn serve_reports_all_wrong_settings_at_once() {
    let mut command = sesame(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("ACCESS", "everyone");

    let done = run(&mut command, "").expect(1);

    for name in ["USERS_TABLE", "SESSIONS_TABLE", "RESOURCE_OWNER", "ACCESS"] {
        assert!(done.stderr.contains(name), "{name}: {done:?}");
    }
}

#[test]
fn serve_starts_while_the_database_is_away() {
    let serve = Service::over(&closed(), &[]);

    assert_eq!(post(&serve.url, "", demo_login().as_bytes()).0, 503);
    serve.log_line("\"level\":\"warn\"");
}

#[test]
fn a_base_path_is_for_calls_and_not_for_probes_and_pages() {
    let dev = Dev::over(dev(&["--ready-json"]).env("BASE_PATH", "/auth"));
    let service = Service::with_settings(&dev.database, &[("BASE_PATH", "/auth")]);
    for (url, has_pages) in [(&dev.url, true), (&service.url, false)] {
        for (path, status) in [
            ("/auth/v2/sessions", 200),
            ("/v2/sessions", 200),
            ("/auth/zitadel.session.v2.SessionService/CreateSession", 200),
            ("/auth/auth/v2/sessions", 404),
        ] {
            let (got, _created) = post_to(url, path, "", b"{}");
            assert_eq!(got, status, "{path}");
        }
        for (path, status) in [
            ("/healthz", 200),
            ("/auth/healthz", 404),
            ("/readyz", 200),
            ("/auth/readyz", 404),
            ("/", if has_pages { 200 } else { 404 }),
            ("/auth/", 404),
        ] {
            assert_eq!(get(url, path), status, "{path}");
        }
    }
}
