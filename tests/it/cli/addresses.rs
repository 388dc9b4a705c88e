//! Servers limit failed logins by the address behind a proxy.

use crate::support::cli::process::{Dev, demo_login, dev, post, run};
use crate::support::cli::service::Service;

const SETTINGS: [(&str, &str); 2] = [("TRUSTED_PROXIES", "1"), ("MAX_FAILURES_PER_ADDRESS", "5")];

/// A loopback address, which is never counted.
const PEER: &str = "127.0.0.1";

/// The statuses of these many wrong logins behind a proxy, which adds `address` to the header.
fn guess(url: &str, address: &str, times: usize) -> Vec<u16> {
    let body = demo_login().replace("mini@mouse.com", "nobody");
    let headers = format!("X-Forwarded-For: 192.0.2.1, {address}\r\n");
    let calls = (0..times).map(|_| post(url, &headers, body.as_bytes()).0);
    calls.collect()
}

#[test]
fn serve_limits_the_client_behind_a_trusted_proxy() {
    let dev = Dev::start();
    let serve = Service::with_settings(&dev.database, &SETTINGS);
    let address = "198.51.100.7";
    assert_eq!(
        guess(&serve.url, address, 7),
        [400, 400, 400, 400, 400, 429, 429]
    );
    // A private address is counted too, since it was told from others.
    assert_eq!(
        guess(&serve.url, "10.0.0.7", 6),
        [400, 400, 400, 400, 400, 429]
    );
    assert_eq!(guess(&serve.url, "\u{e9}", 6), [400; 6]);
    for (address, outcome) in [(address, "too_many_failures"), (PEER, "unknown_user")] {
        let line = serve.log_line(&format!("\"client_ip\":\"{address}\""));
        assert_eq!(line["outcome"], outcome);
    }
}

#[test]
fn dev_has_no_limit_unless_it_is_set() {
    let open = Dev::over(dev(&["--ready-json"]).env("TRUSTED_PROXIES", "1"));
    assert_eq!(guess(&open.url, "198.51.100.7", 101), [400; 101]);
    let limited = Dev::over(dev(&["--ready-json"]).envs(SETTINGS));
    assert_eq!(guess(&limited.url, "198.51.100.7", 6).last(), Some(&429));
}

#[test]
fn a_malformed_limit_stops_the_start() {
    for (name, value, form) in [
        (
            "MAX_FAILURES_PER_ADDRESS",
            "4",
            "none or a number from 5 to 1000000",
        ),
        ("ADDRESS_LIMIT", "warn", "refuse or report"),
        (
            "UNLIMITED_ADDRESSES",
            "10.0.0.1/8",
            "none or up to 50 networks",
        ),
        ("TRUSTED_PROXIES", "11", "a number from 0 to 10"),
    ] {
        let mut command = dev(&["--ready-json"]);
        let refused = run(command.env(name, value), "").expect(1);
        let want = format!("error: {name} must be {form}");
        assert!(refused.stderr.starts_with(&want), "{refused:?}");
    }
}
