use crate::support::cli::process::{Dev, demo_login, post, words};

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn a_service_accounts_token_is_shown_once() {
    let dev = Dev::with(&["--access", "token"]);
    let add = [
        "caller",
        "add",
        "--name",
        "back end",
        "--permission",
        "session.write",
    ];
    let mut command = dev.command(&add);
    let output = command.output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert_eq!(
        post(&dev.url, &bearer(&token), demo_login().as_bytes()).0,
        200
    );
    crate::support::record::secret(Some(&token));

    let mut accounts = dev.tell("caller list --json").expect(0).json();
    accounts.retain(|account| account["name"] == "back end");
    assert_eq!(accounts.len(), 1);
    assert_eq!(
        accounts[0]["permissions"],
        serde_json::json!(["session.write"])
    );
    let hash = accounts[0]["tokenHash"].as_str().unwrap();
    let listed = dev.tell("caller list").expect(0).stdout;
    assert!(
        listed.contains(&format!("{}\tback end\t", &hash[..16])),
        "{listed}"
    );

    let without_consent = dev.run(&["caller", "revoke", &hash[..8]]).expect(2);
    assert!(
        without_consent.stderr.contains("--yes"),
        "{without_consent:?}"
    );
    let revoked = dev
        .run(&["caller", "revoke", &hash[..8], "--yes"])
        .expect(0);
    assert_eq!(
        revoked.stdout,
        format!("revoked {} (back end)\n", &hash[..16])
    );
    dev.run(&["caller", "revoke", &hash[..8], "--yes"])
        .expect(1);
}

#[test]
fn a_service_accounts_permissions_and_expiry_are_enforced() {
    let dev = Dev::with(&["--access", "token"]);
    let add = |name: &str, permissions: &[&str]| {
        let mut command = dev.command(&["caller", "add", "--json", "--name", name]);
        for permission in permissions {
            command.args(["--permission", permission]);
        }
        let output = command.output().unwrap();
        let account: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        account["token"].as_str().unwrap().to_owned()
    };
    let reader = add("reader", &["session.read", "session.delete"]);
    let writer = add("writer", &["session.read,session.write"]);

    for (headers, status) in [
        (bearer(&writer), 200),
        (bearer(&reader), 403),
        (bearer(&dev.token), 200),
        (bearer("sesame_x"), 401),
        (String::new(), 401),
    ] {
        let (got, _) = post(&dev.url, &headers, demo_login().as_bytes());
        assert_eq!(got, status);
    }
}

#[test]
fn all_tokens_of_a_name_are_revoked_together() {
    let dev = Dev::start();
    for name in ["one", "one", "two"] {
        let add = [
            "caller",
            "add",
            "--name",
            name,
            "--permission",
            "session.read",
        ];
        dev.run(&add).expect(0);
    }

    let revoked = dev.tell("caller revoke --name one --yes").expect(0);

    assert_eq!(revoked.stdout.lines().count(), 2);
    let left = dev.tell("caller list --json").json();
    let names: Vec<_> = left.iter().map(|account| account["name"].clone()).collect();
    assert_eq!(names, ["demo (sesame dev)", "two"]);
    let nobody = dev.tell("caller revoke --name one --yes").expect(1);
    assert_eq!(
        nobody.stderr,
        "error: there is no service account with the name one\n"
    );
}

#[test]
fn a_token_that_could_not_be_printed_can_be_revoked() {
    let dev = Dev::start();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let add = "caller add --name lost --permission session.read";
    let output = dev.command(&words(add)).stdout(writer).output().unwrap();

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let (_, hash) = stderr.split_once("sesame service-account revoke ").unwrap();
    dev.run(&["caller", "revoke", &hash[..16], "--yes"])
        .expect(0);
}

#[test]
fn the_command_is_called_service_account_as_well() {
    let dev = Dev::start();

    let [one, other] = ["caller", "service-account"].map(|command| dev.run(&[command, "list"]));

    assert!(one.stdout.contains("demo (sesame dev)"), "{one:?}");
    assert_eq!(other.expect(0).stdout, one.expect(0).stdout);
}

#[test]
fn invalid_service_accounts_are_refused() {
    let dev = Dev::start();
    let good = [
        "caller",
        "add",
        "--name",
        "a",
        "--permission",
        "session.read",
    ];
    for (arguments, reason) in [
        (&["caller", "add", "--name", "a"][..], "--permission"),
        (&["caller", "add", "--permission", "session.read"], "--name"),
        (
            &[
                "caller",
                "add",
                "--name",
                "",
                "--permission",
                "session.read",
            ],
            "1 to 200",
        ),
        (
            &["caller", "add", "--name", "a", "--permission", "all"],
            "is not session.write",
        ),
        (
            &[&good[..], &["--expires-in", "0d"]].concat(),
            "longer than nothing",
        ),
        (
            &[&good[..], &["--expires-in", "99999w"]].concat(),
            "ten years at most",
        ),
        (
            &[&good[..], &["--expires-in", "soon"]].concat(),
            "such as 90d",
        ),
        (&["caller", "revoke"], "<HASH|--name <NAME>>"),
        (
            &["caller", "revoke", "01234567", "--name", "a"],
            "cannot be used with",
        ),
        (&["caller", "revoke", "abc", "--yes"], "8 to 64 digits"),
        (&["caller", "revoke", "a%20bcdefg", "--yes"], "0-9 and a-f"),
    ] {
        let done = dev.run(arguments).expect(2);
        assert!(done.stderr.contains(reason), "{arguments:?}: {done:?}");
    }
}
