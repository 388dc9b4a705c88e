use sesame::domain::Permission;

use crate::support::cli::process::{Dev, demo_login, post, words};

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn a_service_accounts_token_is_shown_once() {
    let dev = Dev::with(&["--access", "token"]);
    let add = words("caller add --permission session.write --name");
    let mut command = dev.command(&[&add[..], &["back end"]].concat());
    let output = command.output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let (status, _) = post(&dev.url, &bearer(&token), demo_login().as_bytes());
    assert_eq!(status, 200);
    crate::support::record::secret(Some(&token));

    let mut accounts = dev.tell("caller list --json").expect(0).json();
    accounts.retain(|account| account["name"] == "back end");
    assert_eq!(accounts.len(), 1);
    let permissions = serde_json::json!(["session.write"]);
    assert_eq!(accounts[0]["permissions"], permissions);
    let hash = accounts[0]["tokenHash"].as_str().unwrap();
    let listed = dev.tell("caller list").expect(0).stdout;
    let row = format!("{}\tback end\t", &hash[..16]);
    assert!(listed.contains(&row), "{listed}");

    let revoke = format!("caller revoke {}", &hash[..8]);
    let without_consent = dev.tell(&revoke).expect(2).stderr;
    assert!(without_consent.contains("--yes"), "{without_consent}");
    let revoke = revoke + " --yes";
    let want = format!("revoked {} (back end)\n", &hash[..16]);
    assert_eq!(dev.tell(&revoke).expect(0).stdout, want);
    dev.tell(&revoke).expect(1);
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
        let add = format!("caller add --permission session.read --name {name}");
        dev.tell(&add).expect(0);
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
fn the_demo_service_account_has_every_permission() {
    let dev = Dev::start();

    let accounts = dev.tell("caller list --json").expect(0).json();

    let demo = accounts.iter().find(|of| of["name"] == "demo (sesame dev)");
    let permissions = &demo.unwrap()["permissions"];
    assert_eq!(
        *permissions,
        serde_json::json!(Permission::ALL.map(Permission::as_str))
    );
    assert!(
        permissions
            .as_array()
            .unwrap()
            .contains(&"user.write".into())
    );
}

#[test]
fn invalid_service_accounts_are_refused() {
    let dev = Dev::start();
    for (arguments, reason) in [
        ("add --name a", "--permission"),
        ("add --permission session.read", "--name"),
        ("add --permission session.read --name ", "1 to 200"),
        ("add --permission all --name a", "is not session.write"),
        ("add GOOD --expires-in 0d", "longer than nothing"),
        ("add GOOD --expires-in 99999w", "ten years at most"),
        ("add GOOD --expires-in soon", "such as 90d"),
        ("revoke", "<HASH|--name <NAME>>"),
        ("revoke 01234567 --name a", "cannot be used with"),
        ("revoke abc --yes", "8 to 64 digits"),
        ("revoke a%20bcdefg --yes", "0-9 and a-f"),
    ] {
        let arguments = arguments.replace("GOOD", "--name a --permission session.read");
        let done = dev.tell(&format!("caller {arguments}")).expect(2);
        assert!(done.stderr.contains(reason), "{arguments:?}: {done:?}");
    }
}

/// Whoever pipes the output away, or has no room for it, must not keep a token valid by that.
#[cfg(target_os = "linux")]
#[test]
fn all_tokens_of_a_name_are_revoked_whoever_reads_the_output() {
    let dev = Dev::start();
    for _ in 0..3 {
        let add = words("caller add --permission session.read --name page");
        let output = dev.command(&add).output().unwrap();
        let token = String::from_utf8(output.stdout).unwrap();
        crate::support::record::secret(Some(token.trim()));
    }

    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut revoke = dev.command(&words("caller revoke --name page --yes"));
    let done = revoke.stdout(full.unwrap()).output().unwrap();

    assert_eq!(done.status.code(), Some(1));
    let left = dev.tell("caller list --json").expect(0).json();
    assert!(
        left.iter().all(|account| account["name"] != "page"),
        "{left:?}"
    );
}
