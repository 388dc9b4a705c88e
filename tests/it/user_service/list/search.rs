//! Users who are looked for among all.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate,
};
use serde_json::{Value, json};
use sesame::domain::Operation;
use sesame::store::Schema;

use super::super::{administrator, outcome, register};
use super::{by_ids, fill, found, list};
use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD};
use crate::support::client::Client;
use crate::support::faults::Fault;

async fn page(client: Client<'_>, offset: u64, limit: u64) -> Result<(Value, Vec<Value>), String> {
    let message = json!({
        "query": { "offset": offset, "limit": limit, "asc": true },
        "sortingColumn": "USER_FIELD_NAME_USER_NAME",
    });
    let mut listed = client.ask(Operation::ListUsers, message).await?;
    let users = listed["result"].as_array().cloned().unwrap_or_default();
    let ids = users.iter().map(|user| user["userId"].clone());
    Ok((listed["details"]["totalResult"].take(), ids.collect()))
}

/// Time stands still, because so many users take a slow machine longer than a request may.
#[tokio::test(start_paused = true)]
async fn a_search_looks_at_ten_thousand_users_and_refuses_more() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    // One more is the one that they are made like.
    fill(&app, 9_999, |n| format!("mini{n:05}")).await;
    let refused = Err("code 8".to_owned());

    let total = json!("10000");
    let last = page(admin, 9_998, 2).await;
    assert_eq!(
        last,
        Ok((total.clone(), vec![json!("09997"), json!("09998")]))
    );
    let whole = page(admin, 9_000, 1000).await.unwrap();
    assert_eq!((whole.0, whole.1.len()), (total, 1000));
    assert_eq!(page(admin, 9_999, 2).await, refused);
    assert_eq!(page(admin, u64::MAX, 1).await, refused);
    // What keys find has no end of this kind.
    let past = json!({ "query": { "offset": 20_000 }, "queries": [by_ids(&["00001"])] });
    let past = admin.ask(Operation::ListUsers, past).await.unwrap();
    assert_eq!(past["details"]["totalResult"], Value::Null);

    register(admin, "maxi").await;
    assert_eq!(page(admin, 0, 1).await, refused);
    let none = json!({ "firstNameQuery": { "firstName": "nobody" } });
    assert_eq!(found(admin, json!([none])).await, Err("code 8".to_owned()));
}

/// Names of 200 characters of four bytes, each six times in an answer.
#[tokio::test(start_paused = true)]
async fn a_page_of_users_is_whole_or_refused() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    fill(&app, 999, |n| format!("{n:05}{}", "🐭".repeat(195))).await;

    assert_eq!(page(admin, 0, 1000).await, Err("code 8".to_owned()));
    let few = page(admin, 100, 100).await.unwrap();
    assert_eq!((few.0, few.1.len()), (json!("1000"), 100));
}

/// The index may have users who are gone. Whoever was renamed is read under the name of today.
#[tokio::test(start_paused = true)]
async fn a_search_shows_the_users_of_its_page_as_they_are() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let mini = register(admin, "mini").await;
    register(admin, "maxi").await;
    page(admin, 0, 1).await.unwrap();

    let second = Duration::from_secs(1);
    app.faults
        .inject(Fault::Delay(second).once().for_action("BatchGetItem"));
    let changes = async {
        tokio::time::sleep(second / 2).await;
        let [mini, maxi] = [app.login("mini").await, app.login("maxi").await];
        let renamed = app.store.rename_user(&mini, app.login_name("minnie"));
        assert!(renamed.await.unwrap());
        assert!(app.store.delete_user(&maxi).await.unwrap());
    };
    let (found, ()) = tokio::join!(page(admin, 0, 10), changes);

    assert_eq!(found, Ok((json!("2"), vec![json!(mini)])));
}

#[tokio::test]
async fn without_the_index_a_search_is_unavailable_and_all_else_works() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let mini = register(admin, "mini").await;
    let search = json!([{ "stateQuery": { "state": "USER_STATE_ACTIVE" } }]);
    assert_eq!(found(admin, search.clone()).await, Ok(vec![mini.clone()]));
    let remove = DeleteGlobalSecondaryIndexAction::builder().index_name("by_user_id");
    let update = GlobalSecondaryIndexUpdate::builder().delete(remove.build().unwrap());
    let removed = app
        .dynamodb()
        .update_table()
        .table_name(&app.store.tables().users)
        .global_secondary_index_updates(update.build())
        .send()
        .await;
    removed.unwrap();

    assert_eq!(outcome(&list(admin, search.clone()).await), "code 14");
    let maxi = register(admin, "maxi").await;
    let both = [mini, maxi];
    let listed = found(admin, json!([by_ids(&both)])).await.unwrap();
    assert_eq!(listed.len(), 2);
    // DynamoDB's answers while the index is missing, and while it is being built.
    for code in ["ValidationException", "ResourceNotFoundException"] {
        app.faults
            .inject(Fault::Answer(400, code).once().for_action("Scan"));
        assert_eq!(outcome(&list(admin, search.clone()).await), "code 14");
        // Of any other request they are faults of this program.
        app.faults
            .inject(Fault::Answer(400, code).once().for_action("BatchGetItem"));
        let failed = list(admin, json!([by_ids(&both)])).await;
        assert_eq!(outcome(&failed), "code 13");
    }
    app.faults.inject(
        Fault::Answer(400, "AccessDeniedException")
            .once()
            .for_action("Scan"),
    );
    assert_eq!(outcome(&list(admin, search).await), "code 13");
}

/// An entry of the index would be written with each of them.
#[tokio::test]
async fn a_login_writes_nothing_that_the_index_has() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let index = Schema::USERS.index.unwrap();
    let mut before = app.raw_login(&mini).await;
    let mut changed = Vec::new();
    for password in ["wrong", PASSWORD] {
        app.client().log_in(&mini, password).await;
        let after = app.raw_login(&mini).await;
        let differs = |name: &&String| before.get(*name) != after.get(*name);
        changed.extend(after.keys().chain(before.keys()).filter(differs).cloned());
        before = after;
    }

    assert!(changed.contains(&"attempts".to_owned()));
    for name in changed {
        assert_ne!(name, index.partition_key);
        assert!(!index.attributes.contains(&&*name), "{name}");
    }
}

#[tokio::test]
async fn the_index_has_users_and_no_secret_of_theirs() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    register(admin, "mini").await;

    let client = app.dynamodb();
    let scan = client.scan().table_name(&app.store.tables().users);
    let items = scan.index_name("by_user_id").send().await.unwrap().items;

    let items = items.unwrap();
    let mut kinds: Vec<_> = items
        .iter()
        .map(|item| item["pk"].as_s().unwrap().split('#').next().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["LOGIN", "PROFILE", "USER"]);
    let has = |name: &str| items.iter().any(|item| item.contains_key(name));
    assert!(has("email") && has("created_at"));
    for secret in [
        "password_hash",
        "epoch",
        "failures",
        "permissions",
        "holders",
    ] {
        assert!(!has(secret), "{secret}");
    }
    let text = AttributeValue::S("active".into());
    assert!(items.iter().any(|item| item.get("state") == Some(&text)));
}
