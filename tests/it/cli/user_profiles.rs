//! Names, contacts and languages of users, as commands set and show them.

use serde_json::json;

use crate::support::cli::process::{Dev, run};

/// The users' names, contacts and languages, as `show --json` has them.
const FIELDS: [&str; 10] = [
    "displayName",
    "givenName",
    "familyName",
    "nickName",
    "preferredLanguage",
    "gender",
    "email",
    "emailVerified",
    "phone",
    "phoneVerified",
];

#[test]
fn a_user_is_added_with_a_profile_which_updates_change() {
    let dev = Dev::start();
    let add = [
        "user",
        "add",
        "--login-name",
        "ada",
        "--user-id",
        "7",
        "--no-password",
        "--given-name",
        "Ada",
        "--family-name",
        "King",
        "--email",
        "Ada@x.org",
        "--phone",
        "+49 (30) 123-45",
    ];
    dev.run(&add).expect(0);

    let update = |options: &[&str], printed: &str, want: serde_json::Value| {
        let arguments = [&["user", "update", "ADA"], options].concat();
        let done = dev.run(&arguments).expect(0);
        assert_eq!(done.stdout, format!("ada: {printed}\n"));
        let shown = dev.user("ada");
        let got = FIELDS.map(|name| shown[name].clone());
        assert_eq!(json!(got), want, "{options:?}");
        shown["sequence"].as_u64().unwrap()
    };
    let first = json!([
        "Ada King",
        "Ada",
        "King",
        null,
        null,
        null,
        "Ada@x.org",
        false,
        "+493012345",
        false
    ]);
    // What changes nothing is not written.
    let same = [
        "--given-name",
        " Ada ",
        "--email",
        "Ada@x.org",
        "--email-verified",
        "false",
    ];
    assert_eq!(update(&same, "nothing changed", first), 1);
    let sequence = update(
        &[
            "--family-name",
            "Lovelace",
            "--nick-name",
            "A",
            "--language",
            "en-GB",
            "--gender",
            "female",
            "--email-verified",
            "true",
        ],
        "changed displayName, familyName, nickName, preferredLanguage, gender, emailVerified",
        json!([
            "Ada Lovelace",
            "Ada",
            "Lovelace",
            "A",
            "en-GB",
            "female",
            "Ada@x.org",
            true,
            "+493012345",
            false
        ]),
    );
    assert_eq!(sequence, 2);
    // An address in another spelling stays verified; another one does not.
    update(
        &["--email", "ada@X.org", "--display-name", "Countess"],
        "changed displayName, email",
        json!([
            "Countess",
            "Ada",
            "Lovelace",
            "A",
            "en-GB",
            "female",
            "ada@X.org",
            true,
            "+493012345",
            false
        ]),
    );
    update(
        &["--email", "ada@y.org", "--given-name", "Augusta"],
        "changed givenName, email, emailVerified",
        json!([
            "Countess",
            "Augusta",
            "Lovelace",
            "A",
            "en-GB",
            "female",
            "ada@y.org",
            false,
            "+493012345",
            false
        ]),
    );
    let none = [
        "--display-name",
        "",
        "--given-name",
        "",
        "--family-name",
        "",
        "--nick-name",
        "",
        "--language",
        "",
        "--gender",
        "",
        "--email",
        "",
        "--phone",
        "",
    ];
    update(
        &none,
        "changed displayName, givenName, familyName, nickName, preferredLanguage, gender, email, phone",
        json!(["ada", null, null, null, null, null, null, null, null, null]),
    );
}

#[test]
fn a_profile_is_shown_to_people_too() {
    let dev = Dev::start();
    let update = [
        "user",
        "update",
        "mini@mouse.com",
        "--given-name",
        "Mi\u{202e}ni",
        "--family-name",
        "Mouse",
        "--nick-name",
        "M",
        "--language",
        "de",
        "--gender",
        "diverse",
        "--email",
        "m@x.org",
        "--email-verified",
        "true",
        "--phone",
        "+4930123456",
    ];
    dev.run(&update).expect(0);

    let shown = dev.tell("user show mini@mouse.com").expect(0).stdout;

    for row in [
        "given name       Mi\\u{202e}ni\n",
        "family name      Mouse\n",
        "nick name        M\n",
        "language         de\n",
        "gender           diverse\n",
        "e-mail           m@x.org (verified)\n",
        "phone            +4930123456 (not verified)\n",
        "password set at  2",
        "created at       2",
        "changed at       2",
        "changes          2\n",
    ] {
        assert!(shown.contains(row), "{row}: {shown}");
    }
    assert!(!shown.contains("password change"), "{shown}");
}

#[test]
fn what_no_user_can_have_is_refused() {
    let dev = Dev::start();
    for (code, options, reason) in [
        (2, &[][..], "required arguments were not provided"),
        (2, &["--email", "mini"], "it is malformed"),
        (
            2,
            &["--email", "mini@mouse.com\r\nBcc: x@y.org"],
            "it is malformed",
        ),
        (2, &["--phone", "030 12345"], "it is malformed"),
        (2, &["--language", "german!"], "is not a language tag"),
        (2, &["--gender", "f"], "is not one of these"),
        (
            2,
            &["--given-name", "Mi\nni"],
            "must not have control characters",
        ),
        (2, &["--email-verified", "maybe"], "invalid value"),
        (
            1,
            &["--email-verified", "true"],
            "error: the user has no e-mail address\n",
        ),
        (
            1,
            &["--phone", "", "--phone-verified", "false"],
            "error: the user has no phone number\n",
        ),
    ] {
        let arguments = [&["user", "update", "mini@mouse.com"], options].concat();
        let done = dev.run(&arguments).expect(code);
        assert!(done.stderr.contains(reason), "{done:?}");
    }
    let add = "user add --login-name ada --no-password --email-verified true";
    let done = dev.tell(add).expect(1);
    assert_eq!(done.stderr, "error: the user has no e-mail address\n");
    assert_eq!(dev.user("mini@mouse.com")["sequence"], 1);
    assert_eq!(dev.tell("user list").stdout.lines().count(), 1);
}

#[test]
fn an_address_is_unique_where_the_setting_says_so() {
    let dev = Dev::start();
    let add = "user add --no-password --email one@x.org --login-name";
    dev.tell(&format!("{add} a")).expect(0);
    let with = |command: &str, value: &str| {
        let mut command = dev.command(&crate::support::cli::process::words(command));
        run(command.env("UNIQUE_EMAILS", value), "")
    };
    let taken = "error: the login name or e-mail address is another user's e-mail address\n";

    for command in [
        format!("{add} b"),
        "user update mini@mouse.com --email ONE@x.org".to_owned(),
    ] {
        let refused = with(&command, "true").expect(1);
        assert_eq!(refused.stderr, taken);
        with(&command, "false").expect(0);
    }
    let malformed = with("user show b", "yes").expect(1);
    assert!(
        malformed.stderr.starts_with("error: UNIQUE_EMAILS must be"),
        "{malformed:?}"
    );
    // Whoever looks for a login name first would take one user for the other.
    let named = dev
        .tell("user add --no-password --login-name one@X.org")
        .expect(1);
    assert_eq!(named.stderr, taken);
}

#[test]
fn a_password_made_of_a_users_names_is_refused() {
    let dev = Dev::start();
    let add = [
        "user",
        "add",
        "--login-name",
        "ada",
        "--family-name",
        "Lovelace",
        "--password-stdin",
    ];
    let done = dev.run_with(&add, "lovelace-1").expect(1);
    assert!(done.stderr.contains("--accept-weak"), "{done:?}");

    dev.tell("user update mini@mouse.com --nick-name Topolino")
        .expect(0);
    let set = "user set-password mini@mouse.com --password-stdin";
    let done = dev.tell_with(set, "topolino-1").expect(1);
    assert!(done.stderr.contains("--accept-weak"), "{done:?}");
}
