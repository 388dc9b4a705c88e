//! Second factors in an export and an import.

use std::process::Stdio;

use serde_json::{Value, json};

use super::{add, add_app, by_app, is_listed, listed, log_in, tell_with, update, with_key};
use crate::support::cli::process::{Dev, dev, words};
use crate::support::second::{SERVER_KEY, recovery_hash};

const RECOVERY_CODE: &str = "8XK2-0D4M-TQ7R-5N1W-9HJC-3VEP";
const OTHER_KEY: &str = "another server key of at least 32 characters";
const SECRETS: &str = "\
    warning: the output has the users' password hashes: it is as secret as the users table\n\
    warning: it also has the secrets of their authenticator apps in the clear: whoever reads them \
    has these second factors\n";

/// What an export prints. Not by [`Dev::run`], which looks for secrets: here they belong to the output.
pub(super) fn export(
    dev: &Dev,
    options: &str,
    key: Option<&str>,
    code: i32,
) -> (Vec<String>, String) {
    let mut command = dev.command(&words(&format!("user export{options}")));
    command.envs(key.map(|key| ("SERVER_KEY", key)));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    (lines, String::from_utf8(output.stderr).unwrap())
}

/// The hash of the recovery code of a user in base64.
fn hash(user: &str) -> String {
    use base64ct::{Base64, Encoding as _};
    let user = sesame::domain::UserId::parse(user.to_owned()).unwrap();
    Base64::encode_string(recovery_hash(&user, RECOVERY_CODE).as_bytes())
}

/// Adds users with an app, with everything, and with codes by e-mail, and returns the secrets of the
/// apps.
fn add_users(dev: &Dev) -> [String; 2] {
    for (name, id) in [("ada", "1"), ("bob", "2"), ("cleo", "3")] {
        add(dev, name, id);
    }
    let secrets = ["ada", "bob"].map(|name| add_app(dev, name));
    update(
        dev,
        &json!({
            "userId": "2", "loginName": "bob", "otpEmail": true, "otpSms": true,
            "recoveryCodeHashes": [hash("2")],
        }),
    );
    update(
        dev,
        &json!({ "userId": "3", "loginName": "cleo", "otpEmail": true }),
    );
    secrets
}

#[test]
fn a_move_keeps_every_second_factor() {
    let from = with_key();
    let [ada, bob] = add_users(&from);
    let (lines, said) = export(&from, " --factors", Some(SERVER_KEY), 0);
    assert_eq!(said, SECRETS);
    let of = |id: &str| -> Value {
        let lines = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut lines = lines.filter(|line| line["userId"] == *id);
        lines.next().unwrap()
    };
    let fields = ["totpSecret", "recoveryCodeHashes", "otpEmail", "otpSms"];
    for (id, want) in [
        ("1", json!([ada, null, null, null])),
        ("2", json!([bob, [hash("2")], true, true])),
        ("3", json!([null, null, true, null])),
    ] {
        let line = of(id);
        let got: Value = fields.map(|name| line[name].clone()).into_iter().collect();
        assert_eq!(got, want, "{id}");
    }

    // Another deployment with another key.
    let to = Dev::over(dev(&[]).env("SERVER_KEY", OTHER_KEY).arg("--ready-json"));
    let own = lines.iter().filter(|line| !line.contains("mini@mouse.com"));
    let input = own.cloned().collect::<Vec<_>>().join("\n");
    let import = |options: &str| {
        let key = [("SERVER_KEY", OTHER_KEY)];
        let done = tell_with(&to, &format!("user import{options} -"), &key, &input).expect(0);
        assert_eq!(done.stderr, "");
        done.stdout
    };
    let dry = "dry run, nothing was written: ";
    assert_eq!(
        import(" --dry-run"),
        format!("{dry}3 added, 0 unchanged, 0 refused\n")
    );
    assert_eq!(import(""), "3 added, 0 unchanged, 0 refused\n");
    assert_eq!(import(""), "0 added, 3 unchanged, 0 refused\n");
    assert_eq!(import(" --update"), "0 added, 3 unchanged, 0 refused\n");

    for name in ["ada", "bob", "cleo"] {
        assert_eq!(listed(&to, name), listed(&from, name), "{name}");
    }
    let (again, _) = export(&to, " --factors", Some(OTHER_KEY), 0);
    let again: Vec<_> = again
        .iter()
        .filter(|line| !line.contains("mini@mouse.com"))
        .collect();
    assert_eq!(
        again,
        lines
            .iter()
            .filter(|line| !line.contains("mini@mouse.com"))
            .collect::<Vec<_>>()
    );
    for (name, secret) in [("ada", &ada), ("bob", &bob)] {
        assert_eq!(log_in(&to, name, by_app(secret, 0)).0, 200, "{name}");
    }
    let code = json!({ "recoveryCode": { "code": RECOVERY_CODE } });
    assert_eq!(log_in(&to, "bob", code.clone()).0, 200);
    assert_eq!(log_in(&to, "bob", code).0, 400);
    dev_is_sound(&to);
}

fn dev_is_sound(dev: &Dev) {
    let key = [("SERVER_KEY", OTHER_KEY)];
    let checked = tell_with(dev, "tables check", &key, "").expect(0).stdout;
    assert!(
        checked.starts_with("both tables are as they should be\n"),
        "{checked}"
    );
}

#[test]
fn what_an_export_leaves_out_is_counted_or_named() {
    let dev = with_key();
    let hashes = SECRETS.lines().next().unwrap();
    assert_eq!(export(&dev, "", None, 0).1, format!("{hashes}\n"));
    add_users(&dev);

    let (lines, said) = export(&dev, "", None, 0);
    let counts = "totp (2), otp_email (2), otp_sms (1), recovery_codes (1)";
    let mut counted: Vec<_> = counts.split(", ").collect();
    counted.sort_unstable();
    assert_eq!(
        said,
        format!(
            "{hashes}\nwarning: the second factors of 3 users are left out: {}; --factors writes \
             them\n",
            counted.join(", ")
        )
    );
    assert_eq!(lines.len(), 4);
    assert!(!lines.concat().contains("totpSecret"));

    // No key; one that opens nothing.
    let (_, said) = export(&dev, " --factors", None, 1);
    assert!(
        said.contains("one of them must be set as it is for the service"),
        "{said}"
    );
    let (lines, said) = export(&dev, " --factors", Some(OTHER_KEY), 1);
    assert_eq!(lines.len(), 2, "{lines:?}");
    for name in ["ada", "bob"] {
        let left_out =
            format!("{name} is left out: the authenticator app can't be read: no server key");
        assert!(said.contains(&left_out), "{said}");
    }
    let error = "error: users whose second factors can't be exported: 2\n";
    assert!(said.ends_with(error), "{said}");
}

#[test]
fn each_factor_that_differs_is_named_and_updated_on_request() {
    let dev = with_key();
    add(&dev, "ada", "7");
    let secret = add_app(&dev, "ada");
    let other = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let codes = json!([hash("7")]);
    let none = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for (n, (field, value, ends)) in [
        ("totpSecret", json!(other), true),
        ("recoveryCodeHashes", codes, false),
        ("recoveryCodeHashes", json!([none]), true),
        ("otpEmail", json!(true), false),
        ("otpSms", json!(true), false),
        ("otpSms", json!(false), true),
        ("totpSecret", json!(secret), true),
    ]
    .into_iter()
    .enumerate()
    {
        let mut line = json!({ "userId": "7", "loginName": "ada" });
        line[field] = value;
        let import = |options: &str| {
            let key = [("SERVER_KEY", SERVER_KEY)];
            let command = format!("user import {options}-");
            tell_with(&dev, &command, &key, &line.to_string()).expect(0)
        };
        let generation = || dev.user("ada")["sequence"].as_u64().unwrap();
        let before = generation();
        assert_eq!(import("").stderr, format!("line 1: differs in {field}\n"));
        let said = import("--update --dry-run ").stderr;
        assert_eq!(said, format!("line 1: updates {field}\n"));
        assert_eq!(generation(), before);
        let (_, session) = log_in(&dev, "ada", json!({}));
        let said = import("--update ").stderr;
        assert_eq!(said, format!("line 1: updates {field}\n"));
        assert_eq!(generation(), before + 1);
        assert_eq!(import("--update ").stderr, "");
        assert_eq!(is_listed(&dev, &session), !ends, "{n}: {field}");
    }
}

#[test]
fn a_secret_is_imported_only_with_a_key() {
    let dev = with_key();
    let lines = [
        json!({ "userId": "1", "loginName": "one", "totpSecret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" }),
        json!({ "userId": "2", "loginName": "two", "otpEmail": true }),
    ];
    let input = lines.map(|line| line.to_string()).join("\n");

    let done = tell_with(&dev, "user import -", &[], &input).expect(1);

    assert_eq!(done.stdout, "1 added, 0 unchanged, 1 refused\n");
    let reason =
        "line 1: totpSecret needs SERVER_KEY or SERVER_KEY_SECRET, as the service has it\n";
    assert!(done.stderr.starts_with(reason), "{done:?}");
    let invalid = [("SERVER_KEY", "short")];
    let done = tell_with(&dev, "user import -", &invalid, &input).expect(1);
    assert!(done.stderr.contains("SERVER_KEY must be"), "{done:?}");
    // Without such a line, the key isn't looked at.
    let other = lines_without_secret();
    tell_with(&dev, "user import -", &invalid, &other).expect(0);
}

fn lines_without_secret() -> String {
    json!({ "userId": "3", "loginName": "three", "otpEmail": true }).to_string()
}
