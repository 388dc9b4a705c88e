//! What the log says about a call.

use http::Method;
use serde_json::json;
use sesame::api::Version;
use sesame::app::refuse;
use sesame::domain::Operation::{
    self, CreateSession, DeleteSession, GetSession, ListSessions, SetSession,
};
use sesame::domain::Permission;
use sesame::error::Error;

use super::HOUR;
use crate::support::app::{App, NOW, PASSWORD, header, post};
use crate::support::client::Wire;

#[tokio::test]
async fn the_log_names_the_session_of_each_call() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let all = app.service_account(&Permission::ALL, HOUR).await;
    let bearer = format!("Bearer {}", all.as_str());
    let client = app.client().bearing(all.as_str());
    let created = client.create_json(&json!({})).await;
    let id = created.id();
    app.logged();

    let json = |method: &str, path: String, body: &str| {
        let mut request = header(post(body.to_owned()), "authorization", &bearer);
        request.method = method.parse().unwrap();
        request.path = path;
        request
    };
    let rpc = |rpc: Operation, body: serde_json::Value| {
        client.over(Wire::ConnectJson, Version::V2).json(rpc, body)
    };
    let path = |id: &str| format!("/v2/sessions/{id}");
    let nobodys = "00000000-0000-4000-8000-000000000000";
    let of_id = || json!({ "sessionId": id });
    let mut unknown_caller = json("GET", path(&id), "");
    unknown_caller.headers.clear();
    let too_long = " ".repeat(300_000);
    let no_uuid = id.replace('-', "");

    for (request, want) in [
        (json("GET", path(&id), ""), Some(&*id)),
        (json("GET", path(nobodys), ""), Some(nobodys)),
        (json("GET", path("x\"},{"), ""), None),
        (json("GET", path(&no_uuid), ""), None),
        (json("GET", path(&id.to_uppercase()), ""), Some(&id)),
        (unknown_caller, Some(&id)),
        (json("PATCH", path(&id), &too_long), Some(&id)),
        (json("PATCH", path(&id), "{}"), Some(&id)),
        (json("PATCH", path(&id), "{"), Some(&id)),
        (rpc(SetSession, of_id()), Some(&id)),
        (rpc(GetSession, of_id()), Some(&id)),
        (rpc(ListSessions, json!({ "queries": [{}] })), None),
        (json("POST", "/v2/sessions".into(), "{"), None),
        (rpc(DeleteSession, of_id()), Some(&id)),
        (json("DELETE", path(&id), ""), Some(&id)),
    ] {
        let what = format!("{} {}", request.method, request.path);
        app.send(request, NOW).await;
        let lines = app.logged();
        assert_eq!(lines[0]["session_id"], json!(want), "{what}: {}", lines[0]);
    }
    let again = client.create_json(&json!({})).await;
    assert_eq!(app.logged()[0]["session_id"], again.json()["sessionId"]);
}

#[tokio::test]
async fn the_log_names_the_principal_and_the_outcome_of_each_call() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service(&[Permission::SessionWrite]).await;
    let mini = app.user("mini").await;

    token.log_in(&mini, "wrong").await;
    token.log_in(&mini, PASSWORD).await;
    app.send(post("{}"), NOW).await;

    let lines = app.logged();
    let column = |name: &str| -> Vec<_> { lines.iter().map(|line| line[name].clone()).collect() };
    assert_eq!(
        column("outcome"),
        ["wrong_password", "ok", "unauthenticated"]
    );
    assert_eq!(
        column("caller"),
        ["service:backend", "service:backend", "anonymous"]
    );
    let user = json!(mini.user_id.as_str());
    assert_eq!(column("user"), [user.clone(), user, json!(null)]);
    assert_eq!(column("call"), ["CreateSession"; 3]);
    assert_eq!(column("request_id"), ["request-1"; 3]);
    assert_eq!(column("status"), [400, 200, 401]);
    assert_eq!(column("time"), [NOW.as_millis(); 3]);
    assert_eq!(column("logins"), [1, 1, 0]);
    assert_eq!(column("cold_starts"), [1, 0, 0]);
    for line in &lines[..2] {
        assert!(line["hash_ms"].as_f64().unwrap() > 0.0, "{line}");
        assert!(line["database_ms"].as_f64().unwrap() > 0.0, "{line}");
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for metric in directive["Metrics"].as_array().unwrap() {
                let value = &line[metric["Name"].as_str().unwrap()];
                assert!(value.is_number(), "{metric} in {line}");
            }
            for dimension in directive["Dimensions"][0].as_array().unwrap() {
                let value = &line[dimension.as_str().unwrap()];
                assert!(value.is_string(), "{dimension} in {line}");
            }
        }
    }
}

#[tokio::test]
async fn the_log_names_the_session_of_a_request_that_no_route_matches() {
    let app = App::start().await;
    let id = "00000000-0000-4000-8000-000000000000";
    let mut request = post("");
    request.method = Method::PUT;
    request.path = format!("/v2/sessions/{id}");

    refuse(&app.api, &request, &Error::Overloaded, NOW);

    let line = app.logged().remove(0);
    assert_eq!(line["session_id"], id);
    assert_eq!(line["call"], "none");
}

/// Both halves of the API refuse a session that is unknown and a token that isn't the session's,
/// with ids of their own. The log has one outcome for both, and says which half it was.
#[tokio::test]
async fn the_log_names_the_half_of_the_api_that_refuses_a_session() {
    let app = App::with(&[("ACCESS", "public")]).await;
    let client = app.client();
    let created = client.create_json(&json!({})).await.json();
    let id = created["sessionId"].as_str().unwrap();
    let nobodys = "00000000-0000-4000-8000-000000000000";
    app.logged();

    let (unknown, wrong_token) = ("session_not_found", "invalid_session_token");
    for (rpc, id, outcome, side) in [
        (GetSession, nobodys, unknown, json!("query")),
        (SetSession, nobodys, unknown, json!("command")),
        (GetSession, id, wrong_token, json!("query")),
        (SetSession, id, wrong_token, json!("command")),
        (CreateSession, id, "ok", json!(null)),
    ] {
        let body = json!({ "sessionId": id, "sessionToken": "x" });
        let request = client.over(Wire::ConnectJson, Version::V2).json(rpc, body);
        app.send(request, NOW).await;

        let line = app.logged().pop().unwrap();
        assert_eq!(line["outcome"], outcome, "{rpc:?}: {line}");
        assert_eq!(line["side"], side, "{rpc:?}: {line}");
    }
}
