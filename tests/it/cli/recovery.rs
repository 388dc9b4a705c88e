//! What operators do for users whom no message reaches.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::cli::process::{Dev, Done, closed, dev, post_to, run, sesame, words};

const KEY: &str = "a server key of at least 32 characters";
const NEW: &str = "an entirely new passphrase";

fn with_key() -> Dev {
    Dev::over(dev(&[]).env("SERVER_KEY", KEY).arg("--ready-json"))
}

/// Runs a command with settings in its environment.
fn tell(dev: &Dev, command: &str, settings: &[(&str, &str)]) -> Done {
    run(
        dev.command(&words(command)).envs(settings.iter().copied()),
        "",
    )
}

/// Makes a call of the service account that may do everything.
fn call(dev: &Dev, path: &str, body: &Value) -> (u16, Value) {
    let headers = format!("Authorization: Bearer {}\r\n", dev.token);
    post_to(&dev.url, path, &headers, body.to_string().as_bytes())
}

fn add(dev: &Dev, options: &str) {
    let add = format!("user add --no-password --user-id 7 --login-name ada {options}");
    dev.tell(add.trim_end()).expect(0);
}

fn email(dev: &Dev) -> Value {
    let shown = dev.user("ada");
    let fields = ["email", "emailVerified", "newEmail", "sequence"];
    fields.map(|name| shown[name].clone()).into_iter().collect()
}

#[test]
fn an_address_is_verified_once() {
    let dev = Dev::start();
    add(&dev, "--email Ada@x.org");

    for (selector, printed) in [
        ("ADA", "ada: verified Ada@x.org\n"),
        ("--id 7", "ada: Ada@x.org is verified already\n"),
    ] {
        let done = dev.tell(&format!("user verify-email {selector}")).expect(0);
        assert_eq!(done.stdout, printed);
        assert_eq!(email(&dev), json!(["Ada@x.org", true, null, 2]));
    }

    for (user, reason) in [
        ("mini@mouse.com", "error: the user has no e-mail address\n"),
        (
            "nobody",
            "error: there is no user with the login name nobody\n",
        ),
    ] {
        let done = dev.tell(&format!("user verify-email {user}")).expect(1);
        assert_eq!((&*done.stdout, &*done.stderr), ("", reason));
    }
}

#[test]
fn a_new_address_waits_until_it_is_verified_or_replaced() {
    let dev = Dev::start();
    add(&dev, "--email ada@x.org --email-verified true");
    let wait = |address: &str| {
        let body = json!({ "email": address });
        assert_eq!(call(&dev, "/v2/users/7/email", &body).0, 200);
    };
    wait("ada@y.org");
    assert_eq!(email(&dev), json!(["ada@x.org", true, "ada@y.org", 2]));
    let shown = dev.tell("user show ada").expect(0).stdout;
    let row = "e-mail           ada@x.org (verified)\nnew e-mail       ada@y.org (not verified)\n";
    assert!(shown.contains(row), "{shown}");
    let exported = dev.tell("user export").expect(0);
    let lines = exported.json();
    let ada = lines.iter().find(|line| line["userId"] == "7").unwrap();
    assert_eq!(ada["email"], "ada@x.org");
    assert!(!exported.stdout.contains("ada@y.org"));

    let done = dev.tell("user verify-email ada").expect(0);
    assert_eq!(done.stdout, "ada: verified ada@y.org\n");
    assert_eq!(email(&dev), json!(["ada@y.org", true, null, 3]));

    // An operator who says what the address is means no other one.
    for (now, printed) in [
        ("ADA@y.org", "ada: changed email, newEmail\n"),
        ("ada@w.org", "ada: changed email, emailVerified, newEmail\n"),
    ] {
        wait("ada@z.org");
        let done = dev.tell(&format!("user update ada --email {now}"));
        assert_eq!(done.expect(0).stdout, printed);
        let shown = email(&dev);
        assert_eq!((&shown[0], &shown[2]), (&json!(now), &Value::Null));
    }
}

#[test]
fn an_address_that_was_taken_while_it_waited_is_refused() {
    let dev = Dev::start();
    add(&dev, "--email ada@x.org --email-verified true");
    let body = json!({ "email": "mini@x.org" });
    assert_eq!(call(&dev, "/v2/users/7/email", &body).0, 200);
    dev.tell("user update mini@mouse.com --email mini@x.org")
        .expect(0);

    let verify = "user verify-email ada";
    let refused = tell(&dev, verify, &[("UNIQUE_EMAILS", "true")]).expect(1);
    let taken = "error: the login name or e-mail address is another user's e-mail address\n";
    assert_eq!(refused.stderr, taken);
    assert_eq!(email(&dev), json!(["ada@x.org", true, "mini@x.org", 2]));
    tell(&dev, verify, &[]).expect(0);
}

#[test]
fn a_code_is_printed_that_the_service_takes() {
    let dev = with_key();
    add(&dev, "--email ada@x.org");
    let reset = |options: &str| {
        let command = format!("user reset-password {options}");
        tell(&dev, &command, &[("SERVER_KEY", KEY)])
    };

    let first = reset("ada").expect(0).stdout;
    let code = first.trim_end();
    assert_eq!(code.len(), 8);
    // As long as it is valid it is the same one, also where the service returns it.
    let shown = reset("--id 7 --json").expect(0).json().remove(0);
    assert_eq!(
        [&shown["userId"], &shown["loginName"], &shown["code"]],
        ["7", "ada", code]
    );
    assert!(shown["expiresAt"].as_str().unwrap().ends_with('Z'));
    let returned = call(
        &dev,
        "/v2/users/7/password_reset",
        &json!({ "returnCode": {} }),
    );
    assert_eq!(returned.1["verificationCode"], code);

    let set = json!({ "newPassword": { "password": NEW }, "verificationCode": code });
    assert_eq!(call(&dev, "/v2/users/7/password", &set).0, 200);
    assert_eq!(dev.log_in("ada", NEW), 200);
    assert_eq!(call(&dev, "/v2/users/7/password", &set).0, 400);
    assert_ne!(reset("ada").expect(0).stdout, first);
    assert!(
        !dev.stop().stderr.contains("ada@x.org"),
        "a message was sent"
    );
}

#[test]
fn a_code_that_could_not_be_used_is_not_made() {
    let dev = with_key();
    let key = [("SERVER_KEY", KEY)];
    let reset = "user reset-password --id 7";
    add(&dev, "--phone +41711234567");
    let refuse = |settings: &[(&str, &str)], reason: &str| {
        let done = tell(&dev, reset, settings).expect(1);
        assert_eq!(done.stdout, "");
        assert!(done.stderr.contains(reason), "{done:?}");
    };

    refuse(&key, "no e-mail address and no verified phone number");
    dev.tell("user update ada --phone-verified true").expect(0);
    refuse(&[], "SERVER_KEY or SERVER_KEY_SECRET must be set");
    refuse(
        &[("SERVER_KEY", "short")],
        "SERVER_KEY must be keys of at least 32 characters each",
    );
    refuse(
        &[("SERVER_KEY", KEY), ("SERVER_KEY_SECRET", "name")],
        "SERVER_KEY_SECRET can't be set beside SERVER_KEY",
    );
    let nowhere = closed();
    refuse(
        &[
            ("SERVER_KEY_SECRET", "name"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &nowhere),
        ],
        "the server key of SERVER_KEY_SECRET can't be read",
    );
    for (state, undo) in [("lock", "unlock"), ("deactivate", "activate")] {
        dev.tell(&format!("user {state} ada")).expect(0);
        refuse(&key, "and can use no code");
        dev.tell(&format!("user {undo} ada")).expect(0);
    }
    let code = tell(&dev, reset, &key).expect(0).stdout;
    for _ in 0..5 {
        let set = json!({ "newPassword": { "password": NEW }, "verificationCode": "WRNGWRNG" });
        assert_eq!(call(&dev, "/v2/users/7/password", &set).0, 400);
    }
    refuse(&key, "the tries of the code were used up");
    let secret = secrets_manager(KEY);
    let by_secret = [
        ("SERVER_KEY_SECRET", "name"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &*secret),
    ];
    refuse(&by_secret, "the tries of the code were used up");
    assert_eq!(code.trim_end().len(), 8);
}

#[test]
fn the_commands_say_what_they_are_for() {
    for (command, want) in [
        ("user reset-password --help", "SERVER_KEY_SECRET"),
        ("user verify-email --help", "waits to be verified"),
    ] {
        let help = run(&mut sesame(&words(command)), "").expect(0).stdout;
        assert!(help.contains(want), "{help}");
    }
}

/// A Secrets Manager that answers one request with this key, at a URL of its own.
fn secrets_manager(key: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 8192];
        let _ = stream.read(&mut request).unwrap();
        let body = json!({ "Name": "name", "SecretString": key }).to_string();
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close";
        let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).unwrap();
    });
    url
}
