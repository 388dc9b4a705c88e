//! Passwords that are looked up among breached ones, at a stand-in for Have I Been Pwned.

use crate::cli::tls::Certificate;
use crate::support::breaches::{PASSWORD, RANGE, REST, answer, stand_in};
use crate::support::cli::process::{Dev, Done, run};
use crate::support::record;

fn set(dev: &Dev, url: &str, variables: &[(&str, &str)], more: &[&str]) -> Done {
    record::secret(Some(PASSWORD));
    let set = ["user", "set-password", "mini@mouse.com", "--password-stdin"];
    let mut command = dev.command(&[&set[..], more].concat());
    command.env("BREACHED_PASSWORDS_URL", url);
    run(command.envs(variables.iter().copied()), PASSWORD)
}

const ON: (&str, &str) = ("BREACHED_PASSWORDS", "hibp");
const ACCEPT: (&str, &str) = ("BREACHED_PASSWORDS_ON_FAILURE", "accept");

/// ASVS V6.2.12, NIST SP 800-63B-4, 3.1.1.2: a password from a breach is refused.
#[test]
fn a_breached_password_is_refused_by_the_beginning_of_its_hash() {
    let dev = Dev::start();
    let other = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2";
    let ok = |body: &str| Some(answer("200 OK", body));
    let (url, requests) = stand_in(vec![
        ok(&format!("{other}\r\n{REST}:37359195")),
        ok(&format!("{other}\r\n{REST}:0")),
        ok(other),
    ]);

    let refused = set(&dev, &url, &[ON, ACCEPT], &[]).expect(1);

    assert!(
        refused
            .stderr
            .starts_with("error: the password is breached"),
        "{refused:?}"
    );
    let request = requests.recv().unwrap().to_ascii_lowercase();
    let line = format!("get {} http/1.1\r\n", RANGE.to_ascii_lowercase());
    assert!(request.starts_with(&line), "{request}");
    assert!(request.contains("\r\nadd-padding: true\r\n"), "{request}");
    assert!(request.contains("\r\nuser-agent: sesame/"), "{request}");
    assert!(
        !request.contains(&REST[..5].to_ascii_lowercase()),
        "{request}"
    );
    assert_eq!(dev.log_in("mini@mouse.com", "V3ryS3cure!"), 200);

    // Padding is no entry, and neither is another hash.
    for _ in 0..2 {
        let done = set(&dev, &url, &[ON], &[]).expect(0);
        assert_eq!(done.stderr, "");
        assert!(
            requests
                .recv()
                .unwrap()
                .starts_with(&format!("GET {RANGE} "))
        );
    }
    assert_eq!(dev.log_in("mini@mouse.com", PASSWORD), 200);
}

#[test]
fn nothing_is_sent_if_it_is_off_or_if_the_rules_have_refused_already() {
    let dev = Dev::start();
    let (url, requests) = stand_in(Vec::new());

    set(&dev, &url, &[], &[]).expect(0);
    set(&dev, &url, &[("BREACHED_PASSWORDS", "none")], &[]).expect(0);
    set(&dev, &url, &[ON], &["--accept-weak"]).expect(0);
    set(&dev, &url, &[ON, ("PASSWORD_MIN_LENGTH", "64")], &[]).expect(1);

    assert!(requests.try_recv().is_err());
}

#[test]
fn a_password_that_cant_be_looked_up_is_refused_or_accepted_as_the_setting_says() {
    let dev = Dev::start();
    let entry = format!("{REST}:1\r\n");
    let endless = entry.repeat((1 << 20) / entry.len() + 1);
    let failures = [
        Some(answer("404 Not Found", &entry)),
        Some(answer("302 Found", &entry)),
        Some(answer("204 No Content", "")),
        Some(answer("503 Service Unavailable", &entry)),
        Some(answer("200 OK", "")),
        Some(answer("200 OK", "<html>")),
        Some(answer("200 OK", &endless)),
        // The connection ends before the answer does.
        Some(answer("200 OK", &entry).replace("\r\n\r\n", "0\r\n\r\n")[..60].to_owned()),
        Some("no HTTP\r\n\r\n".to_owned()),
        Some(String::new()),
        None,
    ];
    for failure in failures {
        let shown = failure
            .as_ref()
            .map(|text| text[..text.len().min(60)].to_owned());
        let (url, requests) = stand_in(vec![failure.clone(), failure]);

        let refused = set(&dev, &url, &[ON], &[]).expect(1);
        let want = "error: the password can't be looked up among breached ones";
        assert!(refused.stderr.starts_with(want), "{shown:?} {refused:?}");
        assert!(refused.stderr.contains("BREACHED_PASSWORDS_ON_FAILURE"));
        assert_eq!(
            dev.log_in("mini@mouse.com", "V3ryS3cure!"),
            200,
            "{shown:?}"
        );

        let accepted = set(&dev, &url, &[ON, ACCEPT], &[]).expect(0);
        assert!(accepted.stderr.starts_with("warning: "), "{accepted:?}");
        assert!(accepted.stderr.contains("BREACHED_PASSWORDS_ON_FAILURE"));
        assert_eq!(requests.try_iter().count(), 2, "{shown:?}");
        dev.run_with(
            &[
                "user",
                "set-password",
                "mini@mouse.com",
                "--password-stdin",
                "--accept-weak",
            ],
            "V3ryS3cure!",
        )
        .expect(0);
    }
    // Nobody listens.
    let refused = set(&dev, "http://127.0.0.1:1/", &[ON], &[]).expect(1);
    assert!(refused.stderr.contains("can't be looked up"), "{refused:?}");
}

#[test]
fn settings_of_the_look_up_are_refused_before_a_password_is_read() {
    let dev = Dev::start();
    for (name, value) in [
        ("BREACHED_PASSWORDS", "yes"),
        ("BREACHED_PASSWORDS_URL", "http://example.com/range/"),
        ("BREACHED_PASSWORDS_URL", "https://example.com/range"),
        ("BREACHED_PASSWORDS_ON_FAILURE", "warn"),
    ] {
        let refused = set(&dev, "", &[(name, value)], &[]).expect(1);
        let want = format!("error: {name} must be ");
        assert!(refused.stderr.starts_with(&want), "{refused:?}");
    }
}

/// A service with the certificate stands in here. It has no such range, so it answers with 404.
#[test]
fn a_range_over_tls_is_asked_by_the_roots_of_the_machine() {
    let dev = Dev::start();
    let certificate = Certificate::make();
    let https = certificate.dev(&[]);
    let url = format!("{}/range/", https.url);

    let trusted = set(
        &dev,
        &url,
        &[ON, ("SSL_CERT_FILE", &certificate.file())],
        &[],
    )
    .expect(1);
    assert!(
        trusted.stderr.contains("the answer's status is 404"),
        "{trusted:?}"
    );
    let unknown = set(&dev, &url, &[ON], &[]).expect(1);
    assert!(unknown.stderr.contains("UnknownIssuer"), "{unknown:?}");
}
