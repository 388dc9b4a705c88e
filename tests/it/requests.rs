//! How many requests to DynamoDB each call makes, and which.

use std::time::Duration;

use serde_json::json;
use sesame::domain::Operation::{DeleteSession, GetSession, ListSessions, SetSession};
use sesame::domain::Permission;

use crate::support::app::{App, NOW, PASSWORD, by_id, by_name};

#[tokio::test]
async fn each_create_makes_a_fixed_number_of_requests() {
    let app = App::start().await;
    let token = app
        .service_account(&[Permission::SessionWrite], Duration::from_hours(1))
        .await;
    let mini = app.user("mini").await;
    let user_alone = json!({ "checks": { "user": { "loginName": mini.login_name.as_str() } } });
    let (name, id) = (&mini.login_name, &mini.user_id);

    // The last two requests of a login run in parallel.
    let login = &["UpdateItem", "PutItem", "UpdateItem"][..];
    let with_id = &["GetItem", "UpdateItem", "PutItem", "UpdateItem"][..];
    let with_get = &["GetItem", "PutItem"];
    let anyone = app.client();
    let account = anyone.bearing(token.as_str());
    for (what, client, body, want) in [
        ("no checks", anyone, json!({}), &["PutItem"][..]),
        ("by login name", anyone, by_name(name, PASSWORD), login),
        ("by id", anyone, by_id(id, PASSWORD), with_id),
        ("wrong", anyone, by_name(name, "wrong"), &["UpdateItem"]),
        ("an account's first call", account, json!({}), with_get),
        ("its second", account, json!({}), &["PutItem"]),
        ("a user alone", account, user_alone.clone(), with_get),
        ("the same by who may not", anyone, user_alone, &[]),
        ("a malformed body", anyone, json!([]), &[]),
    ] {
        app.faults.clear();
        client.create_json(&body).await;
        assert_eq!(app.faults.actions(), want, "{what}");
    }
}

/// The session has a user. A service account's first call makes one request more, to read the
/// account.
#[tokio::test]
async fn each_call_on_a_session_makes_a_fixed_number_of_requests() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let answer = client.log_in(&mini, PASSWORD).await;
    let (id, mut token) = (answer.json()["sessionId"].clone(), answer.token());
    let user_id = json!({ "userIdQuery": { "id": mini.user_id.as_str() } });
    let by_user = json!({ "queries": [user_id] });
    let by_ids = json!({ "queries": [{ "idsQuery": { "ids": [id] } }] });
    let password = json!({ "password": { "password": PASSWORD } });
    let note = json!({ "metadata": { "a": "YQ==" } });

    let batch = "BatchGetItem";
    let login = &[batch, "UpdateItem", "UpdateItem", "UpdateItem"][..];
    let (with_token, without) = (true, false);
    for (rpc, shows, body, want) in [
        (GetSession, with_token, json!({}), &[batch][..]),
        (GetSession, without, json!({}), &["GetItem", batch]),
        (SetSession, with_token, note.clone(), &[batch, "UpdateItem"]),
        // It changes nothing this time.
        (SetSession, with_token, note, &[batch]),
        (SetSession, with_token, json!({ "checks": password }), login),
        (ListSessions, without, by_ids, &[batch, batch]),
        (ListSessions, without, by_user, &["Query", batch]),
        (ListSessions, without, json!({ "queries": [{}] }), &[]),
        (DeleteSession, with_token, json!({}), &["UpdateItem"]),
        (DeleteSession, without, json!({}), &["UpdateItem"]),
    ] {
        app.faults.clear();
        let what = format!("{rpc:?} {shows} {body}");
        let mut body = body;
        if rpc != ListSessions {
            body["sessionId"] = id.clone();
        }
        if shows {
            body["sessionToken"] = token.clone().into();
        }

        let answer = client.send(client.json(rpc, body)).await;

        assert_eq!(answer.status, 200, "{what}: {:?}", answer.body);
        if let Some(new) = answer.json()["sessionToken"].as_str() {
            new.clone_into(&mut token);
        }
        assert_eq!(app.faults.actions(), want, "{what}");
    }
}

/// The session and its user are read in one request.
#[tokio::test]
async fn a_session_token_as_a_bearer_costs_one_request() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let token = app.client().log_in(&mini, PASSWORD).await.token();
    app.faults.clear();

    app.client().bearing(&token).create_json(&json!({})).await;

    assert_eq!(app.faults.actions(), ["BatchGetItem", "PutItem"]);
}

#[tokio::test]
async fn starting_makes_one_cheap_request() {
    let app = App::start().await;

    app.api.warm_up(NOW).await;

    assert_eq!(app.faults.actions(), ["GetItem"]);
    assert!(app.logged().is_empty());
}

#[tokio::test]
async fn a_start_without_a_database_is_logged_and_continues() {
    let app = App::start().await;
    app.faults
        .inject(crate::support::faults::Fault::Answer(400, "AccessDeniedException").times(3));

    app.api.warm_up(NOW).await;

    let lines = app.logged();
    assert_eq!(lines[0]["level"], "warn");
}
