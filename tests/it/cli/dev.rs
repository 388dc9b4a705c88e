use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use super::edge::{self, request};
use crate::support::app::PASSWORD;
use crate::support::cli::process::{Dev, Running, demo_login, dev, post, run, sesame, words};

/// The part of a printed text from the line that begins with `start`.
fn line<'a>(printed: &'a str, start: &str) -> &'a str {
    let found = printed.lines().find(|line| line.trim().starts_with(start));
    found.unwrap().trim()
}

/// Reads what a `sesame dev` prints for people, up to the last line.
fn printed(process: &mut Running) -> String {
    let mut text = String::new();
    while !text.ends_with("Ctrl-C ends it.\n") {
        let line = process.line();
        text = text + &line + "\n";
    }
    text
}

#[test]
fn the_printed_calls_work_when_pasted() {
    for access in ["public", "authenticated", "token"] {
        let mut process = Running::start(&mut dev(&["--access", access]));
        let printed = printed(&mut process);

        let curl = line(&printed, "curl");
        assert_eq!(curl.contains("Authorization"), access != "public", "{curl}");
        let output = Command::new("sh").args(["-c", curl]).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["details"]["sequence"], "4", "{answer}");
        assert_eq!(answer["details"]["resourceOwner"], "69629023906488334");
        crate::support::record::secret(answer["sessionToken"].as_str());

        let binary = env!("CARGO_BIN_EXE_sesame");
        let add = line(&printed, &format!("{binary} user add"));
        let add = format!("{add} --no-password");
        let output = Command::new("sh").args(["-c", &add]).output().unwrap();
        assert!(output.status.success(), "{output:?}");

        process.signal("INT");
        let done = process.end().expect(0);
        assert_eq!(done.stdout, "");
        assert_eq!(done.stderr.lines().count(), 1, "one call: {}", done.stderr);
    }
}

#[test]
fn the_ready_line_is_the_only_output() {
    let dev = Dev::with(&["--access", "token"]);
    let headers = format!("Authorization: Bearer {}\r\n", dev.token);

    assert_eq!(post(&dev.url, &headers, demo_login().as_bytes()).0, 200);
    assert_eq!(post(&dev.url, "", demo_login().as_bytes()).0, 401);

    let done = dev.stop().expect(0);
    assert_eq!(done.stdout, "");
    for line in done.stderr.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert_eq!(done.stderr.lines().count(), 2);
}

#[test]
fn settings_come_from_the_environment() {
    let mut command = dev(&["--ready-json"]);
    command.envs([
        ("CREATED_STATUS", "201"),
        ("RESOURCE_OWNER", "acme"),
        ("USERS_TABLE", "people"),
    ]);
    let mut process = Running::start(&mut command);
    let ready: Value = serde_json::from_str(&process.line()).unwrap();

    let (status, answer) = post(ready["url"].as_str().unwrap(), "", demo_login().as_bytes());

    assert_eq!(status, 201);
    assert_eq!(answer["details"]["resourceOwner"], "acme");
    let mut check = sesame(&["tables", "check", "--users-table", "people"]);
    check.env("AWS_ENDPOINT_URL", ready["dynamodb_url"].as_str().unwrap());
    run(&mut check, "").expect(0);
}

/// A passkey of `localhost` works at once, since the login pages of this machine are known.
#[test]
fn passkeys_are_there_unless_a_setting_says_none() {
    for (set, are_there) in [
        (&[][..], true),
        (&[("RP_ORIGINS", "http://localhost:5173")], true),
        (&[("RP_IDS", "none")], false),
        (&[("RP_ORIGINS", "none")], false),
        (&[("RP_IDS", "none"), ("RP_ORIGINS", "none")], false),
        (
            &[
                ("RP_IDS", "acme.example"),
                ("RP_ORIGINS", "https://acme.example"),
            ],
            true,
        ),
    ] {
        let dev = Dev::over(dev(&["--ready-json"]).envs(set.iter().copied()));
        let bearer = format!("Authorization: Bearer {}", dev.token);
        let head = request("GET /v2/settings/login", &["Host: localhost", &bearer], "");
        let answer: Value = serde_json::from_str(&edge::send(&dev.url, &head).body).unwrap();
        let told = answer["settings"]["passkeysType"].as_str();
        assert_eq!(
            told,
            are_there.then_some("PASSKEYS_TYPE_ALLOWED"),
            "{set:?}"
        );
    }

    let done = run(dev(&[]).env("RP_IDS", "acme.example"), "").expect(1);
    let reason = "RP_ORIGINS must be set where RP_IDS is";
    assert!(done.stderr.contains(reason), "{done:?}");
}

#[test]
fn a_file_keeps_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    let data = ["--data", file.to_str().unwrap()];

    let first = Dev::with(&data);
    let add = "user add --login-name kept --no-password";
    first.tell(add).expect(0);
    first.tell("user delete mini@mouse.com --yes").expect(0);
    let other = run(&mut dev(&data), "").expect(1);
    let reason = "data.db is in use by another process";
    assert!(other.stderr.contains(reason), "{other:?}");
    first.stop().expect(0);

    let second = Dev::with(&data);
    assert_eq!(second.user("kept")["displayName"], "kept");
    assert_eq!(second.log_in("mini@mouse.com", PASSWORD), 200);
    second.tell("user lock mini@mouse.com").expect(0);
    second.stop().expect(0);

    let third = Dev::with(&data);
    let state = third.user("mini@mouse.com")["state"].clone();
    assert_eq!(state, "locked", "as it was left");
    let callers = third.tell("caller list").expect(0).stdout;
    let count = callers.lines().count();
    assert_eq!(count, 1, "no token of an earlier start: {callers}");
}

#[test]
fn a_taken_port_is_reported_with_its_option() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for (option, other) in [
        ("--listen", "--dynamodb-listen"),
        ("--dynamodb-listen", "--listen"),
    ] {
        let mut command = sesame(&["dev", option, &taken, other, "127.0.0.1:0"]);

        let done = run(&mut command, "").expect(1);

        let want = format!(
            "error: can't listen on {taken}, which is what {option} says: the port is in use; \
             {option} 127.0.0.1:0 takes one that is free\n"
        );
        assert_eq!(done.stderr, want);
        assert_eq!(done.stdout, "");
    }
    drop(holder);
}

#[test]
fn only_its_owner_can_open_the_files_of_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");

    let dev = Dev::with(&["--data", file.to_str().unwrap()]);

    let entries = std::fs::read_dir(folder.path()).unwrap();
    let modes = entries.map(|entry| {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        (entry.file_name().into_string().unwrap(), mode)
    });
    let modes: BTreeMap<_, _> = modes.collect();
    let names = [
        "data.db",
        "data.db-shm",
        "data.db-wal",
        "data.db.key",
        "data.db.lock",
    ];
    let want = names.map(|name| (name.to_owned(), 0o600));
    assert_eq!(modes, BTreeMap::from(want));
    assert_eq!(dev.stop().expect(0).stderr, "", "no warning");
}

#[test]
fn a_file_that_others_can_open_is_left_with_a_warning() {
    for (name, mode, is_warned) in [
        ("data.db", 0o600, false),
        ("data.db", 0o640, true),
        ("data.db", 0o604, true),
        ("data.db-wal", 0o644, true),
        ("data.db-shm", 0o644, true),
        ("data.db.key", 0o604, true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::os::unix::fs::symlink(path("data.db"), path("link.db")).unwrap();
        for given in ["data.db", "link.db"] {
            // One that is killed leaves all of its files.
            drop(Dev::with(&["--data", path(given).to_str().unwrap()]));
            let permissions = Permissions::from_mode(mode);
            std::fs::set_permissions(path(name), permissions).unwrap();

            let dev = Dev::with(&["--data", path(given).to_str().unwrap()]);

            let left = std::fs::metadata(path(name)).unwrap().permissions();
            assert_eq!(left.mode() & 0o777, mode, "{name}");
            let printed = dev.stop().expect(0).stderr;
            let want = format!(
                "warning: other users of this machine can open files that have password hashes \
                 or keys in them: chmod 600 '{}'\n",
                path(name).display()
            );
            assert_eq!(printed, if is_warned { &*want } else { "" }, "{name}");
            std::fs::remove_file(path("data.db")).unwrap();
        }
    }
}

#[test]
fn options_that_dev_cannot_honour_are_refused() {
    let weak = Some(("ARGON2_PASSES", "0"));
    let passes = "ARGON2_PASSES must be a number from 1 to 16";
    let access = "is not token, authenticated or public";
    for (options, variable, code, reason) in [
        ("--access everyone", None, 2, access),
        ("--listen 8080", None, 2, "such as 127.0.0.1:8080"),
        ("--endpoint-url x", None, 2, "--endpoint-url has no effect"),
        ("--profile x", None, 2, "--profile has no effect"),
        ("--data /nonexistent/data.db", None, 1, "can't be opened"),
        ("--host a:80", None, 2, "must be a host name"),
        ("--host a", weak, 1, passes),
    ] {
        let options = &words(options);
        let mut command = dev(options);
        command.envs(variable);
        let done = run(&mut command, "").expect(code);
        assert!(done.stderr.contains(reason), "{options:?}: {done:?}");
    }
}

#[test]
fn listening_for_other_machines_prints_a_warning() {
    let mut process = Running::start(&mut dev(&["--ready-json", "--listen", "0.0.0.0:0"]));
    let ready: Value = serde_json::from_str(&process.line()).unwrap();

    assert!(
        ready["url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:"),
        "{ready}"
    );
    let warning = process.error_line();
    assert!(
        warning.starts_with("warning: --listen 0.0.0.0:0 lets"),
        "{warning}"
    );
}
