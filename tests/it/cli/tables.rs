use super::process::{Dev, run, sesame};

#[test]
fn tables_are_created_once_and_checked() {
    let dev = Dev::start();
    let names = ["--users-table", "people", "--sessions-table", "visits"];
    let tables = |command: &str| {
        let arguments = [&["tables", command], &names[..]].concat();
        dev.run(&arguments)
    };

    let missing = tables("check").expect(1);
    assert_eq!(
        missing.stdout,
        "there is no table people\nthere is no table visits\n"
    );
    let created = tables("create").expect(0);
    assert_eq!(created.stdout, "people: created\nvisits: created\n");
    let again = tables("create").expect(0);
    assert_eq!(again.stdout, "people: is there\nvisits: is there\n");
    tables("check").expect(0);

    let swapped = [
        "tables",
        "check",
        "--users-table",
        "visits",
        "--sessions-table",
        "people",
    ];
    let faults = dev.run(&swapped).expect(1).stdout;
    let want = "the table visits is not keyed by pk alone\n\
                the table people is not keyed by session_id alone\n\
                the table people has no index by_user by user_id and created_at\n\
                the table people has no TTL on ttl\n";
    assert_eq!(faults, want);
    // The same names, from the environment.
    let mut check = dev.command(&["tables", "check"]);
    check
        .env("USERS_TABLE", "people")
        .env("SESSIONS_TABLE", "visits");
    run(&mut check, "").expect(0);
}

#[test]
fn tables_are_described_without_a_database() {
    let done = run(&mut sesame(&["tables", "describe", "--json"]), "").expect(0);

    let described = done.json().remove(0);
    let names = described["tables"].as_array().unwrap();
    let names: Vec<_> = names.iter().map(|table| &table["TableName"]).collect();
    assert_eq!(names, ["users", "sessions"]);
    assert_eq!(described["timeToLive"]["sessions"], "ttl");
}
