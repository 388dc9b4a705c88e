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

/// The event with these entries in front of those that the platform has added to the header, which
/// has a value for each.
fn behind(file: &str, entries: &[&str]) -> String {
    let mut event: Value = serde_json::from_str(&event(file)).unwrap();
    for map in ["headers", "multiValueHeaders"] {
        let headers = event[map].as_object_mut().into_iter().flatten();
        for (_, value) in headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for")) {
            match value {
                Value::String(own) => *own = [entries, &[own]].concat().join(", "),
                Value::Array(own) => {
                    let entries = entries.iter().map(|entry| json!(entry));
                    own.splice(0..0, entries);
                }
                other => panic!("{other}"),
            }
        }
    }
    event.to_string()
}

#[tokio::test]
async fn behind_trusted_proxies_each_event_says_who_its_client_is() {
    const OWN: &str = "203.0.113.24";
    const FILES: [&str; 6] = [
        "create-session.json",
        "create-session-stage.json",
        "create-session-function-url.json",
        "create-session-rest.json",
        "create-session-alb.json",
        "create-session-alb-multi.json",
    ];
    let apps = [
        App::start().await,
        App::with(&[("TRUSTED_PROXIES", "1")]).await,
        App::with(&[("TRUSTED_PROXIES", "2")]).await,
    ];
    for (entries, of_one, of_two) in [
        (&[][..], OWN, OWN),
        (&["198.51.100.7"], "198.51.100.7", OWN),
        (&["198.51.100.7", "192.0.2.9"], "192.0.2.9", "198.51.100.7"),
        (
            &["10.0.0.1", "198.51.100.7", "192.0.2.9"],
            "192.0.2.9",
            "198.51.100.7",
        ),
        (
            &["198.51.100.7:80", "[2001:db8::7]:80"],
            "2001:db8::7",
            "198.51.100.7",
        ),
        (&["198.51.100.7", "x\"}"], OWN, "198.51.100.7"),
        (&["", "192.0.2.9"], "192.0.2.9", OWN),
    ] {
        for file in FILES {
            let event = behind(file, entries);
            for (app, want) in apps.iter().zip([OWN, of_one, of_two]) {
                respond(&app.api, event.as_bytes(), Context::default(), NOW).await;
                let line = app.logged().remove(0);
                assert_eq!(line["client_ip"], want, "{file} {entries:?}");
            }
        }
    }
}

/// Amazon's CDN stands between the client and an edge-optimized REST API, which is called by the client
/// all the same.
#[tokio::test]
async fn what_cloudfront_adds_is_not_a_proxys() {
    let app = App::with(&[("TRUSTED_PROXIES", "1")]).await;
    let mut event: Value = serde_json::from_str(&event("create-session-rest.json")).unwrap();
    for map in ["headers", "multiValueHeaders"] {
        let headers = event[map].as_object_mut().unwrap();
        headers.retain(|name, _| !name.eq_ignore_ascii_case("x-forwarded-for"));
    }
    let values = json!(["198.51.100.7", "203.0.113.24, 130.176.1.1"]);
    event["multiValueHeaders"]["X-Forwarded-For"] = values;

    respond(
        &app.api,
        event.to_string().as_bytes(),
        Context::default(),
        NOW,
    )
    .await;

    assert_eq!(app.logged().remove(0)["client_ip"], "198.51.100.7");
}
