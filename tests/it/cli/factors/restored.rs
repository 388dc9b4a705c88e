//! The runbook of `docs/deploying.md`: a single user is brought back from a restored table.

use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};

use super::{
    add, add_app, by_app, client, item, listed, log_in, tell, tell_with, update, user_ref, with_key,
};
use crate::support::cli::process::{Dev, words};
use crate::support::second::{SERVER_KEY, recovery_hash};

const CODES: [&str; 2] = [
    "8XK2-0D4M-TQ7R-5N1W-9HJC-3VEP",
    "8XK2-0D4M-TQ7R-5N1W-9HJC-3VEQ",
];
const RESTORED: &str = "--users-table users-restored --sessions-table sessions-restored";

/// What point-in-time recovery does: a new table with all items of the moment.
async fn restore(dev: &Dev, client: &Client) {
    dev.tell(&format!("tables create {RESTORED}")).expect(0);
    let items = client
        .scan()
        .table_name("users")
        .send()
        .await
        .unwrap()
        .items;
    for item in items.unwrap() {
        let put = client.put_item().table_name("users-restored");
        put.set_item(Some(item)).send().await.unwrap();
    }
}

/// The line of a user in an export of the restored table. Not by [`Dev::run`], which looks for secrets.
fn exported(dev: &Dev, id: &str) -> String {
    let command = format!("user export --factors {RESTORED}");
    let mut command = dev.command(&words(&command));
    let output = command.env("SERVER_KEY", SERVER_KEY).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let is_wanted = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["userId"] == *id;
    lines.find(is_wanted).unwrap().to_owned()
}

fn by_code(code: &str) -> Value {
    json!({ "recoveryCode": { "code": code } })
}

/// Ada with an app and two recovery codes.
fn add_ada(dev: &Dev) -> String {
    use base64ct::{Base64, Encoding as _};
    add(dev, "ada", "7");
    let secret = add_app(dev, "ada");
    let user = sesame::domain::UserId::parse("7".to_owned()).unwrap();
    let hashes = CODES.map(|code| Base64::encode_string(recovery_hash(&user, code).as_bytes()));
    let line = json!({ "userId": "7", "loginName": "ada", "recoveryCodeHashes": hashes });
    update(dev, &line);
    secret
}

#[tokio::test]
async fn a_deleted_user_comes_back_with_the_factors_of_then() {
    let dev = with_key();
    let client = client(&dev);
    let secret = add_ada(&dev);
    let before = listed(&dev, "ada");
    restore(&dev, &client).await;
    // Used after the moment that is restored: it is good again.
    assert_eq!(log_in(&dev, "ada", by_code(CODES[0])).0, 200);
    dev.tell("user delete ada --yes").expect(0);

    let line = exported(&dev, "7");
    let key = [("SERVER_KEY", SERVER_KEY)];
    let done = tell_with(&dev, "user import -", &key, &line).expect(0);

    assert_eq!(done.stdout, "1 added, 0 unchanged, 0 refused\n");
    assert_eq!(listed(&dev, "ada"), before);
    assert_eq!(log_in(&dev, "ada", by_app(&secret, 0)).0, 200);
    for code in CODES {
        assert_eq!(log_in(&dev, "ada", by_code(code)).0, 200, "{code}");
        assert_eq!(log_in(&dev, "ada", by_code(code)).0, 400, "{code}");
    }
    let checked = tell(&dev, "tables check").expect(0).stdout;
    assert!(
        checked.starts_with("both tables are as they should be\n"),
        "{checked}"
    );
}

#[tokio::test]
async fn a_user_who_is_there_gets_the_factors_of_then() {
    let dev = with_key();
    let client = client(&dev);
    let secret = add_ada(&dev);
    restore(&dev, &client).await;
    dev.tell("user factors remove ada all --yes").expect(0);
    let added = json!({ "userId": "7", "loginName": "ada", "otpEmail": true });
    update(&dev, &added);
    assert_eq!(
        listed(&dev, "ada"),
        json!([false, true, false, 0, ["otp_email"]])
    );

    let line = exported(&dev, "7");
    let key = [("SERVER_KEY", SERVER_KEY)];
    let done = tell_with(&dev, "user import --update -", &key, &line).expect(0);

    let said = "line 1: updates totpSecret, recoveryCodeHashes\n";
    assert_eq!(done.stderr, said);
    // What was added since stays: an import takes nothing away that a line doesn't name.
    let all = json!(["totp", "otp_email", "recovery_codes"]);
    assert_eq!(listed(&dev, "ada"), json!([true, true, false, 2, all]));
    assert_eq!(log_in(&dev, "ada", by_app(&secret, 0)).0, 200);
}

/// Why no item is copied by itself: what is then demanded or proved is something else, which
/// `tables check` finds.
#[tokio::test]
async fn single_items_of_a_backup_are_a_fault() {
    let pointer = format!("USER#{}", user_ref("7"));
    let factors = format!("FACTORS#{}", user_ref("7"));
    for (copied, want) in [
        (
            &pointer,
            "demands other second factors (totp, recovery_codes) than there are (none)",
        ),
        (
            &factors,
            "demands other second factors (none) than there are (totp, recovery_codes)",
        ),
    ] {
        let dev = with_key();
        let client = client(&dev);
        add_ada(&dev);
        restore(&dev, &client).await;
        dev.tell("user factors remove ada all --yes").expect(0);
        let get = client.get_item().table_name("users-restored");
        let of_then = get
            .set_key(Some(super::key(copied)))
            .send()
            .await
            .unwrap()
            .item;
        let put = client.put_item().table_name("users").set_item(of_then);
        put.send().await.unwrap();
        assert!(item(&client, copied).await.is_some());

        let done = tell(&dev, "tables check").expect(1);

        assert!(done.stdout.contains(want), "{done:?}");
    }
}
