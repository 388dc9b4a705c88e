//! The rules for passwords that the commands set.

use crate::support::cli::process::{Dev, run};
use crate::support::record;

/// Eight characters that no list has.
const STRONG: &str = "k7#wq2xz";

const ADD: [&str; 5] = [
    "user",
    "add",
    "--login-name",
    "ada@x.org",
    "--password-stdin",
];
const SET_MINI: [&str; 4] = ["user", "set-password", "mini@mouse.com", "--password-stdin"];
const SET: [&str; 4] = ["user", "set-password", "ada@x.org", "--password-stdin"];

/// ASVS V6.2.1, V6.2.4, V6.2.11.
#[test]
fn a_weak_password_is_refused_by_its_rule_and_nothing_is_stored() {
    let dev = Dev::start();
    let run = |command: &[&str], password: &str, variables: &[(&str, &str)]| {
        record::secret(Some(password));
        run(
            dev.command(command).envs(variables.iter().copied()),
            password,
        )
    };
    let words = [("PASSWORD_BLOCKED_WORDS", "acme,größe")];
    let long = [("PASSWORD_MIN_LENGTH", "15")];
    let weak = [
        (
            "k7#wq2x",
            &[][..],
            "too short: it must have at least 8 characters",
        ),
        (
            "k7#wq2xzk7#wq2",
            &long,
            "too short: it must have at least 15 characters",
        ),
        ("P@ssw0rd", &[], "common"),
        ("acme-corp-1", &words, "blocked words"),
        ("GRÖSSE-k7#wq2", &words, "blocked words"),
        ("ada@x.org-k7#", &[], "blocked words"),
    ];

    for (password, variables, rule) in weak {
        let refused = run(&ADD, password, variables).expect(1);
        assert!(
            refused.stderr.starts_with("error: the password "),
            "{refused:?}"
        );
        assert!(refused.stderr.contains(rule), "{refused:?}");
        assert_eq!(refused.stdout, "");
    }
    dev.run(&["user", "show", "ada@x.org"]).expect(1);

    run(&ADD, STRONG, &[]).expect(0);
    for (password, variables, rule) in weak {
        let refused = run(&SET, password, variables).expect(1);
        assert!(refused.stderr.contains(rule), "{refused:?}");
    }
    assert_eq!(dev.log_in("ada@x.org", STRONG), 200);

    let forced = [&SET[..], &["--accept-weak"]].concat();
    for (password, variables, rule) in weak {
        let set = run(&forced, password, variables).expect(0);
        assert!(set.stderr.starts_with("warning: the password "), "{set:?}");
        assert!(set.stderr.contains(rule), "{set:?}");
        assert_eq!(dev.log_in("ada@x.org", password), 200, "{rule}");
    }
    let set = run(&forced, STRONG, &[]).expect(0);
    assert_eq!(set.stderr, "");
}

#[test]
fn a_malformed_rule_is_refused_before_a_password_is_read() {
    let dev = Dev::start();
    for (name, value, form) in [
        ("PASSWORD_MIN_LENGTH", "7", "must be a number from 8 to 64"),
        ("PASSWORD_MIN_LENGTH", "65", "must be a number from 8 to 64"),
        (
            "PASSWORD_BLOCKED_WORDS",
            "abc",
            "must be none or up to 100 words",
        ),
        ("ARGON2_PASSES", "0", "must be a number from 1 to 16"),
    ] {
        for command in [&ADD[..], &SET_MINI] {
            // There is no password to read, which would be the next error.
            let refused = run(dev.command(command).env(name, value), "").expect(1);
            let want = format!("error: {name} {form}");
            assert!(refused.stderr.starts_with(&want), "{refused:?}");
        }
    }
}
