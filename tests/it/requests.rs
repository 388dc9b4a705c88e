//! What each call costs in requests: the design's table.

use std::time::Duration;

use serde_json::json;
use sesame::domain::Permission;

use crate::app::{App, NOW, PASSWORD, by_id, by_name};

#[tokio::test]
async fn each_call_makes_the_requests_it_is_said_to_make() {
    let app = App::start().await;
    let token = app
        .caller(&[Permission::Write], Duration::from_hours(1))
        .await;
    let mini = app.user("mini").await;
    let user_alone = json!({ "checks": { "user": { "loginName": mini.login_name.as_str() } } });
    let (name, id) = (&mini.login_name, &mini.user_id);

    // The last two of a login run side by side.
    let login = &["UpdateItem", "PutItem", "UpdateItem"][..];
    for (what, token, body, want) in [
        ("no checks", None, json!({}), &["PutItem"][..]),
        ("a user alone", None, user_alone, &["GetItem", "PutItem"]),
        ("by login name", None, by_name(name, PASSWORD), login),
        (
            "by id",
            None,
            by_id(id, PASSWORD),
            &["GetItem", "UpdateItem", "PutItem", "UpdateItem"],
        ),
        (
            "a wrong password",
            None,
            by_name(name, "wrong"),
            &["UpdateItem"],
        ),
        (
            "a caller's first call",
            Some(&token),
            json!({}),
            &["GetItem", "PutItem"],
        ),
        ("its second", Some(&token), json!({}), &["PutItem"]),
        ("a malformed body", None, json!([]), &[]),
    ] {
        app.faults.clear();
        match token {
            Some(token) => app.create_as(token.as_str(), &body, NOW).await,
            None => app.create(&body).await,
        };
        let requests = app.faults.requests();
        let made: Vec<_> = requests
            .iter()
            .map(|request| request.action.as_str())
            .collect();
        assert_eq!(made, want, "{what}");
    }
}

#[tokio::test]
async fn starting_makes_one_cheap_request() {
    let app = App::start().await;

    app.api.warm_up(NOW).await;

    let requests = app.faults.requests();
    let made: Vec<_> = requests
        .iter()
        .map(|request| request.action.as_str())
        .collect();
    assert_eq!(made, ["GetItem"]);
    assert!(app.logged().is_empty());
}

#[tokio::test]
async fn a_start_without_a_database_is_logged_and_goes_on() {
    let app = App::start().await;
    app.faults
        .inject(crate::faults::Fault::Answer(400, "AccessDeniedException").times(3));

    app.api.warm_up(NOW).await;

    let lines = app.logged();
    assert_eq!(lines[0]["level"], "warn");
}
