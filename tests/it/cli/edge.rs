//! Which requests the servers answer at all: by their host, and by the page that sent them.

mod pages;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::cli::process::{Dev, connect, curl};
use crate::support::cli::service::{SOON, Service};

const RPC: &str = "/zitadel.session.v2.SessionService/CreateSession";
const HERE: &str = "http://localhost:5173";
const ELSEWHERE: &str = "https://evil.example";

pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// The headers and the body, in which a text in base64 is decoded.
    text: String,
}

/// Sends the bytes of a request, and reads until the server closes the connection.
pub fn send(url: &str, request: &str) -> Answer {
    let mut stream = connect(url);
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let all = String::from_utf8_lossy(&bytes);
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let decoded = STANDARD.decode(body).unwrap_or_default();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
        text: format!("{all}\n{}", String::from_utf8_lossy(&decoded)),
    }
}

/// A request of HTTP/1.1 with these headers, behind which the connection ends.
pub fn request(line: &str, headers: &[&str], body: &str) -> String {
    let headers = headers.join("\r\n");
    let length = body.len();
    format!(
        "{line} HTTP/1.1\r\n{headers}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n\
         {body}"
    )
}

/// What curl prints of an answer over HTTP/2, its headers included.
fn over_http_2(url: &str, options: &[&str]) -> String {
    curl(&[&["-i", "--http2-prior-knowledge", url], options].concat())
}

/// The outcomes in a log, each once.
fn outcomes(log: &str) -> Vec<(String, u64)> {
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut outcomes: Vec<_> = lines
        .map(|line| {
            let outcome = line["outcome"].as_str().unwrap().to_owned();
            (outcome, line["status"].as_u64().unwrap())
        })
        .collect();
    outcomes.sort();
    outcomes.dedup();
    outcomes
}

#[test]
fn a_request_without_exactly_one_valid_host_is_refused_and_its_connection_closed() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    for url in [&dev.url, &serve.url] {
        for target in ["/healthz", "/readyz", "/v2/sessions", RPC, "/nothing", "/"] {
            for (version, prefix, hosts, is_right) in [
                ("1.1", "", &["localhost"][..], true),
                ("1.1", "", &["localhost:8080"], true),
                ("1.1", "", &["[::1]:8080"], true),
                ("1.1", "", &[""], true),
                ("1.1", "", &[], false),
                ("1.1", "", &["localhost", "localhost"], false),
                ("1.1", "", &["localhost", "b"], false),
                ("1.1", "", &["a b"], false),
                ("1.1", "", &["a/b"], false),
                ("1.1", "", &["user@localhost"], false),
                ("1.1", "", &["localhost:port"], false),
                ("1.1", "", &["\u{e4}"], false),
                ("1.1", "http://localhost", &["localhost"], true),
                ("1.1", "http://localhost", &["other.example"], true),
                ("1.1", "http://localhost", &[], false),
                ("1.1", "http://localhost", &["a b"], false),
                ("1.1", "http://user@localhost", &["localhost"], false),
                ("1.0", "", &[], true),
                ("1.0", "", &["localhost"], true),
                ("1.0", "", &["localhost", "localhost"], false),
            ] {
                let hosts = hosts.iter().map(|host| format!("Host: {host}\r\n"));
                let hosts = hosts.collect::<Vec<_>>().concat();
                // It is the server that closes the connection of a wrong one.
                let close = if is_right {
                    "Connection: close\r\n"
                } else {
                    ""
                };
                let head = format!("GET {prefix}{target} HTTP/{version}\r\n{hosts}{close}\r\n");

                let answer = send(url, &head);

                assert_eq!(answer.status != 400, is_right, "{head}{}", answer.text);
                assert_ne!(answer.status, 403, "{head}{}", answer.text);
                if !is_right && version == "1.1" {
                    assert_eq!(answer.headers["connection"], "close", "{head}");
                }
                if !is_right {
                    assert!(answer.text.contains("the Host header is"), "{head}");
                    assert_eq!(answer.headers["cache-control"], "no-store", "{head}");
                }
            }
        }
    }
}

#[test]
fn a_body_behind_a_refused_head_is_neither_awaited_nor_read_as_a_request() {
    let dev = Dev::start();
    let smuggled = "POST /v2/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
    for headers in [
        "",
        "Host: evil.example\r\n",
        "Host: localhost\r\nOrigin: null\r\n",
    ] {
        let length = smuggled.len();
        for body in ["", smuggled] {
            let head = format!("POST /v2/sessions HTTP/1.1\r\n{headers}Content-Length: {length}");
            let mut stream = connect(&dev.url);
            stream.set_read_timeout(Some(SOON)).unwrap();
            stream
                .write_all(format!("{head}\r\n\r\n{body}").as_bytes())
                .unwrap();
            let mut answer = Vec::new();
            // The rest of the body may be answered by a reset, behind the answer.
            let _ = stream.read_to_end(&mut answer);

            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.starts_with("HTTP/1.1 40"), "{head}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{head}: {answer}");
        }
    }
    let log = dev.stop().stderr;
    assert!(!log.contains("\"ok\""), "{log}");
}

#[test]
fn dev_answers_to_addresses_and_localhost_and_names_that_it_was_given() {
    let dev = Dev::with(&["--host", "laptop", "--host", "web.internal"]);
    for (host, status) in [
        ("127.0.0.1", 200),
        ("192.168.1.7:8080", 200),
        ("[::1]:8080", 200),
        ("localhost:8080", 200),
        ("LOCALHOST.", 200),
        ("localhost.:8080", 200),
        ("0.0.0.0:8080", 200),
        ("laptop:8080", 200),
        ("Web.Internal.", 200),
        ("", 200),
        ("evil.example", 403),
        ("evil.example.:8080", 403),
        ("laptop.evil.example", 403),
        ("localhost.evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil-localhost", 403),
        ("127.0.0.1@evil.example", 400),
        ("localhost@evil.example", 400),
        ("[evil.example]", 400),
        ("evil.example@localhost", 400),
        ("[::1].evil.example", 400),
    ] {
        let host = format!("Host: {host}");
        for (line, body) in [
            ("GET /healthz", ""),
            ("GET /readyz", ""),
            ("GET /", ""),
            ("GET /openapi.json", ""),
            ("POST /v2/sessions", "{}"),
            (&format!("POST {RPC}"), "{}"),
        ] {
            let json = "Content-Type: application/json";
            let answer = send(&dev.url, &request(line, &[&host, json], body));
            assert_eq!(answer.status, status, "{line} {host}: {}", answer.text);
            assert_eq!(
                answer.text.contains("--host NAME"),
                status == 403,
                "{line} {host}"
            );
        }
    }
    for (target, host, status) in [
        ("http://evil.example/healthz", "localhost", 403),
        ("http://localhost/healthz", "evil.example", 200),
        ("http://laptop:1/healthz", "evil.example", 200),
        ("http://localhost@evil.example/healthz", "localhost", 400),
    ] {
        let host = format!("Host: {host}");
        let answer = send(&dev.url, &request(&format!("GET {target}"), &[&host], ""));
        assert_eq!(answer.status, status, "{target} {host}");
    }
}

#[test]
fn the_host_and_the_origin_count_over_http_2_too() {
    let dev = Dev::with(&["--host", "laptop"]);
    for path in ["/grpc.health.v1.Health/Check", RPC, "/", "/healthz"] {
        for (header, message) in [
            ("Host: evil.example", "--host NAME"),
            ("Host: evil.example:8080", "--host NAME"),
            ("Origin: https://evil.example", "ALLOWED_ORIGINS"),
            ("Origin: null", "ALLOWED_ORIGINS"),
        ] {
            let grpc = "Content-Type: application/grpc";
            let options = ["-X", "POST", "-H", header, "-H", grpc];
            let answer = over_http_2(&format!("{}{path}", dev.url), &options);

            assert!(answer.starts_with("HTTP/2 403"), "{header}: {answer}");
            assert!(answer.contains("grpc-status: 7"), "{header}: {answer}");
            assert!(answer.contains(message), "{header}: {answer}");

            let head = over_http_2(&format!("{}{path}", dev.url), &["-I", "-H", header]);
            assert!(head.starts_with("HTTP/2 403"), "{header}: {head}");
        }
    }
    let body = "x".repeat(100_000);
    for header in ["Host: evil.example", "Origin: null"] {
        let options = ["-d", &body, "-H", header];
        let answer = over_http_2(&format!("{}/v2/sessions", dev.url), &options);
        assert!(answer.starts_with("HTTP/2 403"), "{header}: {answer}");
    }
    for header in [
        "Host: laptop:8080",
        "Host: [::1]",
        &format!("Origin: {HERE}"),
    ] {
        let answer = over_http_2(&format!("{}/healthz", dev.url), &["-H", header]);
        assert!(answer.starts_with("HTTP/2 200"), "{header}: {answer}");
    }
}

/// A path, the content type of a call or of a form, and a body.
const CALLS: [(&str, &str, &str); 9] = [
    ("/v2/sessions", "application/json", "{}"),
    ("/v2alpha/sessions", "text/plain", "{}"),
    ("/v2/sessions/search", "text/plain", "{}"),
    (RPC, "application/json", "{}"),
    (RPC, "application/proto", ""),
    (RPC, "application/grpc-web+proto", "\0\0\0\0\0"),
    (RPC, "application/grpc-web-text", "AAAAAAA="),
    (RPC, "application/grpc", "\0\0\0\0\0"),
    ("/", "application/x-www-form-urlencoded", ""),
];

#[test]
fn a_page_of_another_origin_is_refused_in_every_protocol() {
    let dev = Dev::start();
    for origin in [
        ELSEWHERE,
        "null",
        "http://localhost.evil.example",
        "http://evil.example:8080",
        "http://user@localhost",
        "http://localhost/path",
        "http://192.168.1.7",
        "http://0.0.0.0:3000",
        "http://",
        "localhost",
        "",
    ] {
        for (path, content_type, body) in CALLS {
            let headers = [
                "Host: 127.0.0.1:8080",
                &format!("Content-Type: {content_type}"),
                &format!("Origin: {origin}"),
            ];
            for method in ["POST", "GET", "PATCH", "OPTIONS"] {
                let line = format!("{method} {path}");
                let answer = send(&dev.url, &request(&line, &headers, body));

                let text = &answer.text;
                assert_eq!(answer.status, 403, "{line} {content_type} {origin}: {text}");
                assert!(text.contains("ALLOWED_ORIGINS"), "{line}: {text}");
                let cors = answer.headers.get("access-control-allow-origin");
                assert_eq!(cors, None, "{line} {content_type} {origin}");
            }
        }
        let ask = "Access-Control-Request-Method: POST";
        let origin = format!("Origin: {origin}");
        let headers = ["Host: localhost", &origin, ask];
        let preflight = send(&dev.url, &request("OPTIONS /v2/sessions", &headers, ""));
        assert_eq!(preflight.status, 403, "{origin}");
    }

    let two = [
        "Host: localhost",
        "Origin: http://localhost",
        "Origin: null",
    ];
    let answer = send(&dev.url, &request("POST /v2/sessions", &two, "{}"));
    assert_eq!(answer.status, 403, "{}", answer.text);

    let log = dev.stop().stderr;
    assert_eq!(outcomes(&log), [("origin_not_allowed".to_owned(), 403)]);
}
