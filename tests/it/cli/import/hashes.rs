//! Which hashes are weak, which are refused, which are kept, and Firebase's.

use serde_json::{Value, json};

use super::{PASSWORD, counts};
use crate::support::cli::process::{Dev, Done};

/// Hashes of [`PASSWORD`]: weak and strong ones of bcrypt and of PBKDF2, argon2 and phpass.
const HASHES: [&str; 7] = [
    "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$2b$09$abcdefghijklmnopqrstuu5i2ZWuLNMLJE.p.KbVU/9BMQd.yS3Ve",
    "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu",
    "$pbkdf2-sha256$1$AAECAwQFBgcICQoLDA0ODw$xRmfUtCV8Duyes57OFcRmZxn7Eqs0PKYpto2zkdSDa8",
    "$pbkdf2-sha256$600000$AAECAwQFBgcICQoLDA0ODw$lqWQTC4IyNpCMF28xdfPGOrSY21J9ZUmtgbyZpYoFHM",
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc",
    "$P$6abcdefghRJFCMvnAbZH2hCiFPRxpk.",
];

/// A line for the user `u<n>`, and a salt if there is one.
fn line(n: usize, hash: &str, salt: Option<&str>) -> String {
    crate::support::record::secret(Some(hash));
    let mut line = json!({
        "userId": format!("id-{n}"), "loginName": format!("u{n}@x.org"), "passwordHash": hash,
    });
    if let Some(salt) = salt {
        line["salt"] = salt.into();
    }
    line.to_string() + "\n"
}

fn import(dev: &Dev, input: &str) -> Done {
    dev.tell_with("user import -", input)
}

#[test]
fn weak_hashes_are_reported_once_by_kind() {
    crate::support::record::secret(Some(PASSWORD));
    let dev = Dev::start();
    let lines = HASHES.iter().enumerate();
    let lines: Vec<_> = lines.map(|(n, hash)| line(n, hash, None)).collect();

    let done = import(&dev, &lines[..3].concat()).expect(0);
    let want = "3 added, 0 unchanged, 0 refused\n\
                2 weak hashes, until their users log in: bcrypt under cost 10 (2)\n";
    assert_eq!(done.stdout, want);
    let done = import(&dev, &lines[..4].concat()).expect(0);
    let want = "1 added, 3 unchanged, 0 refused\n\
                1 weak hash, until its user logs in: PBKDF2 (1)\n";
    assert_eq!(done.stdout, want);
    let all = lines.concat();
    let done = dev.tell_with("user import --json -", &all).expect(0);
    assert_eq!(done.json()[0]["weak"], json!({ "phpass": 1 }));
    // Nothing was written for users who existed already.
    let done = import(&dev, &all).expect(0);
    assert_eq!(done.stdout, "0 added, 7 unchanged, 0 refused\n");

    for (n, hash) in HASHES.iter().enumerate() {
        let name = format!("u{n}@x.org");
        assert_eq!(dev.log_in(&name, PASSWORD), 200, "{hash}");
        assert_eq!(dev.user(&name)["password"], "argon2id", "{hash}");
    }
}

/// bcrypt uses the first 72 bytes alone. An argon2 hash of the whole password would refuse a user
/// who types different bytes behind them, whom bcrypt accepted; an argon2 hash of just these bytes
/// would refuse a user whose password goes on behind them.
#[test]
fn the_bcrypt_hash_of_a_password_of_72_bytes_or_more_stays() {
    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";

    let dev = Dev::start();
    import(&dev, &line(0, HASH, None)).expect(0);

    for length in [80, 72, 73, 80] {
        assert_eq!(dev.log_in("u0@x.org", &"x".repeat(length)), 200, "{length}");
        assert_eq!(dev.user("u0@x.org")["password"], "bcrypt", "{length}");
    }
}

/// The example of Firebase's own tool.
mod firebase {
    pub const PASSWORD: &str = "user1password";
    pub const SIGNER_KEY: &str =
        "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
    pub const HASH: &str =
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
    pub const SALT: &str = "42xEC+ixf3L2lw==";

    pub fn config() -> String {
        crate::support::record::secret(Some(PASSWORD));
        crate::support::record::secret(Some(SIGNER_KEY));
        format!(
            "hash_config {{\n  algorithm: SCRYPT,\n  base64_signer_key: {SIGNER_KEY},\n  \
             base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}}\n"
        )
    }
}

/// Two users with their salt, in both alphabets, and one without a password.
fn firebase_users() -> String {
    let other = |text: &str| text.replace('+', "-").replace('/', "_").replace('=', "");
    line(0, firebase::HASH, Some(firebase::SALT))
        + &line(1, &other(firebase::HASH), Some(&other(firebase::SALT)))
        + "{\"userId\":\"id-2\",\"loginName\":\"u2@x.org\"}\n"
}

#[test]
fn firebases_parameters_come_from_a_file_or_from_stdin() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.txt");
    std::fs::write(&config, firebase::config()).unwrap();
    let users = folder.path().join("users.jsonl");
    std::fs::write(&users, firebase_users()).unwrap();
    let (config, users) = (config.to_str().unwrap(), users.to_str().unwrap());

    for (config, users, input) in [
        (config, "-", firebase_users()),
        ("-", users, firebase::config()),
        (config, users, String::new()),
    ] {
        let dev = Dev::start();
        let import = ["user", "import", "--firebase-hash-config", config, users];
        let done = dev.run_with(&import, &input).expect(0);
        let want = "3 added, 0 unchanged, 0 refused\n\
                    2 weak hashes, until their users log in: Firebase scrypt (2)\n";
        assert_eq!(done.stdout, want);
        for name in ["u0@x.org", "u1@x.org"] {
            assert_eq!(dev.user(name)["password"], "firebase-scrypt");
            assert_eq!(dev.log_in(name, "wrong"), 400);
            assert_eq!(dev.log_in(name, firebase::PASSWORD), 200);
            assert_eq!(dev.user(name)["password"], "argon2id");
        }
        assert_eq!(dev.user("u2@x.org")["password"], Value::Null);
    }
}

#[test]
fn without_firebases_parameters_nothing_is_added() {
    let dev = Dev::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let users = path("users.jsonl");
    std::fs::write(&users, firebase_users()).unwrap();
    let config = firebase::config();
    std::fs::write(path("short.txt"), config.replace("  mem_cost: 14,\n", "")).unwrap();
    std::fs::write(path("garbled.txt"), config.replace("jxspr8", "!xspr8")).unwrap();
    std::fs::write(path("binary.txt"), b"hash_config {\n\xff\xfe\n").unwrap();

    let one_file = "the users and --firebase-hash-config can't be one file";
    let unusable = |reason: &str| format!("Firebase's parameters can't be used: {reason}");
    for (config, users, code, reason) in [
        ("-", "-", 2, one_file.to_owned()),
        (&*path("none.txt"), &*users, 1, unusable("No such file")),
        (&path("binary.txt"), &users, 1, unusable("")),
        (&path("short.txt"), &users, 1, unusable("mem_cost is")),
        (
            &path("garbled.txt"),
            &users,
            1,
            unusable("base64_signer_key is"),
        ),
        ("-", &users, 1, unusable("algorithm is missing")),
    ] {
        let import = ["user", "import", "--firebase-hash-config", config, users];
        let done = dev.run(&import).expect(code);

        let error = format!("error: {reason}");
        assert!(done.stderr.starts_with(&error), "{done:?}");
        assert_eq!(done.stdout, "");
    }
    assert_eq!(dev.tell("user list").stdout.lines().count(), 1);

    // One has a salt without parameters, the other a hash without a salt.
    let done = import(&dev, &firebase_users()).expect(1);
    assert!(
        done.stderr
            .starts_with("line 1: salt is no field of a user\n"),
        "{done:?}"
    );
    std::fs::write(path("config.txt"), config).unwrap();
    let config = path("config.txt");
    let command = ["user", "import", "--firebase-hash-config", &config, "-"];
    let done = dev
        .run_with(&command, &line(0, firebase::HASH, None))
        .expect(1);
    assert_eq!(counts(&done), "0 added, 0 unchanged, 1 refused");
    assert!(
        done.stderr.starts_with("line 1: salt is missing\n"),
        "{done:?}"
    );
}
