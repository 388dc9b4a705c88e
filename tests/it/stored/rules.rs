//! Rules are for requests. What was stored under others is read.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sesame::api::proto::zitadel::session::v2::SetSessionRequest as Set;
use sesame::domain::{LoginName, Permission, UserId};

use super::{Item, Place, number, put, string, text};
use crate::support::app::{App, PASSWORD, by_name};
use crate::support::client::seconds;
use crate::support::client::{Client, HOUR, code, metadata, set};

#[tokio::test]
async fn a_stored_session_that_breaks_the_rules_of_requests_is_read() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let created = Client::new(&app).login(&mini).await;
    let (id, token) = (&*created.session_id, Some(&*created.session_token));
    let value = |size: usize| AttributeValue::B(Blob::new(vec![1; size]));
    let mut entries: HashMap<_, _> = (0..100).map(|n| (format!("key{n}"), value(1))).collect();
    entries.insert("k".repeat(300), value(100_000));
    entries.insert("empty".to_owned(), value(0));
    let list = AttributeValue::L(vec![text(&"x".repeat(50_000))]);
    let header = HashMap::from([("name".to_owned(), list)]);
    let agent = Item::from([("header".to_owned(), AttributeValue::M(header))]);
    let place = Place::session(&app, id);
    place
        .change(&app, |item| {
            item.insert("metadata".to_owned(), AttributeValue::M(entries));
            item.insert("user_agent".to_owned(), AttributeValue::M(agent));
            item.insert("display_name".to_owned(), text(&"d".repeat(300)));
        })
        .await;

    let got = app.client().get(id, token).await.unwrap();
    assert_eq!(got.metadata.len(), 102);
    assert_eq!(got.user_agent.unwrap().header.len(), 1);
    let user = got.factors.unwrap().user.unwrap();
    assert_eq!(user.display_name, "d".repeat(300));
    let bearing = app.client().bearing(&created.session_token);
    assert_eq!(bearing.create_json(&json!({})).await.outcome(), "ok");

    let longer = Set {
        lifetime: Some(seconds(60)),
        ..set(&created)
    };
    let longer = app.client().set(&longer).await.unwrap();
    let note = Set {
        session_token: longer.session_token.clone(),
        metadata: metadata(&[("a", "1")]),
        ..set(&created)
    };
    let noted = app.client().set(&note).await;
    assert_eq!(code(&noted), "code 3", "what a request adds is checked");
    let deleted = app.client().delete(id, Some(&longer.session_token)).await;
    assert_eq!(code(&deleted), "ok");
}

#[tokio::test]
async fn a_stored_user_that_breaks_the_rules_of_requests_is_read() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let mut item = Place::user(&app, &mini.login_name).read(&app).await;
    let mut pointer = Place::pointer(&app, &mini.user_id).read(&app).await;
    let id = format!("{}{}", app.name, "i".repeat(300));
    let place = Place::pointer(&app, &UserId::from_stored(id.clone()));
    for item in [&mut item, &mut pointer] {
        item.insert("user_id".to_owned(), text(&id));
    }
    item.insert("display_name".to_owned(), text(&"d".repeat(300)));
    pointer.insert("pk".to_owned(), place.key.1);
    put(&app, &place.table, item).await;
    put(&app, &place.table, pointer).await;

    let login = by_name(&mini.login_name, PASSWORD);
    let created = app.client().create_json(&login).await;
    assert_eq!(created.outcome(), "ok");
    let (session, token) = (created.json()["sessionId"].clone(), created.token());
    let got = app.client().get(string(&session), Some(&token)).await;
    let user = got.unwrap().factors.unwrap().user.unwrap();
    assert_eq!((user.id, user.display_name), (id, "d".repeat(300)));
}

#[tokio::test]
async fn a_stored_service_account_that_breaks_the_rules_of_requests_is_read() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let place = Place::in_users(&app, &format!("CALLER#{}", token.hash().to_hex()));
    place
        .change(&app, |item| {
            item.insert("name".to_owned(), text(&"n".repeat(300)));
        })
        .await;

    let client = app.client().bearing(token.as_str());
    assert_eq!(client.create_json(&json!({})).await.outcome(), "ok");
}

/// What is no session, no user and no service account stays an error.
#[tokio::test]
async fn an_item_that_cant_be_meant_is_an_error() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let page = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let created = Client::new(&app).login(&mini).await;
    let session = Place::session(&app, &created.session_id);
    let user = Place::user(&app, &mini.login_name);
    let account = Place::in_users(&app, &format!("CALLER#{}", page.hash().to_hex()));
    let login = by_name(
        &LoginName::from_stored(mini.login_name.to_string()),
        PASSWORD,
    );
    for (place, name, value) in [
        (&session, "changed_at", text("1")),
        (&session, "sequence", number(-1)),
        (&session, "password_verified_at", text("now")),
        (&session, "replaced_hash", number(1)),
        (&session, "epoch", text("x")),
        (&session, "metadata", text("x")),
        (&user, "failures", text("none")),
        (&user, "state", number(1)),
        (&account, "permissions", text("session.write")),
    ] {
        let before = place.read(&app).await;
        place
            .change(&app, |item| {
                item.insert(name.to_owned(), value);
            })
            .await;

        // A service that remembers no account.
        let beside = app.beside(&[]);
        let token = Some(&*created.session_token);
        let got = code(&beside.client().get(&created.session_id, token).await);
        let logged_in = beside.client().create_json(&login).await.outcome();
        let bearing = beside.client().bearing(page.as_str());
        let by_account = bearing.create_json(&json!({})).await.outcome();
        let outcomes = [got, logged_in, by_account];
        let broken = outcomes.iter().filter(|one| *one == "code 13").count();
        assert_eq!(broken, 1, "{name}: {outcomes:?}");
        beside.logged();
        put(&app, &place.table, before).await;
    }
}
