//! Events of all gateways, as Lambda passes them to the function.

mod base_path;
mod claims;
mod origin;
mod unreadable;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::Context;
use proptest::prelude::*;
use serde_json::{Value, json};
use sesame::domain::Permission;
use sesame::transport::lambda::event::respond;

use crate::support::answer::Answer;
use crate::support::app::{App, NOW, event};
use crate::support::client::Wire;
use crate::support::openapi::add_mini;
use crate::support::record;

/// Answers an event as the function does.
async fn invoke(app: &App, event: impl AsRef<[u8]>) -> Value {
    let mut context = Context::default();
    "request-1".clone_into(&mut context.request_id);
    let answer = respond(&app.api, event.as_ref(), context, NOW).await;
    let answer = serde_json::to_value(answer).unwrap();
    let body = answer["body"].as_str().unwrap_or("null");
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    record::secret(body["sessionToken"].as_str());
    answer
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// Starts a service with the demo user, whom the events log in.
async fn with_demo_user(settings: &[(&str, &str)]) -> App {
    let app = App::with(settings).await;
    add_mini(&app).await;
    app
}

#[tokio::test]
async fn each_event_is_answered_in_the_form_of_its_gateway() {
    let app = with_demo_user(&[("MAX_PASSWORD_ATTEMPTS", "100")]).await;
    for (name, status, code) in [
        ("create-session.json", 200, None),
        ("create-session-base64.json", 200, None),
        ("create-session-rest.json", 200, None),
        ("create-session-stage.json", 200, None),
        ("create-session-function-url.json", 200, None),
        ("create-session-alb.json", 200, None),
        ("create-session-alb-multi.json", 200, None),
        ("create-session-jwt.json", 200, None),
        ("update-human-user.json", 401, Some(16)),
        ("create-session-wrong-password.json", 400, Some(3)),
        ("create-session-malformed.json", 400, Some(3)),
        // The principal is anonymous, so the error does not reveal which users exist.
        ("create-session-unknown-user.json", 400, Some(3)),
    ] {
        let answer = invoke(&app, &event(name)).await;
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        assert_eq!(answer["isBase64Encoded"], false, "{name}");
        match code {
            None => assert_eq!(body(&answer)["details"]["sequence"], "4", "{name}"),
            Some(code) => assert_eq!(body(&answer)["code"], code, "{name}"),
        }
        let header = |headers: &str| answer[headers]["cache-control"].clone();
        let in_v1 = name.contains("rest") || name.contains("alb");
        let found = if in_v1 {
            header("multiValueHeaders")[0].clone()
        } else {
            header("headers")
        };
        assert_eq!(found, "no-store", "{name}: {answer}");
        if name.contains("alb") {
            let reason = if status == 200 {
                "200 OK"
            } else {
                "400 Bad Request"
            };
            assert_eq!(answer["statusDescription"], reason);
        }
    }
}

#[tokio::test]
async fn each_protocol_works_through_events() {
    let app = with_demo_user(&[]).await;
    for (name, wire, is_base64) in [
        ("connect", Wire::ConnectJson, false),
        ("connect-proto", Wire::ConnectProto, true),
        ("grpc-web", Wire::GrpcWeb, true),
        ("grpc-web-text", Wire::GrpcWebText, false),
        ("grpc", Wire::Grpc, true),
    ] {
        let event = event(&format!("create-session-{name}.json"));
        let answer = invoke(&app, &event).await;

        assert_eq!(answer["statusCode"], 200, "{name}");
        assert_eq!(answer["isBase64Encoded"], is_base64, "{name}");
        let outcome = wire.created(&received(&answer));
        if wire == Wire::Grpc {
            // An event's answer can't have trailers.
            assert_eq!(answer["headers"]["grpc-status"], "12");
            assert_eq!(outcome.err().unwrap().code, 12);
        } else {
            assert_eq!(outcome.ok().unwrap().details.unwrap().sequence, 4, "{name}");
        }
    }
}

/// The answer that the gateway passes on.
fn received(answer: &Value) -> Answer {
    let body = answer["body"].as_str().unwrap();
    let body = if answer["isBase64Encoded"] == true {
        STANDARD.decode(body).unwrap()
    } else {
        body.as_bytes().to_vec()
    };
    let headers = answer["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| {
        (
            name.parse().unwrap(),
            value.as_str().unwrap().parse().unwrap(),
        )
    });
    Answer {
        status: http::StatusCode::OK,
        headers: headers.collect(),
        body: body.into(),
        trailers: None,
    }
}

#[tokio::test]
async fn a_jwt_authorizers_scope_lets_its_bearer_in() {
    let app = with_demo_user(&[("ACCESS", "token")]).await;

    let with = invoke(&app, &event("create-session-jwt.json")).await;
    let without = invoke(&app, &event("create-session.json")).await;

    assert_eq!(with["statusCode"], 200, "{with}");
    assert_eq!(without["statusCode"], 401, "{without}");
}

/// Makes an event of an HTTP API with a change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut event: Value = serde_json::from_str(&event("create-session.json")).unwrap();
    event["body"] = json!("{}");
    change(&mut event);
    event.to_string()
}

#[tokio::test]
async fn a_malformed_event_gets_an_error_body() {
    let app = App::start().await;
    let rpc = "/prod/zitadel.session.v2.SessionService/CreateSession";
    let base64 = "/isBase64Encoded";
    let stage = "/requestContext/stage";
    let path = "/rawPath";
    for (places, status) in [
        (json!({ "/headers/host": "a b|<>" }), 200),
        (json!({ "/rawQueryString": "a=%zz&[<> ]|\u{e9}" }), 200),
        (json!({ "/requestContext/domainName": "<>" }), 200),
        (json!({ base64: true, "/body": "{}" }), 400),
        (json!({ "/body": null }), 200),
        (json!({ path: "/a/../v2alpha/sessions" }), 404),
        (json!({ path: "/v2alpha%2fsessions" }), 404),
        (json!({ stage: "prod", path: "/prod" }), 404),
        // A stage that is called like a path of ours, or like a part of one.
        (json!({ stage: "v2alpha" }), 200),
        (json!({ stage: "v2" }), 200),
        (json!({ stage: "prod", path: rpc }), 200),
    ] {
        let event = changed(|event| {
            for (place, value) in places.as_object().unwrap() {
                *event.pointer_mut(place).unwrap() = value.clone();
            }
        });
        let answer = invoke(&app, &event).await;
        assert_eq!(answer["statusCode"], status, "{places}: {answer}");
        assert!(body(&answer).is_object(), "{places}: {answer}");
    }
    let of_s3 = json!({ "Records": [{ "eventSource": "aws:s3" }] });
    for event in [json!({}), json!([]), json!(null), of_s3] {
        let answer = invoke(&app, event.to_string()).await;
        assert_eq!(answer["statusCode"], 400, "{event}: {answer}");
        assert!(body(&answer).is_object(), "{event}: {answer}");
    }
}

#[tokio::test]
async fn an_invocations_deadline_is_kept_unless_it_has_passed() {
    let app = App::start().await;
    let event = changed(|_| ());
    let now = u64::try_from(NOW.as_millis()).unwrap();
    for (deadline, status) in [
        (now + 10_000, 200),
        (30_000, 200),
        (0, 200),
        (now + 200, 504),
    ] {
        app.faults.delay("PutItem", 1, Duration::from_millis(50));
        let mut context = Context::default();
        context.deadline = deadline;
        let answer = respond(&app.api, event.as_bytes(), context, NOW).await;
        let answer = serde_json::to_value(answer).unwrap();
        assert_eq!(answer["statusCode"], status, "{deadline}");
    }
}

fn any_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[ -~]{0,24}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
    ]
}

/// The places in which an event is damaged.
const PLACES: [&str; 13] = [
    "/rawPath",
    "/rawQueryString",
    "/body",
    "/headers",
    "/headers/host",
    "/headers/content-type",
    "/isBase64Encoded",
    "/requestContext/stage",
    "/requestContext/domainName",
    "/path",
    "/requestContext/http/method",
    "/requestContext/authorizer/jwt/claims/sub",
    "/requestContext/http/sourceIp",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn no_event_causes_a_5xx(
        bends in prop::collection::vec(
            (prop::sample::select(PLACES.to_vec()), any_text(), 0..5usize), 32,
        ),
    ) {
        let files = [
            "create-session.json", "create-session-rest.json", "create-session-alb.json",
            "create-session-function-url.json", "create-session-jwt.json",
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = runtime.block_on(async {
            let app = App::start().await;
            let mut answers = Vec::new();
            for (place, value, file) in bends {
                let mut event: Value = serde_json::from_str(&event(files[file])).unwrap();
                if let Some(bent) = event.pointer_mut(place) {
                    *bent = value;
                }
                let text = event.to_string();
                answers.push((invoke(&app, &text).await, text));
            }
            answers
        });
        for (answer, event) in answers {
            let status = answer["statusCode"].as_i64().unwrap();
            prop_assert!((200..500).contains(&status), "{status} for {event}");
        }
    }
}

#[tokio::test]
async fn one_authorization_header_in_both_maps_is_one() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app
        .service_account(&[Permission::SessionWrite], Duration::from_hours(1))
        .await;
    let bearer = format!("Bearer {}", token.as_str());

    for (single, multiple, want) in [
        (json!(bearer), json!(null), 200),
        (json!(null), json!([bearer]), 200),
        (json!(bearer), json!([bearer]), 200),
        (json!(bearer), json!([bearer, bearer]), 401),
        (json!("Basic YTpi"), json!([bearer]), 401),
    ] {
        let mut event: Value = serde_json::from_str(&event("create-session-rest.json")).unwrap();
        event["body"] = json!("{}");
        for (map, value) in [("headers", &single), ("multiValueHeaders", &multiple)] {
            if !value.is_null() {
                event[map]["Authorization"] = value.clone();
            }
        }
        let answer = invoke(&app, &event.to_string()).await;
        assert_eq!(answer["statusCode"], want, "{single} {multiple}");
    }
}
