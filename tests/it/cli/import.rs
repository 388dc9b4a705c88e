mod exports;
mod forms;
mod hashes;
mod updates;

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::cli::process::{Dev, Done, Running, run, sesame};
use crate::support::cli::throttled::Throttled;

const PASSWORD: &str = "correct horse";
/// Hashes of [`PASSWORD`] made by other implementations.
const HASHES: [&str; 7] = [
    "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Jc5SM8weTTfpvKMb/vQXEOQERs0ctXWTJ5HF/TeAvTw",
    "$argon2i$v=19$m=256,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$6nW7U8U7CdUpoJ+TDMP/z2ub6f/yzRkw0PW50V2P/Ck",
    "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$scrypt$ln=4,r=8,p=1$+/+++/+++/+++/+++/+++w$7JtBIK521ROChmEsy0SaXqcspZocSwPZcLtrM3AuVIY",
    "$pbkdf2-sha256$1200$./.../.../.../.../...w$oyZJ7cmBjm5BG2T3nggaIPGr6VfGbEWGIwqVJYoCtLk",
    "$5$rounds=1000$saltstringsaltst$q9YlbkuMoociauONftd2e5Ed6VxRd/LLwz2oOt1AaW3",
    "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/",
];

/// A line for the user `u<n>`.
fn user(n: usize) -> String {
    let hash = HASHES[n % HASHES.len()];
    crate::support::record::secret(Some(hash));
    json!({
        "userId": format!("id-{n}"),
        "loginName": format!("u{n}@x.org"),
        "displayName": format!("User {n}"),
        "passwordHash": hash,
    })
    .to_string()
}

fn users(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|n| user(n) + "\n").collect()
}

/// The first line of the summary. The line behind it counts the weak hashes.
fn counts(done: &Done) -> &str {
    done.stdout.lines().next().unwrap()
}

#[test]
fn imported_users_log_in_with_their_former_password() {
    crate::support::record::secret(Some(PASSWORD));
    let dev = Dev::start();

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, users(0..HASHES.len())).unwrap();
    let path = file.path().to_str().unwrap();
    let done = dev.run(&["user", "import", path]).expect(0);
    let want = "7 added, 0 unchanged, 0 refused\n\
                7 weak hashes, until their users log in: PBKDF2 (1), SHA-crypt (2), argon2 (2), \
                bcrypt under cost 10 (1), scrypt (1)\n";
    assert_eq!(done.stdout, want);
    assert_eq!(done.stderr, "", "no progress bar in a pipe");

    let algorithms = "argon2id argon2i bcrypt scrypt pbkdf2-sha256 sha256-crypt sha512-crypt";
    for (n, algorithm) in algorithms.split(' ').enumerate() {
        let name = format!("u{n}@x.org");
        let before = dev.user(&name);
        assert_eq!(before["password"], algorithm);
        assert_eq!(before["displayName"], format!("User {n}"));
        assert_eq!(dev.log_in(&name, "wrong"), 400, "{algorithm}");
        assert_eq!(dev.log_in(&name, PASSWORD), 200, "{algorithm}");
        assert_eq!(dev.user(&name)["password"], "argon2id", "{algorithm}");
        assert_eq!(dev.log_in(&name, PASSWORD), 200, "{algorithm}");
    }
}

#[test]
fn each_refused_line_is_reported_and_the_rest_imported() {
    let dev = Dev::start();
    let mut lines: Vec<String> = (0..2000).map(user).collect();
    lines[10] = "{\"userId\":".to_owned();
    lines[20] = user(19);
    lines[30] = String::new();
    lines[40] = json!({ "userId": "other", "loginName": "U39@X.ORG" }).to_string();
    lines[50] = json!({ "userId": "id-49", "loginName": "other@x.org" }).to_string();
    lines[60] = json!({ "userId": "id-60", "loginName": "u60@x.org", "passwordHash": "$md5$x$y" })
        .to_string();
    lines[70] =
        json!({ "userId": "id-70", "loginName": "u70@x.org", "password": PASSWORD }).to_string();
    lines[80] = json!({ "userId": "id-80", "loginName": "u80@x.org", "org": PASSWORD }).to_string();
    lines[90] = "x".repeat(40_000);
    lines[1999] = json!({ "user_id": "id-1999", "login_name": "u1999@x.org" }).to_string();
    let input = lines.join("\n");

    let done = dev.tell_with("user import -", &input).expect(1);
    assert_eq!(counts(&done), "1991 added, 1 unchanged, 7 refused");
    let want = "\
        line 11: the line is not JSON (column 10)\n\
        line 41: the login name is taken by the user id-39\n\
        line 51: the user id is taken by a user with another login name\n\
        line 61: passwordHash can't be used: it looks like MD5, which is not supported\n\
        line 71: plaintext passwords are not accepted: passwordHash takes a hash\n\
        line 81: org is no field of a user\n\
        line 91: the line is longer than 32768 bytes\n\
        error: lines refused: 7\n";
    assert_eq!(done.stderr, want);
    let listed = dev.tell("user list --json").json();
    assert_eq!(listed.len(), 1 + 1991);

    let again = dev.tell_with("user import --json -", &input).expect(1);
    let counts = json!({
        "dryRun": false, "added": 0, "updated": 0, "unchanged": 1992, "differing": 0, "refused": 7,
        "weak": {}, "lastLine": 2000, "complete": true,
    });
    assert_eq!(again.json(), [counts]);
    assert_eq!(again.stderr, want);
}

#[test]
fn an_interrupted_import_resumes() {
    for signal in ["INT", "TERM"] {
        let dev = Dev::start();
        let mut import = dev.command(&["user", "import", "-"]);
        import.stdin(std::process::Stdio::piped());
        let mut import = Running::start(&mut import);
        let mut stdin = import.stdin();
        stdin.write_all(users(0..500).as_bytes()).unwrap();
        stdin.write_all(b"broken\n").unwrap();

        // Reports are in the order of the lines, so all before are done.
        assert_eq!(
            import.error_line(),
            "line 501: the line is not JSON (column 1)"
        );
        import.signal(signal);
        let done = import.end().expect(1);
        drop(stdin);
        assert_eq!(counts(&done), "500 added, 0 unchanged, 1 refused");
        let want = "Stopped after line 501: run the same again, or go on with --skip 501\n\
                    error: interrupted\n";
        assert_eq!(done.stderr, want);

        let whole = users(0..500) + "\n" + &users(501..600);
        let rest = "user import --skip 501 -";
        let done = dev.tell_with(rest, &whole).expect(0);
        assert_eq!(counts(&done), "99 added, 0 unchanged, 0 refused");
        let done = dev.tell_with("user import -", &whole).expect(0);
        assert_eq!(counts(&done), "0 added, 599 unchanged, 0 refused");
    }
}

#[test]
fn an_import_waits_for_a_throttled_table() {
    let dev = Dev::start();
    let throttled = Throttled::before(&dev.database, 100);

    let mut import = sesame(&["user", "import", "--json", "-"]);
    import.args(["--endpoint-url", &throttled.url]);
    let done = run(&mut import, &users(0..50)).expect(0);

    assert_eq!(done.json()[0]["added"], 50);
    assert_eq!(throttled.left(), 0);
    assert_eq!(dev.tell("user list").stdout.lines().count(), 51);
}

#[test]
fn an_import_ends_when_a_table_cannot_be_written() {
    let dev = Dev::start();
    let import = "user import --json --users-table nothing-here -";

    let done = dev.tell_with(import, &users(0..100)).expect(1);

    let want = json!({
        "dryRun": false, "added": 0, "updated": 0, "unchanged": 0, "differing": 0, "refused": 0,
        "weak": {}, "lastLine": 0, "complete": false,
    });
    assert_eq!(done.json(), [want]);
    assert!(
        done.stderr.contains("ResourceNotFoundException"),
        "{done:?}"
    );
}

#[test]
fn a_file_that_cannot_be_imported_is_reported() {
    let dev = Dev::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let absent = "/nonexistent.jsonl can't be read: ";
    for (arguments, code, reason) in [
        ("/nonexistent.jsonl", 1, absent),
        (folder, 1, "can't be read: is a directory"),
        ("", 2, "<FILE>"),
        ("- --parallel 0", 2, "1..=256"),
        ("- --skip x", 2, "--skip"),
    ] {
        let import = format!("user import {arguments}");
        let done = dev.tell(import.trim_end()).expect(code);
        assert!(done.stderr.contains(reason), "{arguments:?}: {done:?}");
    }
    let nothing = dev.tell("user import --json -").expect(0);
    assert_eq!(nothing.json()[0]["added"], Value::from(0));
}
