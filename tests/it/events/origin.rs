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

    let gateway = Some("203.0.113.24");
    let bad_source =
        |event: &mut Value| event["requestContext"]["http"]["sourceIp"] = json!("x\ny");
    let by_client = |event: &mut Value| event["headers"]["x-forwarded-for"] = json!("198.51.100.1");
    let forged = format!("{hostile}, 203.0.113.7");

    for (event, client) in [
        (event("create-session.json"), gateway),
        (event("create-session-rest.json"), gateway),
        (event("create-session-stage.json"), gateway),
        (event("create-session-function-url.json"), gateway),
        (changed(by_client), gateway),
        (changed(bad_source), None),
        // Of a load balancer.
        (forwarded("198.51.100.1, 203.0.113.7"), Some("203.0.113.7")),
        (forwarded("[2001:db8::7]:80"), Some("2001:db8::7")),
        (forwarded(&forged), Some("203.0.113.7")),
        (forwarded(hostile), None),
        (forwarded(&"1,".repeat(10_000)), None),
    ] {
        for (traced, want) in [
            (Some(format!("Root={of_lambda};Sampled=1")), true),
            (None, false),
        ] {
            let mut context = Context::default();
            context.xray_trace_id = traced;
            respond(&app.api, event.as_bytes(), context, NOW).await;

            let line = app.logged().remove(0);
            assert_eq!(line["client_ip"], json!(client), "{line}");
            assert_eq!(line["trace_id"] == of_lambda, want, "{line}");
            // Without a trace id from Lambda, the header's is used.
            assert!(
                want || line["trace_id"].as_str().unwrap().starts_with("1-6921"),
                "{line}"
            );
        }
    }
}
