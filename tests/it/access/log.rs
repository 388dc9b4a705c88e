//! What the log says about a call.

use http::Method;
use serde_json::json;
use sesame::api::Version;
use sesame::app::refuse;
use sesame::domain::{Operation, Permission};
use sesame::error::Error;

use super::HOUR;
use crate::support::app::{App, NOW, PASSWORD, by_name, header, post};
use crate::support::client::Wire;

#[tokio::test]
async fn the_log_names_the_session_of_each_call() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let all = app.service_account(&Permission::ALL, HOUR).await;
    let client = app.client().bearing(all.as_str());
    let created = client.create_json(&json!({})).await;
    let id = created.json()["sessionId"].as_str().unwrap().to_owned();
    app.logged();

    let json = |method: &str, path: String, body: &str, known: bool| {
        let mut request = post(body.to_owned());
        request.method = method.parse().unwrap();
        request.path = path;
        let bearer = format!("Bearer {}", all.as_str());
        if known {
            header(request, "authorization", &bearer)
        } else {
            request
        }
    };
    let rpc = |rpc: Operation, body: serde_json::Value| {
        client.over(Wire::ConnectJson, Version::V2).json(rpc, body)
    };
    let path = |id: &str| format!("/v2/sessions/{id}");
    let nobodys = "00000000-0000-4000-8000-000000000000";
    let some = |id: &str| json!(id);

    for (what, request, want) in [
        ("get", json("GET", path(&id), "", true), some(&id)),
        (
            "get, unknown",
            json("GET", path(nobodys), "", true),
            some(nobodys),
        ),
        (
            "get, no id",
            json("GET", path("x\"},{"), "", true),
            json!(null),
        ),
        (
            "get, another form of a UUID",
            json("GET", path(&id.replace('-', "")), "", true),
            json!(null),
        ),
        (
            "get, in capitals",
            json("GET", path(&id.to_uppercase()), "", true),
            some(&id),
        ),
        (
            "set, too long",
            json("PATCH", path(&id), &" ".repeat(300_000), true),
            some(&id),
        ),
        (
            "get, by nobody",
            json("GET", path(&id), "", false),
            some(&id),
        ),
        ("set", json("PATCH", path(&id), "{}", true), some(&id)),
        (
            "set, malformed",
            json("PATCH", path(&id), "{", true),
            some(&id),
        ),
        (
            "set, rpc",
            rpc(Operation::SetSession, json!({ "sessionId": id })),
            some(&id),
        ),
        (
            "get, rpc",
            rpc(Operation::GetSession, json!({ "sessionId": id })),
            some(&id),
        ),
        (
            "list",
            rpc(Operation::ListSessions, json!({ "queries": [{}] })),
            json!(null),
        ),
        (
            "create, malformed",
            json("POST", "/v2/sessions".into(), "{", true),
            json!(null),
        ),
        (
            "delete, rpc",
            rpc(Operation::DeleteSession, json!({ "sessionId": id })),
            some(&id),
        ),
        (
            "delete again",
            json("DELETE", path(&id), "", true),
            some(&id),
        ),
    ] {
        app.send(request, NOW).await;
        let lines = app.logged();
        assert_eq!(lines[0]["session_id"], want, "{what}: {}", lines[0]);
    }
    let again = client.create_json(&json!({})).await;
    assert_eq!(app.logged()[0]["session_id"], again.json()["sessionId"]);
}

#[tokio::test]
async fn the_log_names_the_principal_and_the_outcome_of_each_call() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::Write], HOUR).await;
    let mini = app.user("mini").await;

    app.client()
        .bearing(token.as_str())
        .create_json(&by_name(&mini.login_name, "wrong"))
        .await;
    app.client()
        .bearing(token.as_str())
        .create_json(&by_name(&mini.login_name, PASSWORD))
        .await;
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
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        for metric in directives
            .iter()
            .flat_map(|of| of["Metrics"].as_array().unwrap())
        {
            assert!(
                line[metric["Name"].as_str().unwrap()].is_number(),
                "{metric} in {line}"
            );
        }
        for dimension in directives
            .iter()
            .flat_map(|of| of["Dimensions"][0].as_array().unwrap())
        {
            assert!(
                line[dimension.as_str().unwrap()].is_string(),
                "{dimension} in {line}"
            );
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

    for (rpc, id, outcome, side) in [
        (
            Operation::GetSession,
            nobodys,
            "session_not_found",
            json!("query"),
        ),
        (
            Operation::SetSession,
            nobodys,
            "session_not_found",
            json!("command"),
        ),
        (
            Operation::GetSession,
            id,
            "invalid_session_token",
            json!("query"),
        ),
        (
            Operation::SetSession,
            id,
            "invalid_session_token",
            json!("command"),
        ),
        (Operation::CreateSession, id, "ok", json!(null)),
    ] {
        let body = json!({ "sessionId": id, "sessionToken": "x" });
        let request = client.over(Wire::ConnectJson, Version::V2).json(rpc, body);
        app.send(request, NOW).await;

        let line = app.logged().pop().unwrap();
        assert_eq!(line["outcome"], outcome, "{rpc:?}: {line}");
        assert_eq!(line["side"], side, "{rpc:?}: {line}");
    }
}
