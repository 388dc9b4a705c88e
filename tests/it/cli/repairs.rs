//! What `tables check` finds among users, and mends.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sesame::aws::{Endpoint, Roots, http_client, with_http_client};
use sesame::domain::{UserId, UserRef};

use crate::support::cli::process::{Dev, run};

fn client(dev: &Dev) -> Client {
    let url = Some(dev.database.clone());
    let endpoint = Endpoint::with_keys("local".to_owned(), url, "local", "local", None);
    with_http_client(endpoint, http_client(Roots::System))
}

fn user_ref(id: &str) -> UserRef {
    UserRef::from(&UserId::parse(id.to_owned()).unwrap())
}

fn key(pk: &str) -> HashMap<String, AttributeValue> {
    [("pk".to_owned(), AttributeValue::S(pk.to_owned()))].into()
}

async fn delete(client: &Client, pk: &str) {
    let delete = client.delete_item().table_name("users");
    delete.set_key(Some(key(pk))).send().await.unwrap();
}

async fn holders(client: &Client, pk: &str) -> Option<Vec<String>> {
    let get = client.get_item().table_name("users");
    let item = get.set_key(Some(key(pk))).send().await.unwrap().item?;
    Some(item["holders"].as_ss().unwrap().clone())
}

fn add(dev: &Dev, lines: &[serde_json::Value]) {
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    dev.tell_with("user import -", &lines.join("\n")).expect(0);
}

#[tokio::test]
async fn users_items_that_disagree_are_found_and_mended() {
    const SOUND: &str = "both tables are as they should be\n";

    let dev = Dev::start();
    let client = client(&dev);
    let [one, two] = ["1", "2"].map(user_ref);
    add(
        &dev,
        &[
            json!({ "userId": "1", "loginName": "one", "email": "a@x.org", "phone": "+493012345" }),
            json!({ "userId": "2", "loginName": "two", "email": "A@x.org", "phone": "+493012346" }),
        ],
    );
    assert_eq!(dev.tell("tables check").expect(0).stdout, SOUND);
    // A release without profiles deletes these two items alone.
    delete(&client, "LOGIN#one").await;
    delete(&client, &format!("USER#{one}")).await;
    delete(&client, "PHONE#+493012346").await;
    let put = client.put_item().table_name("users");
    let put = put.set_item(Some(key("EMAIL#stale@x.org")));
    let stale = AttributeValue::Ss(vec![two.to_string()]);
    put.item("holders", stale).send().await.unwrap();

    let lines = |mended: &str| {
        let is_two = "two with the id 2";
        let gone = "who isn't there";
        let not_theirs = "has a user who doesn't have this address";
        [
            format!("PROFILE#{one} is the profile of a user {gone}{mended}\n"),
            format!("EMAIL#a@x.org {not_theirs}: {one}, {gone}{mended}\n"),
            format!("EMAIL#stale@x.org {not_theirs}: {two}, {is_two}{mended}\n"),
            format!("PHONE#+493012345 {not_theirs}: {one}, {gone}{mended}\n"),
            format!(
                "PHONE#+493012346 lacks a user who has this address: {two}, {is_two}{mended}\n"
            ),
        ]
        .concat()
    };
    for _ in 0..2 {
        let found = dev.tell("tables check").expect(1);
        assert_eq!(found.stdout, lines(""));
        assert_eq!(
            found.stderr,
            "error: the tables are not as they should be\n"
        );
    }
    let mended = dev.tell("tables check --repair").expect(0);
    assert_eq!(mended.stdout, lines(": mended") + SOUND);

    assert_eq!(dev.tell("tables check --repair").expect(0).stdout, SOUND);
    let get = client.get_item().table_name("users");
    let profile = get
        .set_key(Some(key(&format!("PROFILE#{one}"))))
        .send()
        .await;
    assert!(profile.unwrap().item.is_none());
    let only_two = Some(vec![two.to_string()]);
    for (pk, want) in [
        ("EMAIL#a@x.org", &only_two),
        ("EMAIL#stale@x.org", &None),
        ("PHONE#+493012345", &None),
        ("PHONE#+493012346", &only_two),
    ] {
        assert_eq!(holders(&client, pk).await, *want, "{pk}");
    }
}

#[tokio::test]
async fn a_user_of_an_address_that_is_full_stays_a_fault() {
    let dev = Dev::start();
    let client = client(&dev);
    let user = |n: usize| {
        let phone = if n < 20 { "+493012345" } else { "+493012346" };
        json!({ "userId": n.to_string(), "loginName": format!("u{n}"), "phone": phone })
    };
    add(&dev, &(0..21).map(user).collect::<Vec<_>>());
    delete(&client, "PHONE#+493012346").await;
    let update = client.update_item().table_name("users");
    update
        .set_key(Some(key(&format!("PROFILE#{}", user_ref("20")))))
        .update_expression("SET phone = :phone")
        .expression_attribute_values(":phone", AttributeValue::S("+493012345".to_owned()))
        .send()
        .await
        .unwrap();

    let found = dev.tell("tables check --repair").expect(1);

    let want = ": not mended, because as many others as may have it\n";
    assert!(found.stdout.ends_with(want), "{found:?}");
    assert_eq!(found.stdout.lines().count(), 1, "{found:?}");
}

#[test]
fn users_who_share_an_address_are_named_where_it_should_be_unique() {
    let dev = Dev::start();
    add(
        &dev,
        &[
            json!({ "userId": "1", "loginName": "one", "email": "A@x.org" }),
            json!({ "userId": "2", "loginName": "two", "email": "a@X.org" }),
            json!({ "userId": "3", "loginName": "three", "email": "b@x.org" }),
        ],
    );
    let check = |unique: &str| {
        let mut command = dev.command(&["tables", "check"]);
        run(command.env("UNIQUE_EMAILS", unique), "")
            .expect(0)
            .stdout
    };
    let sound = "both tables are as they should be\n";
    assert_eq!(check("false"), sound);
    let shared = "the e-mail address a@x.org is that of several users: one with the id 1, two with the id 2\n";
    assert_eq!(check("true"), format!("{sound}{shared}"));
}
