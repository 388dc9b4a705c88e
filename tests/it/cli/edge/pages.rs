//! Pages that may call: those of this machine, those that a setting names, and any on `serve`.

use super::{ELSEWHERE, HERE, request, send};
use crate::support::cli::process::{Dev, demo_login, dev};
use crate::support::cli::service::Service;

#[test]
fn guesses_of_a_page_of_another_origin_are_not_counted() {
    let mut command = dev(&["--ready-json"]);
    let dev = Dev::over(command.env("MAX_PASSWORD_ATTEMPTS", "1"));
    let guess = demo_login().replace("V3ryS3cure!", "guess");
    for origin in [ELSEWHERE, "null"] {
        let headers = [
            "Host: localhost:8080",
            "Content-Type: text/plain",
            &format!("Origin: {origin}"),
        ];
        let answer = send(&dev.url, &request("POST /v2/sessions", &headers, &guess));
        assert_eq!(answer.status, 403, "{origin}");
    }

    // A counted one would have locked the user.
    assert_eq!(dev.log_in("mini@mouse.com", "V3ryS3cure!"), 200);
}

#[test]
fn pages_of_this_machine_and_devs_own_may_call() {
    let dev = Dev::with(&["--host", "laptop"]);
    for (host, origin, is_cross) in [
        ("127.0.0.1:8080", HERE, true),
        ("127.0.0.1:8080", "https://localhost", true),
        ("localhost:8080", "http://127.0.0.1:8080", true),
        ("localhost:8080", "http://[::1]:3000", true),
        ("localhost:8080", "http://[::ffff:7f00:1]:3000", true),
        ("localhost:8080", "http://LOCALHOST.:3000", true),
        ("localhost:8080", "http://127.9.9.9", true),
        ("192.168.1.7", "https://192.168.1.7", false),
        ("laptop:8080", "http://laptop:8080", false),
        ("192.168.1.7:8080", "http://192.168.1.7:8080", false),
    ] {
        let (host, origin_header) = (format!("Host: {host}"), format!("Origin: {origin}"));
        let json = "Content-Type: application/json";
        let headers = [&*host, &origin_header, json];
        let answer = send(&dev.url, &request("POST /v2/sessions", &headers, "{}"));
        assert_eq!(answer.status, 200, "{host} {origin}: {}", answer.text);
        let allowed = answer.headers.get("access-control-allow-origin");
        // A page needs no leave to read what its own origin answers.
        assert_eq!(allowed.map(String::as_str), is_cross.then_some(origin));
        assert_eq!(answer.headers["vary"], "origin", "{origin}");

        let ask = "Access-Control-Request-Method: POST";
        let headers = [&*host, &origin_header, ask];
        let preflight = send(&dev.url, &request("OPTIONS /v2/sessions", &headers, ""));
        let want = if is_cross { 204 } else { 405 };
        assert_eq!(preflight.status, want, "{host} {origin}");
    }
}

#[test]
fn allowed_origins_take_the_place_of_those_of_this_machine() {
    for (setting, origin, status) in [
        ("none", "http://127.0.0.1:8081", 403),
        ("none", "127.0.0.1:8080", 403),
        ("https://app.example", "https://app.example", 200),
        ("https://app.example", HERE, 403),
        ("https://app.example", ELSEWHERE, 403),
        ("https://app.example", "http://127.0.0.1:8080", 200),
        ("none", HERE, 403),
        ("none", "http://127.0.0.1:8080", 200),
        ("*", ELSEWHERE, 200),
        ("*", "null", 200),
    ] {
        let mut command = dev(&["--ready-json"]);
        let dev = Dev::over(command.env("ALLOWED_ORIGINS", setting));
        let origin_header = format!("Origin: {origin}");
        let headers = ["Host: 127.0.0.1:8080", &origin_header];
        let answer = send(&dev.url, &request("POST /v2/sessions", &headers, "{}"));
        assert_eq!(answer.status, status, "{setting} {origin}");
    }
}

/// It has names of its own and lets a browser decide what a page may read, as on Lambda.
#[test]
fn serve_answers_to_every_host_and_origin() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);
    for headers in [
        &["Host: sessions.example"][..],
        &["Host: localhost", "Origin: https://evil.example"],
    ] {
        let answer = send(&serve.url, &request("POST /v2/sessions", headers, "{}"));
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text);
        let allowed = answer.headers.get("access-control-allow-origin");
        assert_eq!(allowed, None, "{headers:?}");
    }
}
