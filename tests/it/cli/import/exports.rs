//! What an export writes, an import reads.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::cli::process::{Dev, words};
use crate::users::passwords::OF_PROGRAMS;

/// Hashes in every form that an import reads: those of the unit tests.
fn hashes() -> Vec<String> {
    let sources = [
        include_str!("../../../../src/password/vectors.rs"),
        include_str!("../../../../src/password/foreign_vectors.rs"),
    ];
    let rows = sources.iter().flat_map(|source| source.lines());
    let rows = rows.filter(|line| line.trim().starts_with('(') && line.trim().ends_with("\"),"));
    let hashes = rows.filter_map(|row| row.rsplit('"').nth(1).map(str::to_owned));
    let of_programs = OF_PROGRAMS.iter().map(|(_, hash)| (*hash).to_owned());
    hashes.chain(of_programs).collect()
}

/// The line of a user with some of the fields, or all.
fn line(n: usize, hash: &str) -> Value {
    let mut line = json!({ "userId": format!("id-{n}"), "loginName": format!("U{n}@x.org") });
    for (every, name, value) in [
        (2, "givenName", json!(format!("Given {n}"))),
        (3, "familyName", json!("O'Neill \u{1f42d} \"é\"")),
        (5, "displayName", json!(format!("User {n}"))),
        (7, "displayName", json!(format!("U{n}@x.org"))),
        (2, "nickName", json!("n")),
        (3, "preferredLanguage", json!("pt-BR")),
        (2, "gender", json!(["female", "male", "diverse"][n % 3])),
        (2, "email", json!(format!("User.{n}@x.org"))),
        (4, "emailVerified", json!(true)),
        (3, "phone", json!(format!("+4930{n:06}"))),
        (6, "phoneVerified", json!(true)),
        (2, "state", json!(["active", "inactive", "locked"][n % 3])),
        (
            3,
            "createdAt",
            json!(format!("2024-02-29T00:00:00.{:03}Z", n % 1000)),
        ),
    ] {
        if n.is_multiple_of(every) {
            line[name] = value;
        }
    }
    if n % 10 != 9 {
        line["passwordHash"] = hash.into();
    }
    line
}

/// The lines of an export in their order as text, and what it says beside. Not by [`Dev::run`],
/// which looks for secrets: here they belong to the output.
fn export(dev: &Dev, options: &str) -> (Vec<String>, String) {
    let mut command = dev.command(&words(&format!("user export{options}")));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    (lines, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_thousand_users_with_every_kind_of_hash_survive_the_round_trip() {
    const OTHER: &str = " --users-table people --sessions-table visits";

    let hashes = hashes();
    assert!(hashes.len() > 100, "{}", hashes.len());
    let dev = Dev::start();
    dev.tell(&format!("tables create{OTHER}")).expect(0);
    let lines: Vec<_> = hashes.iter().cycle().take(1000).enumerate().collect();
    let input: Vec<_> = lines
        .iter()
        .map(|(n, hash)| line(*n, hash).to_string())
        .collect();
    let input = input.join("\n");
    let counts = |done: crate::support::cli::process::Done| super::counts(&done).to_owned();
    let done = dev.tell_with("user import -", &input).expect(0);
    assert_eq!(counts(done), "1000 added, 0 unchanged, 0 refused");

    let (first, said) = export(&dev, "");
    let want =
        "warning: the output has the users' password hashes: it is as secret as the users table\n";
    assert_eq!(said, want);
    // `dev` has a user of its own.
    assert_eq!(first.len(), 1001);
    for (n, hash) in [(0, lines[0].1), (998, lines[998].1)] {
        let found = first
            .iter()
            .find(|line| line.contains(&format!("\"id-{n}\"")));
        let found: Value = serde_json::from_str(found.unwrap()).unwrap();
        assert_eq!(found["passwordHash"], **hash);
    }

    let text = first.join("\n");
    let done = dev.tell_with("user import --update -", &text).expect(0);
    assert_eq!(counts(done), "0 added, 1001 unchanged, 0 refused");
    let done = dev
        .tell_with(&format!("user import -{OTHER}"), &text)
        .expect(0);
    assert_eq!(counts(done), "1001 added, 0 unchanged, 0 refused");
    let (second, _) = export(&dev, OTHER);
    assert!(first == second, "the exports differ");
}
