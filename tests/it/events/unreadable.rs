//! Events that can't be read: whoever sends a request to a load balancer can cause them.

use serde_json::json;

use super::{body, changed, invoke};
use crate::support::app::{App, event};
use crate::support::broken::broken;

#[tokio::test]
async fn an_event_that_cannot_be_read_is_400_in_the_form_of_its_gateway() {
    let app = App::start().await;
    for (file, marker, headers) in [
        ("create-session.json", "curl", "headers"),
        ("create-session-function-url.json", "curl", "headers"),
        ("create-session-jwt.json", "curl", "headers"),
        ("create-session-rest.json", "curl", "multiValueHeaders"),
        ("create-session-alb.json", "curl", "multiValueHeaders"),
        ("create-session-alb-multi.json", "curl", "multiValueHeaders"),
    ] {
        for (fault, event) in broken(&event(file), marker) {
            let answer = invoke(&app, &event).await;

            let what = format!("{file} {fault}");
            assert_eq!(answer["statusCode"], 400, "{what}: {answer}");
            assert_eq!(body(&answer)["code"], 3, "{what}");
            let of_balancer = file.contains("alb").then(|| json!("400 Bad Request"));
            assert_eq!(
                answer.get("statusDescription"),
                of_balancer.as_ref(),
                "{what}"
            );
            let id = &answer[headers]["x-request-id"];
            assert!(
                *id == "request-1" || *id == json!(["request-1"]),
                "{what}: {answer}"
            );
            let lines = app.logged();
            assert_eq!(lines.len(), 1, "{what}");
            assert_eq!(lines[0]["outcome"], "malformed", "{what}");
            assert_eq!(lines[0]["level"], "info", "{what}");
            assert_eq!(lines[0]["server_errors"], 0, "{what}");
        }
    }
}

#[tokio::test]
async fn bytes_of_any_kind_are_400() {
    let app = App::start().await;
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    let deep_context = format!("{{\"requestContext\":{}", "{\"a\":".repeat(100_000));
    for bytes in [
        &b""[..],
        b" ",
        b"{",
        b"x",
        b"\0",
        b"\xff\xfe{\0}\0",
        b"\xef\xbb\xbf{}",
        b"[1e999]",
        b"\"\\ud800\"",
        deep.as_bytes(),
        deep_context.as_bytes(),
    ] {
        let answer = invoke(&app, bytes).await;

        assert_eq!(answer["statusCode"], 400, "{answer}");
        assert_eq!(body(&answer)["code"], 3, "{answer}");
    }
}

/// Such an event is JSON, but not what the sender's events are said to be.
#[tokio::test]
async fn a_header_that_is_none_is_400_in_the_form_of_its_gateway() {
    let app = App::start().await;
    for (file, form) in [
        ("create-session-alb.json", "statusDescription"),
        ("create-session-rest.json", "multiValueHeaders"),
    ] {
        let text = event(file).replacen("\"headers\": {", "\"headers\": { \"x y\": \"z\",", 1);

        let answer = invoke(&app, &text).await;

        assert_eq!(answer["statusCode"], 400, "{answer}");
        assert!(!answer[form].is_null(), "{answer}");
    }
    let http = changed(|event| event["headers"]["x y"] = json!("z"));
    let answer = invoke(&app, &http).await;
    assert_eq!(answer["statusCode"], 400, "{answer}");
    assert!(answer["headers"]["content-type"].is_string(), "{answer}");
}
