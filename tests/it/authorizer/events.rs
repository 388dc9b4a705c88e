use proptest::prelude::*;
use serde_json::{Value, json};
use sesame::error::Error;

use super::{FILES, TestAuthorizer, whole};
use crate::support::app::NOW;

#[tokio::test]
async fn an_event_that_names_an_api_is_answered_and_no_other() {
    let lambda = TestAuthorizer::open().await;
    let arn = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/$default/GET/";
    let (_, session) = lambda.mini().await;
    let bearer = format!("Bearer {}", session.token());
    let headers = json!({ "Authorization": bearer });

    for (event, allowed) in [
        (json!({ "methodArn": arn }), Some(false)),
        (json!({ "routeArn": arn, "version": "2.0" }), Some(false)),
        (json!({ "methodArn": 1, "routeArn": arn }), Some(false)),
        (json!({ "methodArn": arn, "headers": headers }), Some(false)),
        (
            json!({ "type": "TOKEN", "methodArn": arn, "headers": headers }),
            Some(false),
        ),
        (
            json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": null }),
            Some(false),
        ),
        (
            json!({ "type": "REQUEST", "methodArn": arn, "authorizationToken": bearer }),
            Some(false),
        ),
        (
            json!({ "type": "REQUEST", "routeArn": arn, "identitySource": [bearer] }),
            Some(false),
        ),
        (
            json!({ "type": "REQUEST", "methodArn": arn, "headers": null }),
            Some(false),
        ),
        (
            json!({ "type": "REQUEST", "routeArn": arn, "headers": headers }),
            Some(true),
        ),
        (
            json!({ "type": "REQUEST", "version": "2.0", "headers": headers }),
            None,
        ),
        (
            json!({ "type": "TOKEN", "authorizationToken": bearer, "methodArn": "*" }),
            None,
        ),
        (json!({}), None),
        (json!([]), None),
        (json!("x"), None),
        (json!(null), None),
    ] {
        let answer = lambda.ask(&event, NOW).await;
        let effect = answer
            .as_ref()
            .ok()
            .map(|answer| match &answer["isAuthorized"] {
                Value::Bool(is_authorized) => *is_authorized,
                _ => answer["policyDocument"]["Statement"][0]["Effect"] == "Allow",
            });
        assert_eq!(effect, allowed, "{answer:?}");
        if allowed.is_none() {
            assert!(matches!(answer, Err(Error::Malformed(_))), "{answer:?}");
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[Bb]earer [A-Za-z0-9_-]{60,90}".prop_map(Value::from),
        Just(json!([])),
        Just(json!([[{}], 1, null])),
        Just(json!({ "authorization": { "Authorization": [] } })),
    ]
}

/// The places in which an event is damaged.
const PLACES: [&str; 10] = [
    "/type",
    "/version",
    "/authorizationToken",
    "/identitySource",
    "/headers",
    "/headers/authorization",
    "/headers/Authorization",
    "/multiValueHeaders",
    "/multiValueHeaders/Authorization",
    "/requestContext",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_event_is_denied_without_an_error(
        bends in prop::collection::vec(
            (prop::sample::select(PLACES.to_vec()), any_value(), 0..FILES.len()), 32,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = runtime.block_on(async {
            let lambda = TestAuthorizer::open().await;
            let mut answers = Vec::new();
            for (place, value, file) in bends {
                let mut event = whole(FILES[file], "x");
                if let Some(bent) = event.pointer_mut(place) {
                    *bent = value;
                }
                answers.push((lambda.ask(&event, NOW).await, event));
            }
            answers
        });
        for (answer, event) in answers {
            let answer = answer.unwrap();
            let effect = &answer["policyDocument"]["Statement"][0]["Effect"];
            prop_assert!(
                answer["isAuthorized"] == false || effect == "Deny",
                "{answer} for {event}"
            );
        }
    }
}
