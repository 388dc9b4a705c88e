//! Events of a custom domain that has the API under a base path.

use serde_json::{Value, json};

use super::{changed, invoke, with_demo_user};
use crate::support::app::event;

#[tokio::test]
async fn a_mapped_event_is_answered_with_its_base_path_and_not_without() {
    let without = with_demo_user(&[]).await;
    let with = with_demo_user(&[("BASE_PATH", "/auth")]).await;
    for file in [
        "create-session-base-path.json",
        "create-session-rest-base-path.json",
    ] {
        let answer = invoke(&without, event(file)).await;
        assert_eq!(answer["statusCode"], 404, "{file}: {answer}");
        let answer = invoke(&with, event(file)).await;
        assert_eq!(answer["statusCode"], 200, "{file}: {answer}");
    }
    // The API's own address goes on working.
    for file in [
        "create-session.json",
        "create-session-rest.json",
        "create-session-stage.json",
        "create-session-function-url.json",
        "create-session-alb.json",
        "create-session-connect.json",
        "create-session-grpc-web.json",
    ] {
        let answer = invoke(&with, event(file)).await;
        assert_eq!(answer["statusCode"], 200, "{file}: {answer}");
    }
}

#[tokio::test]
async fn the_base_path_is_taken_off_after_the_stage() {
    let create = |stage: &str, path: &str| {
        changed(|event| {
            event["requestContext"]["stage"] = json!(stage);
            event["rawPath"] = json!(path);
        })
    };
    let rpc = "zitadel.session.v2.SessionService/CreateSession";
    for (base, stage, path, status) in [
        ("/auth", "$default", "/auth/v2/sessions", 200),
        ("/auth", "prod", "/auth/v2/sessions", 200),
        ("/auth", "prod", "/prod/auth/v2/sessions", 200),
        ("/auth", "prod", "/prod/v2/sessions", 200),
        ("/auth", "auth", "/auth/v2/sessions", 200),
        ("/auth", "auth", "/auth/auth/v2/sessions", 200),
        ("/auth", "prod", "/auth/prod/v2/sessions", 404),
        ("/auth", "$default", "/auth/auth/v2/sessions", 404),
        ("/auth", "$default", "/authentic/v2/sessions", 404),
        ("/auth", "$default", "/other/v2/sessions", 404),
        ("/auth", "$default", "/auth", 404),
        ("/a/b.c/d", "prod", "/a/b.c/d/v2/sessions", 200),
        ("/a/b.c/d", "prod", "/a/b.c/v2/sessions", 404),
        // A base path that looks like a path of the service's own.
        ("/v2", "$default", "/v2/v2/sessions", 200),
        ("/v2", "$default", "/v2/sessions", 200),
        (
            "/api.example",
            "$default",
            &format!("/api.example/{rpc}"),
            200,
        ),
        ("/auth", "prod", &format!("/prod/auth/{rpc}"), 200),
        ("none", "$default", "/auth/v2/sessions", 404),
    ] {
        let app = crate::support::app::App::with(&[("BASE_PATH", base)]).await;
        let answer = invoke(&app, create(stage, path)).await;
        assert_eq!(
            answer["statusCode"], status,
            "{base} {stage} {path}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_load_balancer_may_have_a_base_path_too() {
    let app = with_demo_user(&[("BASE_PATH", "/auth")]).await;
    for file in ["create-session-alb.json", "create-session-alb-multi.json"] {
        let mut event: Value = serde_json::from_str(&event(file)).unwrap();
        event["path"] = json!(format!("/auth{}", event["path"].as_str().unwrap()));
        let answer = invoke(&app, event.to_string()).await;
        assert_eq!(answer["statusCode"], 200, "{file}: {answer}");
    }
}
