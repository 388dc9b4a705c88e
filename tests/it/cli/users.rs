use serde_json::{Value, json};

use crate::support::cli::process::{Dev, closed, demo_login, post, post_to, run, sesame, words};

/// Registers the passwords, which no process may print; `process::run` looks for them.
const OLD: &str = "0ld-pässwörd";
const NEW: &str = "n3w-passw0rd";

fn secrets() {
    crate::support::record::secret(Some(OLD));
    crate::support::record::secret(Some(NEW));
}

#[test]
fn a_user_is_added_shown_changed_and_deleted() {
    secrets();
    let dev = Dev::start();

    let add = "user add --login-name Ada@x.org --password-stdin";
    let added = dev.tell_with(add, &format!("{OLD}\n")).expect(0);
    let id = added.stdout.trim();
    assert_eq!(id.len(), 36);
    let mut shown = dev.user("ada@X.ORG");
    let times = ["passwordChangedAt", "createdAt", "changedAt"].map(|name| shown[name].take());
    assert!(times[0].is_string() && times.iter().all(|time| *time == times[0]));
    assert_eq!(
        shown,
        json!({
            "userId": id, "loginName": "Ada@x.org", "displayName": "Ada@x.org",
            "givenName": null, "familyName": null, "nickName": null, "preferredLanguage": null,
            "gender": null, "email": null, "emailVerified": null, "newEmail": null,
            "phone": null,
            "phoneVerified": null, "state": "active", "password": "argon2id",
            "passwordChangedAt": null, "passwordChangeRequired": false, "attempts": 0,
            "failures": 0, "lastAttemptAt": null, "passwordLocked": false,
            "passwordLockedUntil": null, "secondFactors": [], "factorFailures": 0,
            "factorsLocked": false, "factorsLockedUntil": null,
            "createdAt": null, "changedAt": null, "sequence": 1,
        })
    );
    assert_eq!(dev.log_in("ada@x.org", OLD), 200);

    let set = ["user", "set-password", "--id", id, "--password-stdin"];
    dev.run_with(&set, NEW).expect(0);
    assert_eq!(dev.log_in("ada@x.org", OLD), 400);
    assert_eq!(dev.log_in("ada@x.org", NEW), 200);

    dev.tell("user rename ada@x.org --to lady@x.org").expect(0);
    assert_eq!(dev.user("lady@x.org")["displayName"], "lady@x.org");
    assert_eq!(dev.log_in("ada@x.org", NEW), 400);
    assert_eq!(dev.log_in("lady@x.org", NEW), 200);
    dev.run(&["user", "rename", "--id", id, "--to", "Lady@x.org"])
        .expect(0);
    assert_eq!(dev.user("lady@x.org")["loginName"], "Lady@x.org");
    let taken = dev.run(&["user", "rename", "--id", id, "--to", "MINI@mouse.com"]);
    let reason = "error: the login name MINI@mouse.com is taken\n";
    assert_eq!(taken.expect(1).stderr, reason);

    let listed = dev.tell("user list").expect(0);
    assert_eq!(listed.stdout.lines().count(), 2);
    let listed = dev.tell("user list --json").expect(0).json();
    assert!(listed.contains(&dev.user("lady@x.org")));

    let asked = dev.run(&["user", "delete", "--id", id]).expect(2);
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    dev.run(&["user", "delete", "--id", id, "--yes"]).expect(0);
    let gone = dev.run(&["user", "show", "--id", id]).expect(1);
    assert_eq!(
        gone.stderr,
        format!("error: there is no user with the id {id}\n")
    );
}

/// Some editors and shells write one in front of a text.
#[test]
fn a_byte_order_mark_is_not_part_of_a_password() {
    secrets();
    let dev = Dev::start();
    let add = "user add --login-name ada --password-stdin";
    dev.tell_with(add, &format!("\u{feff}{OLD}\r\n")).expect(0);
    assert_eq!(dev.log_in("ada", OLD), 200);

    let set = "user set-password ada --password-stdin";
    dev.tell_with(set, &format!("\u{feff}{NEW}")).expect(0);
    assert_eq!(dev.log_in("ada", NEW), 200);
    assert_eq!(dev.log_in("ada", &format!("\u{feff}{NEW}")), 400);
}

#[test]
fn a_user_who_is_logged_out_may_log_in_again() {
    let dev = Dev::start();
    let log_in = || {
        let (status, created) = post(&dev.url, "", demo_login().as_bytes());
        assert_eq!(status, 200);
        json!({ "sessionId": created["sessionId"], "sessionToken": created["sessionToken"] })
    };
    let get = |session: &Value| {
        let path = "/zitadel.session.v2.SessionService/GetSession";
        let json = "Content-Type: application/json\r\n";
        let (status, _) = post_to(&dev.url, path, json, session.to_string().as_bytes());
        status
    };
    let before = log_in();
    assert_eq!(get(&before), 200);

    let done = dev.tell("user logout Mini@Mouse.com").expect(0);

    assert_eq!(done.stderr, "");
    assert_eq!(get(&before), 404);
    assert_eq!(get(&log_in()), 200);
    let nobody = dev.tell("user logout nobody@mouse.com").expect(1);
    assert!(nobody.stderr.starts_with("error: there is no user"));
}

#[test]
fn users_are_locked_unlocked_deactivated_and_activated() {
    let dev = Dev::start();
    let change = |command: &str, code: i32| {
        let done = dev.run(&["user", command, "mini@mouse.com"]).expect(code);
        (dev.user("mini@mouse.com")["state"].clone(), done.stderr)
    };
    let first = "error: the user is inactive: activate it first\n";
    let instead = "error: the user is locked: unlock it instead\n";

    for (command, code, state, stderr) in [
        ("lock", 0, "locked", ""),
        ("lock", 0, "locked", ""),
        ("activate", 1, "locked", instead),
        ("unlock", 0, "active", ""),
        ("unlock", 0, "active", ""),
        ("deactivate", 0, "inactive", ""),
        ("deactivate", 0, "inactive", ""),
        ("lock", 1, "inactive", first),
        ("unlock", 1, "inactive", first),
        ("activate", 0, "active", ""),
        ("activate", 0, "active", ""),
    ] {
        let got = change(command, code);
        assert_eq!(got, (state.into(), stderr.to_owned()), "{command}");
    }
}

#[test]
fn wrong_passwords_are_shown_until_the_user_is_unlocked() {
    let dev = Dev::start();
    for _ in 0..3 {
        assert_eq!(dev.log_in("mini@mouse.com", "wrong"), 400);
    }

    let show = ["user", "show", "mini@mouse.com"];
    let shown = dev.run(&show).expect(0).stdout;
    assert!(shown.contains("failures         3 in a row\n"), "{shown}");
    assert!(shown.contains("password locked  no\n"), "{shown}");
    let strict = [&show[..], &["--json", "--max-password-attempts", "3"]].concat();
    let shown = dev.run(&strict).expect(0).json().remove(0);
    assert_eq!(shown["passwordLocked"], true);
    assert!(shown["passwordLockedUntil"].is_string(), "{shown}");
    assert!(shown["lastAttemptAt"].is_string(), "{shown}");

    dev.tell("user unlock mini@mouse.com").expect(0);
    assert_eq!(dev.user("mini@mouse.com")["failures"], 0);
    assert_eq!(dev.user("mini@mouse.com")["attempts"], 3);
}

#[test]
fn a_user_who_cannot_be_added_is_refused_with_a_reason() {
    secrets();
    let dev = Dev::start();
    let long = "a".repeat(201);
    let (length, stdin) = ("must be 1 to 200 characters long", "--password-stdin");
    let of_mini = "d654e6ba-70a3-48ef-a95d-37c8d8a7901a";
    let long_name = format!("--no-password --display-name {long}");
    let taken_id = format!("--no-password --user-id {of_mini}");

    for (more, password, code, reason) in [
        ("", "", 2, "use --password-stdin"),
        (stdin, "", 1, length),
        (stdin, &long, 1, length),
        (
            "--password-stdin --no-password",
            "",
            2,
            "cannot be used with",
        ),
        ("--password x", "", 2, "unexpected argument '--password'"),
        ("--user-id  --no-password", "", 2, length),
        (&long_name, "", 2, length),
        (&taken_id, "", 1, &format!("the user id {of_mini} is taken")),
    ] {
        let add = format!("user add --login-name new {more}");
        let done = dev.tell_with(add.trim_end(), password).expect(code);
        assert!(done.stderr.contains(reason), "{more:?}: {done:?}");
        assert_eq!(done.stdout, "", "{more:?}");
    }
    let taken = dev.tell("user add --login-name MINI@mouse.com --no-password");
    let reason = "error: the login name MINI@mouse.com is taken\n";
    assert_eq!(taken.expect(1).stderr, reason);
    assert_eq!(dev.tell("user list").stdout.lines().count(), 1);
}

#[test]
fn a_user_may_have_no_password_but_a_visible_name() {
    let dev = Dev::start();
    for name in ["a\u{1b}[2J\nb", "a\u{200b}b", "a\u{202e}b", "\n"] {
        let add = ["user", "add", "--no-password", "--login-name", name];
        let refused = dev.run(&add).expect(2);
        assert!(refused.stderr.contains("invalid login_name"), "{name:?}");
    }
    let add = words("user add --no-password --user-id 7 --display-name  --login-name");
    let add = [&add[..], &[" a \u{e9}'b\r\n"]].concat();
    assert_eq!(dev.run(&add).expect(0).stdout, "7\n");

    let user = dev.user("a e\u{301}'B");
    assert_eq!(user["password"], json!(null));
    assert_eq!(user["displayName"], " a \u{e9}'b\r\n".trim());
    let listed = dev.tell("user list").expect(0).stdout;
    assert!(
        listed.contains("a \u{e9}'b\t7\tactive\tno password"),
        "{listed}"
    );
}

#[test]
fn a_command_needs_exactly_one_way_to_name_a_user() {
    for arguments in [
        &["user", "show"][..],
        &["user", "show", "a", "--id", "b"],
        &["user", "show", ""],
        &["user"],
        &[],
        &["nonsense"],
    ] {
        let done = run(&mut sesame(arguments), "");
        assert_eq!(done.code, Some(2), "{arguments:?}: {done:?}");
    }
}

#[test]
fn a_closed_output_is_no_failure() {
    let dev = Dev::start();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let mut list = dev.command(&["user", "list"]);
    let output = list.stdout(writer).output().unwrap();

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_missing_database_is_reported() {
    let closed = closed();
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let no_url = [("AWS_ENDPOINT_URL", "x")];
    let (no_keys, unavailable) = ("error: no credentials", "error: DynamoDB: unavailable");
    for (options, variables, code, reason) in [
        (
            &[][..],
            &[][..],
            1,
            "error: no credentials: set AWS_ACCESS_KEY_ID",
        ),
        (&[], &keys, 1, "error: no region: pass --region"),
        (&["--profile", "nobody"], &keys, 1, no_keys),
        (
            &["--endpoint-url", "x"],
            &[],
            2,
            "--endpoint-url \"x\" is not",
        ),
        (&[], &no_url, 2, "AWS_ENDPOINT_URL \"x\" is not"),
        (&["--endpoint-url", &closed], &[], 1, unavailable),
    ] {
        let mut list = sesame(&["user", "list"]);
        list.args(options).envs(variables.iter().copied());
        let done = run(&mut list, "");
        assert_eq!(done.code, Some(code), "{options:?}: {done:?}");
        assert!(done.stderr.contains(reason), "{options:?}: {done:?}");
        assert_eq!(done.stderr.lines().count(), 1, "{options:?}: {done:?}");
    }
}
