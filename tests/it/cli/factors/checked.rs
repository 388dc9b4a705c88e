//! What `tables check` finds of second factors, and mends, and what it says of server keys.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sesame::domain::KeyName;
use sesame::token::ServerKeys;

use super::{add, add_app, client, item, key, listed, tell_with, update, user_ref, with_key};
use crate::support::cli::process::Dev;
use crate::support::second::SERVER_KEY;

const SOUND: &str = "both tables are as they should be\n";
const OTHER_KEY: &str = "another server key of at least 32 characters";

fn key_name(key: &str) -> KeyName {
    ServerKeys::parse(key).unwrap().first().name()
}

/// Has the pointer of a user name these kinds, as nothing of the service would.
async fn point(client: &Client, id: &str, kinds: &[&str]) {
    let update = client.update_item().table_name("users");
    let update = update.set_key(Some(key(&format!("USER#{}", user_ref(id)))));
    let update = if kinds.is_empty() {
        update.update_expression("REMOVE factors")
    } else {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        update
            .update_expression("SET factors = :factors")
            .expression_attribute_values(":factors", AttributeValue::Ss(kinds))
    };
    update.send().await.unwrap();
}

async fn delete(client: &Client, pk: &str) {
    let delete = client.delete_item().table_name("users");
    delete.set_key(Some(key(pk))).send().await.unwrap();
}

#[tokio::test]
async fn factors_that_disagree_are_found_and_mended() {
    let dev = with_key();
    let client = client(&dev);
    for (name, id) in [("one", "1"), ("two", "2"), ("three", "3"), ("four", "4")] {
        add(&dev, name, id);
        update(
            &dev,
            &json!({ "userId": id, "loginName": name, "otpEmail": true }),
        );
    }
    assert_eq!(dev.tell("tables check").expect(0).stdout, SOUND);
    // A release without second factors deletes the others alone; a backup is restored in part.
    for pk in ["LOGIN#one", &format!("USER#{}", user_ref("1"))] {
        delete(&client, pk).await;
    }
    for pk in [
        format!("PROFILE#{}", user_ref("1")),
        "EMAIL#one@x.org".to_owned(),
        "PHONE#+493012341".to_owned(),
    ] {
        delete(&client, &pk).await;
    }
    point(&client, "2", &[]).await;
    delete(&client, &format!("FACTORS#{}", user_ref("3"))).await;
    // What a newer release has registered is none of this one's faults.
    point(&client, "4", &["otp_sms", "voice"]).await;

    let lines = |end: &str| {
        let other = "demands other second factors";
        let mut lines = [
            format!(
                "FACTORS#{} has the second factors of a user who isn't there{end}",
                user_ref("1")
            ),
            format!("a login of two with the id 2 {other} (none) than there are (otp_email){end}"),
            format!(
                "a login of three with the id 3 {other} (otp_email) than there are (none){end}"
            ),
            format!(
                "a login of four with the id 4 {other} (otp_sms) than there are (otp_email){end}"
            ),
        ];
        lines.sort();
        lines
    };
    let printed = |dev: &Dev, options: &str, code: i32| {
        let done = dev.tell(&format!("tables check{options}")).expect(code);
        let mut lines: Vec<_> = done.stdout.lines().map(str::to_owned).collect();
        let sound = lines.iter().position(|line| *line == SOUND.trim_end());
        sound.map(|at| lines.remove(at));
        assert_eq!(sound.is_some(), code == 0);
        lines.sort();
        lines
    };
    assert_eq!(printed(&dev, "", 1), lines(""));
    assert_eq!(printed(&dev, "", 1), lines(""));
    assert_eq!(printed(&dev, " --repair", 0), lines(": mended"));
    assert_eq!(dev.tell("tables check --repair").expect(0).stdout, SOUND);

    let left = format!("FACTORS#{}", user_ref("1"));
    assert!(item(&client, &left).await.is_none());
    assert_eq!(listed(&dev, "two")[4], json!(["otp_email"]));
    assert_eq!(listed(&dev, "three")[4], json!([]));
    let pointer = format!("USER#{}", user_ref("4"));
    let pointer = item(&client, &pointer).await.unwrap();
    let mut kinds = pointer["factors"].as_ss().unwrap().clone();
    kinds.sort();
    assert_eq!(kinds, ["otp_email", "voice"]);
}

#[tokio::test]
async fn what_each_key_protects_is_counted() {
    let dev = with_key();
    let check = |key: Option<&str>, code: i32| {
        let settings = key.map(|key| ("SERVER_KEY", key));
        let done = tell_with(&dev, "tables check", settings.as_slice(), "").expect(code);
        let lines = done.stdout.lines().skip(1).map(str::to_owned);
        (lines.collect::<Vec<_>>(), done.stderr)
    };
    let [own, other] = [SERVER_KEY, OTHER_KEY].map(key_name);
    let none = format!(
        "the server key {own} (the first) protects 0 authenticator apps, and 0 being set up"
    );
    assert_eq!(check(None, 0).0, Vec::<String>::new());
    assert_eq!(check(Some(SERVER_KEY), 0).0, [none]);
    add(&dev, "ada", "1");
    add(&dev, "bob", "2");
    add_app(&dev, "ada");
    // A registration that has ended protects nothing any more.
    let client = client(&dev);
    for (id, until) in [("2", i64::MAX / 2), ("1", 1)] {
        let pk = format!("FACTORS#{}", user_ref(id));
        let stored = item(&client, &format!("FACTORS#{}", user_ref("1")))
            .await
            .unwrap();
        let mut pending = stored.clone();
        pending.insert("pk".to_owned(), AttributeValue::S(pk));
        if id == "2" {
            pending.retain(|name, _| !name.starts_with("totp_"));
        }
        let text = |text: &str| AttributeValue::S(text.to_owned());
        for (name, value) in [
            ("pending_id", text("00000000000000000000000000000001")),
            ("pending_secret", stored["totp_secret"].clone()),
            ("pending_key", stored["totp_key"].clone()),
            ("pending_until", AttributeValue::N(until.to_string())),
            ("pending_tries", AttributeValue::N("0".to_owned())),
            ("pending_try", text("")),
        ] {
            pending.insert(name.to_owned(), value);
        }
        let put = client
            .put_item()
            .table_name("users")
            .set_item(Some(pending));
        put.send().await.unwrap();
    }
    let protects = "protects 1 authenticator app, and 1 being set up";
    let nothing = "protects 0 authenticator apps, and 0 being set up";

    let cannot = "without SERVER_KEY or SERVER_KEY_SECRET it can't be told whether the service can open them";
    assert_eq!(
        check(None, 0).0,
        [
            format!("the server key {own} {protects}"),
            cannot.to_owned()
        ]
    );
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let rotated = format!("{OTHER_KEY},{SERVER_KEY}");
    let want = [
        format!("the server key {own} {protects}"),
        format!("the server key {other} (the first) {nothing}"),
    ];
    assert_eq!(sorted(check(Some(&rotated), 0).0), sorted(want.to_vec()));

    let (lines, said) = check(Some(OTHER_KEY), 1);
    let want = [
        format!("the server key {own} (not among those that are set) {protects}"),
        format!("the server key {other} (the first) {nothing}"),
        format!(
            "the authenticator app of ada with the id 1 can't be used: no server key is {own}, \
             which has sealed a secret"
        ),
    ];
    assert_eq!(sorted(lines), sorted(want.to_vec()));
    let error = "error: users whose authenticator app no server key at hand opens: 1\n";
    assert_eq!(said, error);
}
