//! Messages of the keys that commands add and take.

use std::time::Duration;

use super::super::told::mail_server;
use super::*;

#[test]
fn the_user_is_told_of_each_key_that_is_added_and_taken() {
    let dev = with_keys();
    let [(first, _), _] = add_keys(&dev);
    let (lines, _) = export(&dev, " --factors", Some(SERVER_KEY), 0);
    let line = lines
        .iter()
        .find(|line| line.contains("credentials"))
        .unwrap();
    let (url, received) = mail_server();
    let settings = [
        ("SERVER_KEY", SERVER_KEY),
        ("MAIL_FROM", "login@acme.example"),
        ("AWS_ENDPOINT_URL_SESV2", &*url),
        ("ORGANIZATION_NAME", "Acme"),
    ];
    let told = |command: &str, input: &str, subjects: &[&str]| {
        tell_with(&dev, command, &settings, input).expect(0);
        for subject in subjects {
            let mail = received.recv_timeout(Duration::from_secs(30)).unwrap();
            assert!(mail.contains("ada@x.org"), "{mail}");
            assert!(mail.contains(subject), "{mail}");
        }
        assert!(received.try_recv().is_err(), "{command}");
    };

    told(
        &format!("user factors rename-key ada {first} --to x"),
        "",
        &[],
    );
    told(
        &format!("user factors remove-key ada {first} --yes"),
        "",
        &["A passkey was removed"],
    );
    told("user factors remove ada u2f --yes", "", &["was removed"]);
    told("user factors remove ada passkey --yes", "", &[]);
    told(
        "user import --update -",
        line,
        &["A passkey was added", "was added"],
    );
}
