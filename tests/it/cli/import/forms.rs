//! The forms of input that an import reads or refuses.

use serde_json::json;

use super::user;
use crate::support::cli::process::{Dev, run, sesame};

#[test]
fn a_file_that_is_not_json_lines_is_refused_whole() {
    const ARRAY: &str = "it must be JSON Lines, not an array: jq -c '.[]' makes lines of one";
    const OBJECT: &str = "it must be JSON Lines, a whole object in each line";

    let dev = Dev::start();
    for (input, reason) in [
        (format!("[{},{}]", user(0), user(1)), ARRAY),
        (format!("[{},\n{}]\n", user(0), user(1)), ARRAY),
        (format!("[\n{}\n,\n{}\n]\n", user(0), user(1)), ARRAY),
        (format!("\u{feff}[\n{}\n]\n", user(0)), ARRAY),
        (format!("\n\n  [\n{}\n]\n", user(0)), ARRAY),
        (format!("{{\"users\": [\n{}\n]}}\n", user(0)), OBJECT),
        (format!("{{\n\"userId\": \"1\"\n}}\n{}\n", user(0)), OBJECT),
    ] {
        let done = dev.tell_with("user import -", &input).expect(1);

        assert_eq!(done.stdout, "0 added, 0 unchanged, 0 refused\n");
        let error = format!("error: - can't be read: {reason}");
        assert!(done.stderr.starts_with(&error), "{done:?}");
        assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    }
    let listed = dev.tell("user list").expect(0);
    assert_eq!(listed.stdout.lines().count(), 1, "{listed:?}");
}

#[test]
fn names_are_trimmed_and_must_be_visible() {
    let dev = Dev::start();
    let line = |id: &str, name: &str, display: &str| {
        json!({ "userId": id, "loginName": name, "displayName": display }).to_string()
    };
    let input = [
        line("1", " Ada@x.org\r\n", " Ada "),
        line("2", "a\u{200b}da@x.org", "Ada"),
        line("3", "ada\u{a0}@x.org", "A\nda"),
        line(" 4", "bob@x.org", "Bob"),
        line("5", "ADA@x.org", "Ada"),
    ]
    .join("\n");

    let done = dev.tell_with("user import -", &input).expect(1);

    let want = "line 2: invalid login_name: must not have control, formatting or other \
                invisible characters\n\
                line 3: invalid display_name: must not have control characters or line ends\n\
                line 5: the login name is taken by the user 1\n\
                error: lines refused: 3\n";
    assert_eq!(done.stderr, want);
    let ada = dev.user("ada@x.org");
    assert_eq!(ada["loginName"], "Ada@x.org");
    assert_eq!(ada["displayName"], "Ada");
    // An id is not trimmed.
    assert_eq!(dev.user("bob@x.org")["userId"], " 4");
}

#[test]
fn the_help_says_what_a_line_is() {
    let help = run(&mut sesame(&["user", "import", "--help"]), "").expect(0);
    for text in [
        "JSON Lines",
        "userId",
        "loginName",
        "displayName",
        "passwordHash",
        "salt",
        "--firebase-hash-config",
        "docs/migrating.md",
    ] {
        assert!(help.stdout.contains(text), "{text}");
    }
}
