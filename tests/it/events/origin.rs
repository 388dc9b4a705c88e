//! The client's address and the trace id of an event in the log.

use lambda_http::Context;
use serde_json::{Value, json};
use sesame::transport::lambda::event::respond;

use super::changed;
use crate::support::app::{App, NOW, event};

#[tokio::test]
async fn the_log_says_where_an_event_came_from() {
    let app = App::start().await;
    let of_lambda = "1-5759e988-bd862e3fe1be46a994272793";
    let hostile = "203.0.113.7\"},{\"level\":\"error";
    let forwarded = |value: &str| {
        let mut event: Value = serde_json::from_str(&event("create-session-alb.json")).unwrap();
        event["headers"]["x-forwarded-for"] = json!(value);
        event.to_string()
    };

    for (what, event, client) in [
        ("2.0", event("create-session.json"), Some("203.0.113.24")),
        (
            "1.0",
            event("create-session-rest.json"),
            Some("203.0.113.24"),
        ),
        (
            "a stage",
            event("create-session-stage.json"),
            Some("203.0.113.24"),
        ),
        (
            "a URL",
            event("create-session-function-url.json"),
            Some("203.0.113.24"),
        ),
        (
            "a balancer",
            forwarded("198.51.100.1, 203.0.113.7"),
            Some("203.0.113.7"),
        ),
        (
            "a balancer with ports",
            forwarded("[2001:db8::7]:80"),
            Some("2001:db8::7"),
        ),
        (
            "forged",
            forwarded(&format!("{hostile}, 203.0.113.7")),
            Some("203.0.113.7"),
        ),
        ("hostile", forwarded(hostile), None),
        ("long", forwarded(&"1,".repeat(10_000)), None),
        (
            "forwarded by a client",
            changed(|e| e["headers"]["x-forwarded-for"] = json!("198.51.100.1")),
            Some("203.0.113.24"),
        ),
        (
            "a source that is none",
            changed(|e| e["requestContext"]["http"]["sourceIp"] = json!("x\ny")),
            None,
        ),
    ] {
        for (traced, want) in [
            (Some(format!("Root={of_lambda};Sampled=1")), true),
            (None, false),
        ] {
            let mut context = Context::default();
            context.xray_trace_id = traced;
            respond(&app.api, event.as_bytes(), context, NOW).await;

            let line = app.logged().remove(0);
            assert_eq!(line["client_ip"], json!(client), "{what}: {line}");
            assert_eq!(line["trace_id"] == of_lambda, want, "{what}: {line}");
            // Without a trace id from Lambda, the header's is used.
            assert!(
                want || line["trace_id"].as_str().unwrap().starts_with("1-6921"),
                "{line}"
            );
        }
    }
}
