use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
use sesame::aws::{Endpoint, Roots, http_client, with_http_client};
use sesame::domain::{LoginName, User, UserId};
use sesame::store::{InsertOutcome, Store, Tables};

use crate::support::administration::Administration as _;
use crate::support::cli::process::{Dev, run, sesame};
use crate::support::cli::throttled::lacking;

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

    let swapped = "tables check --users-table visits --sessions-table people";
    let faults = dev.tell(swapped).expect(1).stdout;
    let want = "the table visits is not keyed by pk alone\n\
                the table visits has no index by_user_id by user_id\n\
                the table people is not keyed by session_id alone\n\
                the table people has no index by_user by user_id and created_at\n\
                the table people has no TTL on ttl\n";
    assert_eq!(faults, want);
    // The names come from the environment here.
    let mut check = dev.command(&["tables", "check"]);
    check
        .env("USERS_TABLE", "people")
        .env("SESSIONS_TABLE", "visits");
    run(&mut check, "").expect(0);
}

#[test]
fn an_operation_that_an_emulator_lacks_is_named() {
    let dev = Dev::start();
    for (operation, command) in [
        ("DescribeTable", &["tables", "check"][..]),
        ("CreateTable", &["tables", "create"]),
        ("UpdateTimeToLive", &["tables", "create"]),
        ("DescribeTimeToLive", &["tables", "create"]),
        ("Scan", &["user", "list"]),
        ("GetItem", &["user", "show", "mini@mouse.com"]),
    ] {
        let url = lacking(operation, &dev.database);
        let names = ["--users-table", operation, "--sessions-table", "sessions-2"];
        let is_new = command == ["tables", "create"];
        let mut command = sesame(command);
        command.args(["--endpoint-url", &url]);
        if is_new {
            command.args(names);
        }

        let failed = run(&mut command, "").expect(1);

        let want = format!("error: DynamoDB: internal error: {operation}: ");
        assert!(failed.stderr.starts_with(&want), "{failed:?}");
        assert!(
            failed.stderr.contains("UnknownOperationException"),
            "{failed:?}"
        );
    }
}

#[test]
fn tables_are_described_without_a_database() {
    let in_words = run(&mut sesame(&["tables", "describe"]), "").expect(0);
    let done = run(&mut sesame(&["tables", "describe", "--json"]), "").expect(0);

    assert_eq!(
        in_words.stdout.lines().collect::<Vec<_>>(),
        [
            "users: partition key pk (S); index by_user_id with key user_id (S), also login_name, \
             display_name, state, given_name, family_name, nick_name, email, phone, created_at",
            "sessions: partition key session_id (S); index by_user with keys user_id (S) \
             and created_at (N), keys only; TTL attribute ttl",
        ]
    );
    let described = done.json().remove(0);
    let names = described["tables"].as_array().unwrap();
    let names: Vec<_> = names.iter().map(|table| &table["TableName"]).collect();
    assert_eq!(names, ["users", "sessions"]);
    assert_eq!(described["timeToLive"]["sessions"], "ttl");
    let index = &described["tables"][0]["GlobalSecondaryIndexes"][0];
    assert_eq!(index["KeySchema"].as_array().unwrap().len(), 1);
    assert_eq!(index["Projection"]["ProjectionType"], "INCLUDE");
    let attributes = index["Projection"]["NonKeyAttributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 9);
}

/// The users table as 0.1.0 created it has no index.
#[tokio::test]
async fn the_index_that_a_table_lacks_is_added() {
    let dev = Dev::start();
    let client = client(&dev);
    let remove = DeleteGlobalSecondaryIndexAction::builder()
        .index_name("by_user_id")
        .build()
        .unwrap();
    let update = GlobalSecondaryIndexUpdate::builder().delete(remove).build();
    let removed = client
        .update_table()
        .table_name("users")
        .global_secondary_index_updates(update)
        .send()
        .await;
    removed.unwrap();

    let fault = dev.tell("tables check").expect(1).stdout;
    assert_eq!(
        fault,
        "the table users has no index by_user_id by user_id\n"
    );
    let completed = dev.tell("tables create").expect(0).stdout;
    assert_eq!(
        completed,
        "users: is there; its index was added\nsessions: is there\n"
    );
    dev.tell("tables check").expect(0);
    let again = dev.tell("tables create").expect(0).stdout;
    assert_eq!(again, "users: is there\nsessions: is there\n");

    let found = client.scan().table_name("users").index_name("by_user_id");
    let found = found.send().await.unwrap().items.unwrap();
    assert!(
        found
            .iter()
            .any(|item| item["pk"].as_s().unwrap() == "LOGIN#mini@mouse.com")
    );
}

/// A client of the database of a `sesame dev`.
fn client(dev: &Dev) -> Client {
    let url = Some(dev.database.clone());
    let endpoint = Endpoint::with_keys("local".to_owned(), url, "local", "local", None);
    with_http_client(endpoint, http_client(Roots::System))
}

/// A store over the tables of a `sesame dev`.
fn store(dev: &Dev) -> Store {
    let [users, sessions] = ["users", "sessions"].map(str::to_owned);
    Store::new(client(dev), Tables { users, sessions })
}

#[tokio::test]
async fn login_names_that_no_new_user_may_have_are_reported_until_renamed() {
    let dev = Dev::start();
    let sound = "both tables are as they should be\n";
    assert_eq!(dev.tell("tables check").expect(0).stdout, sound);
    let store = store(&dev);
    let mini = LoginName::parse("mini@mouse.com".to_owned()).unwrap();
    let mini = store.get_user(&mini.folded()).await.unwrap().unwrap();
    for (name, id) in [
        // In this encoding a new user may have it as well.
        ("jose\u{301}@mouse.com", "7"),
        ("zero\u{200b}width@mouse.com", "8"),
        (" spaces@mouse.com ", "9"),
    ] {
        let login = User {
            login_name: LoginName::parse(name.to_owned()).unwrap(),
            user_id: UserId::parse(id.to_owned()).unwrap(),
            ..mini.clone()
        };
        let added = store.insert_user(&login).await.unwrap();
        assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");
    }

    // Users who can log in are reported without failing the check.
    let told = dev.tell("tables check").expect(0).stdout;

    let mut lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.remove(0), sound.trim_end());
    lines.sort_unstable();
    let rename = |id: &str| format!("sesame user rename --id {id} --to …");
    let hidden = "has white space around it or characters that don't show";
    let want = [
        format!(
            "the login name \" spaces@mouse.com \" of the user 9 {hidden}: {}",
            rename("9")
        ),
        format!(
            "the login name \"zero\\u{{200b}}width@mouse.com\" of the user 8 {hidden}: {}",
            rename("8")
        ),
    ];
    assert_eq!(lines, want);

    for (id, name) in [("8", "zerowidth@mouse.com"), ("9", "spaces@mouse.com")] {
        dev.run(&["user", "rename", "--id", id, "--to", name])
            .expect(0);
        assert_eq!(
            dev.log_in(name, crate::support::app::PASSWORD),
            200,
            "{name}"
        );
    }
    assert_eq!(dev.tell("tables check").expect(0).stdout, sound);
}
