use serde_json::json;
use sesame::log::TraceId;

use super::{TestAuthorizer, whole};
use crate::support::administration::Administration as _;
use crate::support::app::{NOW, PASSWORD};
use crate::support::client::create_named;
use crate::support::faults::Fault;

#[tokio::test]
async fn each_decision_is_one_line_of_the_log() {
    let lambda = TestAuthorizer::open().await;
    let (mini, session) = lambda.mini().await;
    let user_alone = create_named(&lambda.app, &mini).await;
    let login = lambda.app.login("mini").await;
    assert!(lambda.app.store.end_sessions(&login).await.unwrap());
    let again = lambda.app.client().log_in(&mini, PASSWORD).await;

    for (token, outcome, of) in [
        (&*again.token(), "allow", Some(&again)),
        (&*session.token(), "invalid_token", Some(&session)),
        (&*user_alone.token(), "no_proof_of_user", Some(&user_alone)),
        ("V3ryS3cure", "malformed_token", None),
        ("", "no_token", None),
    ] {
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("Bearer {token}")
        };
        lambda.lets_in(&authorization, NOW).await;

        let lines = lambda.logged();
        assert_eq!(lines.len(), 1, "{outcome}");
        let line = lines[0].as_object().unwrap();
        let allowed = outcome == "allow";
        let principal = format!("user:{}", mini.user_id);
        let names = "call client_ip duration_ms level outcome request_id time trace_id";
        let mut names: Vec<_> = names.split(' ').collect();
        names.extend(allowed.then_some("caller"));
        names.extend(of.map(|_| "session_id"));
        names.sort_unstable();
        assert_eq!(line.keys().collect::<Vec<_>>(), names, "{outcome}");
        assert_eq!(line["outcome"], outcome);
        assert_eq!(line["level"], "info");
        assert_eq!(line["request_id"], "request-1");
        assert_eq!(line["call"], "Authorize");
        assert_eq!(line["time"], NOW.as_millis());
        assert!(!allowed || line["caller"] == principal.as_str());
        let id = of.map_or(json!(null), |of| of.json()["sessionId"].clone());
        assert_eq!(json!(line.get("session_id")), id, "{outcome}");
    }
}

#[tokio::test]
async fn the_log_says_where_a_request_came_from() {
    let lambda = TestAuthorizer::open().await;
    let of_lambda = "1-5759e988-bd862e3fe1be46a994272793";
    let root = format!("Root={of_lambda};Sampled=1");

    for (file, has_source) in [
        ("token.json", false),
        ("request-rest.json", true),
        ("request-1.0.json", true),
        ("request-2.0.json", true),
    ] {
        let event = whole(file, "x");
        let trace = TraceId::parse(&root);
        let text = event.to_string();
        let decision = lambda
            .inner
            .authorize(text.as_bytes(), "request-1", trace, NOW);
        decision.await.unwrap();

        let line = lambda.logged().remove(0);
        let context = &event["requestContext"];
        let places = [
            &context["http"]["sourceIp"],
            &context["identity"]["sourceIp"],
        ];
        let source = places.into_iter().find(|place| place.is_string());
        assert_eq!(source.is_some(), has_source, "{file}");
        assert_eq!(line["client_ip"], json!(source), "{file}");
        assert_eq!(line["trace_id"], of_lambda, "{file}");
    }

    let mut hostile = whole("request-2.0.json", "x");
    hostile["requestContext"]["http"]["sourceIp"] = json!("1.2.3.4\"},{");
    hostile["headers"]["x-amzn-trace-id"] = json!("Root=\"},{");
    lambda.ask(&hostile, NOW).await.unwrap();
    let line = lambda.logged().remove(0);
    assert_eq!(line.get("client_ip"), None);
    assert_eq!(line.get("trace_id"), None);
}

#[tokio::test]
async fn a_start_makes_one_request_like_those_of_decisions() {
    let lambda = TestAuthorizer::open().await;

    lambda.inner.warm_up(NOW).await;
    assert_eq!(lambda.requests(), ["BatchGetItem"]);
    assert!(lambda.logged().is_empty());

    lambda
        .faults
        .inject(Fault::Answer(400, "AccessDeniedException").times(3));
    lambda.inner.warm_up(NOW).await;
    assert_eq!(lambda.logged()[0]["level"], "warn");
}
