//! What codes leave in the database.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Timestamp};

use super::kind::Kind;
use super::{SECOND, add, administrator, human, number, outcome, read, sending};
use crate::support::app::{App, NOW};

/// The keys of all items, but of those that DynamoDB deletes by a time.
async fn lasting_items(app: &App, now: Timestamp) -> Vec<String> {
    let mut keys = Vec::new();
    let tables = app.store.tables();
    for (table, key) in [(&tables.users, "pk"), (&tables.sessions, "session_id")] {
        let scan = app
            .dynamodb()
            .scan()
            .table_name(table)
            .consistent_read(true);
        let items = scan.into_paginator().items().send();
        for item in items.collect::<Result<Vec<_>, _>>().await.unwrap() {
            let ttl = item
                .get("ttl")
                .map(|ttl| ttl.as_n().unwrap().parse::<i64>().unwrap());
            if ttl.is_none_or(|ttl| ttl > now.as_seconds_up()) {
                keys.push(item[key].as_s().unwrap().clone());
            }
        }
    }
    keys.retain(|key| !key.starts_with("CALLER#"));
    keys.sort();
    keys
}

#[tokio::test]
async fn a_user_who_was_sent_twenty_codes_of_each_kind_leaves_nothing_behind() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = app.user_id("mini").to_string();
    let day = Duration::from_hours(24);
    let mut message = human(&id, false);
    message["phone"] = json!({ "phone": number(&id), "isVerified": true });
    message["password"] = Value::Null;
    add(admin, message.clone()).await;
    let once = lasting_items(&app, NOW).await;
    admin
        .ask(Operation::DeleteUser, json!({ "userId": id }))
        .await
        .unwrap();
    let mut end = NOW;
    for n in 0..20 {
        let now = NOW.plus(day * n);
        let admin = admin.at(now);
        add(admin, message.clone()).await;
        for kind in [Kind::Invite, Kind::Email, Kind::MailReset, Kind::SmsReset] {
            kind.ask(admin, &id).await;
            if kind == Kind::Invite {
                continue;
            }
            let code = kind.code(&app, &id).await;
            // The reset makes way for the next one, which comes within its minute.
            kind.enter(admin, &id, code.short()).await.unwrap();
            if kind == Kind::MailReset {
                let keys = lasting_items(&app, now).await;
                let codes = keys.iter().filter(|key| key.starts_with("CODE#"));
                assert_eq!(codes.count(), 3);
            }
        }
        if n < 19 {
            let gone = json!({ "userId": id });
            admin.ask(Operation::DeleteUser, gone).await.unwrap();
        }
        end = now;
    }
    // A code of 72 hours, and a day in which an expired one is told from none.
    let after = end.plus(Duration::from_hours(72 + 24) + SECOND);

    let left = lasting_items(&app, after).await;

    assert_eq!(left, once);
    let user = read(admin.at(after), &id).await;
    assert_eq!(user["email"]["isVerified"], true);
    assert_eq!(
        outcome(&Kind::MailReset.try_ask(admin.at(after), &id).await),
        "ok"
    );
}
