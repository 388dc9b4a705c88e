//! Users who are there already: what differs, what an update changes, and what a dry run says.

use serde_json::{Value, json};

use super::{HASHES, PASSWORD, counts, user, users};
use crate::support::cli::process::{Dev, run, sesame, words};
use crate::support::cli::throttled::Throttled;

/// The line of a user with all fields.
fn ada() -> Value {
    json!({
        "userId": "7", "loginName": "ada", "displayName": "Countess", "givenName": "Ada",
        "familyName": "King", "nickName": "A", "preferredLanguage": "en", "gender": "female",
        "email": "ada@x.org", "emailVerified": true, "phone": "+493012345",
        "phoneVerified": false, "state": "active", "createdAt": "2024-02-29T00:00:00Z",
        "passwordHash": HASHES[0],
    })
}

#[test]
fn an_imported_user_has_all_fields() {
    crate::support::record::secret(Some(HASHES[0]));
    let dev = Dev::start();
    let mut line = ada();
    line["state"] = "locked".into();

    let done = dev.tell_with("user import -", &line.to_string()).expect(0);

    assert_eq!(counts(&done), "1 added, 0 unchanged, 0 refused");
    let shown = dev.user("ada");
    for (name, value) in line.as_object().unwrap() {
        if name != "passwordHash" {
            assert_eq!(shown[name], *value, "{name}");
        }
    }
    assert_eq!(shown["password"], "argon2id");
    assert_eq!(shown["sequence"], 1);
    let done = dev.tell_with("user import -", &line.to_string()).expect(0);
    assert_eq!(counts(&done), "0 added, 1 unchanged, 0 refused");
}

#[test]
fn each_field_that_differs_is_named_and_updated_on_request() {
    crate::support::record::secret(Some(PASSWORD));
    crate::support::record::secret(Some(HASHES[0]));
    crate::support::record::secret(Some(HASHES[4]));
    let dev = Dev::start();
    dev.tell_with("user import -", &ada().to_string()).expect(0);

    for (sequence, (field, value)) in (2..).zip([
        ("loginName", json!("Ada")),
        ("displayName", json!("Lady")),
        ("givenName", json!("Augusta")),
        ("familyName", json!("Lovelace")),
        ("nickName", json!("B")),
        ("preferredLanguage", json!("en-GB")),
        ("gender", json!("diverse")),
        ("email", json!("ADA@x.org")),
        ("emailVerified", json!(false)),
        ("phone", json!("+493012346")),
        ("phoneVerified", json!(true)),
        ("createdAt", json!("2024-03-01T00:00:00.500Z")),
        ("state", json!("inactive")),
        ("state", json!("active")),
        ("passwordHash", json!(HASHES[4])),
    ]) {
        let mut line = json!({ "userId": "7", "loginName": "ada" });
        line["loginName"] = dev.user("ada")["loginName"].clone();
        if let Some(flagged) = field.strip_suffix("Verified") {
            line[flagged] = dev.user("ada")[flagged].clone();
        }
        line[field] = value.clone();
        let import = |options: &str| {
            let command = format!("user import {options}-");
            dev.tell_with(&command, &line.to_string()).expect(0)
        };
        let before = dev.user("ada");

        let done = import("");
        assert_eq!(done.stderr, format!("line 1: differs in {field}\n"));
        assert_eq!(
            counts(&done),
            "0 added, 0 unchanged, 1 differing, 0 refused"
        );
        let done = import("--update --dry-run ");
        assert_eq!(done.stderr, format!("line 1: updates {field}\n"));
        let want = "dry run, nothing was written: 0 added, 1 updated, 0 unchanged, 0 refused";
        assert_eq!(counts(&done), want);
        assert_eq!(dev.user("ada"), before);

        let done = import("--update ");
        assert_eq!(done.stderr, format!("line 1: updates {field}\n"));
        assert_eq!(counts(&done), "0 added, 1 updated, 0 unchanged, 0 refused");
        assert_eq!(dev.user("ada")["sequence"], sequence);
        if field == "passwordHash" {
            assert!(done.stdout.contains("1 weak hash"), "{done:?}");
            assert_eq!(dev.user("ada")["password"], "pbkdf2-sha256");
            assert_eq!(dev.log_in("ada", PASSWORD), 200);
        } else {
            assert_eq!(dev.user("ada")[field], value);
        }
        // The login has replaced the hash.
        let again = match field {
            "passwordHash" => "0 added, 1 updated, 0 unchanged, 0 refused",
            _ => "0 added, 1 unchanged, 0 refused",
        };
        assert_eq!(counts(&import("--update ")), again);
    }
}

#[test]
fn what_a_line_leaves_out_stays() {
    crate::support::record::secret(Some(HASHES[0]));
    let dev = Dev::start();
    dev.tell_with("user import -", &ada().to_string()).expect(0);
    let before = dev.user("ada");

    for line in [
        json!({ "userId": "7", "loginName": "ada" }),
        json!({ "userId": "7", "loginName": "ada", "email": null, "emailVerified": false }),
        json!({ "userId": "7", "loginName": "ada", "email": "ada@x.org", "nickName": "" }),
    ] {
        let done = dev
            .tell_with("user import --update -", &line.to_string())
            .expect(0);
        assert_eq!(counts(&done), "0 added, 1 unchanged, 0 refused", "{line}");
    }
    assert_eq!(dev.user("ada"), before);
}

#[test]
fn taken_names_ids_and_addresses_are_refused_in_a_dry_run_as_well() {
    let dev = Dev::start();
    dev.tell("user add --login-name ada --user-id 7 --no-password --email ada@x.org")
        .expect(0);
    let lines = [
        json!({ "userId": "8", "loginName": "ADA" }),
        json!({ "userId": "7", "loginName": "bob" }),
        json!({ "userId": "9", "loginName": "Ada@X.org" }),
        json!({ "userId": "10", "loginName": "cleo", "email": "ADA@x.org" }),
        json!({ "userId": "11", "loginName": "dora" }),
    ];
    let input = lines.map(|line| line.to_string()).join("\n");
    let reasons = "\
        line 1: the login name is taken by the user 7\n\
        line 2: the user id is taken by a user with another login name\n\
        line 3: the login name or e-mail address is another user's e-mail address\n\
        line 4: the login name or e-mail address is another user's e-mail address\n\
        error: lines refused: 4\n";
    let import = |options: &str| {
        let command = format!("user import {options}-");
        let mut command = dev.command(&words(&command));
        run(command.env("UNIQUE_EMAILS", "true"), &input).expect(1)
    };

    let done = import("--dry-run --json ");
    assert_eq!(done.stderr, reasons);
    let got = &done.json()[0];
    assert_eq!(
        [&got["added"], &got["refused"], &got["dryRun"]],
        [&json!(1), &json!(4), &json!(true)]
    );
    assert_eq!(dev.tell("user list").stdout.lines().count(), 2);

    let done = import("");
    assert_eq!(done.stderr, reasons);
    assert_eq!(counts(&done), "1 added, 0 unchanged, 4 refused");
}

#[test]
fn updates_wait_for_a_throttled_table() {
    let dev = Dev::start();
    dev.tell_with("user import -", &users(0..20)).expect(0);
    let throttled = Throttled::before(&dev.database, 100);
    let lines = users(0..20).replace("User", "Person");

    let mut import = sesame(&["user", "import", "--json", "--update", "-"]);
    import.args(["--endpoint-url", &throttled.url]);
    let done = run(&mut import, &lines).expect(0);

    assert_eq!(done.json()[0]["updated"], 20);
    assert_eq!(throttled.left(), 0);
    assert_eq!(dev.user("u3@x.org")["displayName"], "Person 3");
}

/// The SDK sends the same a few times, and then the import begins anew: what it then finds is its own
/// work.
#[test]
fn an_import_whose_answers_are_lost_counts_its_own_writes() {
    for lost in 1..=8 {
        let dev = Dev::start();
        let import = |line: &str| {
            let throttled = Throttled::losing_answers(&dev.database, lost);
            let mut import = sesame(&["user", "import", "--json", "--update", "-"]);
            import.args(["--endpoint-url", &throttled.url]);
            let done = run(&mut import, line).expect(0);
            assert_eq!(throttled.left(), 0);
            done.json().remove(0)
        };
        let line = user(0);
        assert_eq!(import(&line)["added"], 1, "{lost}");
        let counts = import(&line.replace("User", "Person"));
        assert_eq!(counts["updated"], 1, "{lost}");
        let sequence = &dev.user("u0@x.org")["sequence"];
        assert_eq!(*sequence, 2, "{lost}");
    }
}
