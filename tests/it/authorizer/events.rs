use proptest::prelude::*;
use serde_json::{Value, json};
use sesame::domain::Timestamp;
use sesame::error::Error;
use sesame::transport::lambda::authorizer::AuthorizerAnswer;

use super::{FILES, TestAuthorizer, policy, whole};
use crate::support::app::NOW;
use crate::support::broken::broken;

impl TestAuthorizer {
    pub(super) async fn ask(&self, event: &Value, now: Timestamp) -> Result<Value, Error> {
        let event = event.to_string();
        self.inner
            .authorize(event.as_bytes(), "request-1", None, now)
            .await
    }
}

#[tokio::test]
async fn an_event_that_names_no_stage_is_denied_everywhere() {
    let lambda = TestAuthorizer::open().await;
    let arn = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/$default/GET/";
    let (_, session) = lambda.mini().await;
    let bearer = format!("Bearer {}", session.token());
    let headers = json!({ "Authorization": bearer });

    let stage = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/$default/*";
    let denied = [
        json!({ "methodArn": arn }),
        json!({ "routeArn": arn, "version": "2.0" }),
        json!({ "methodArn": 1, "routeArn": arn }),
        json!({ "methodArn": arn, "headers": headers }),
        json!({ "type": "TOKEN", "methodArn": arn, "headers": headers }),
        json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": null }),
        json!({ "type": "REQUEST", "methodArn": arn, "authorizationToken": bearer }),
        json!({ "type": "REQUEST", "routeArn": arn, "identitySource": [bearer] }),
        json!({ "type": "REQUEST", "methodArn": arn, "headers": null }),
    ];
    let malformed = [
        json!({ "type": "REQUEST", "version": "2.0", "headers": headers }),
        json!({ "type": "TOKEN", "authorizationToken": bearer, "methodArn": "*" }),
        json!({}),
        json!([]),
        json!("x"),
        json!(null),
    ];
    let allowed = json!({ "type": "REQUEST", "routeArn": arn, "headers": headers });
    let denied = denied.map(|event| (event, "Deny", stage)).into_iter();
    let malformed = malformed.map(|event| (event, "Deny", "*"));
    let events = denied.chain(malformed).chain([(allowed, "Allow", stage)]);
    for (event, effect, resource) in events {
        lambda.logged();
        let answer = lambda.ask(&event, NOW).await.unwrap();
        if event["version"] == "2.0" {
            assert_eq!(answer, json!({ "isAuthorized": false }), "{event}");
        } else {
            let statement = &answer["policyDocument"]["Statement"][0];
            assert_eq!(statement["Effect"], effect, "{event}");
            assert_eq!(statement["Resource"], resource, "{event}");
        }
        let malformed = resource == "*";
        let line = lambda.logged().remove(0);
        assert_eq!(line["outcome"] == "malformed", malformed, "{line}");
        assert_eq!(line["level"] == "warn", malformed, "{line}");
    }
}

/// A client can put such bytes into a header, and a gateway passes them on.
#[tokio::test]
async fn an_event_that_cannot_be_read_is_denied_in_the_form_of_its_api() {
    for (form, simple) in [
        (AuthorizerAnswer::Simple, true),
        (AuthorizerAnswer::Iam, false),
    ] {
        let lambda = TestAuthorizer::answering(form).await;
        let (_, session) = lambda.mini().await;
        let mut denied = policy("anonymous", "Deny", "$default");
        denied["policyDocument"]["Statement"][0]["Resource"] = json!("*");
        for file in FILES {
            let text = whole(file, &session.token()).to_string();
            let is_2_0 = file == "request-2.0.json";
            for (fault, event) in broken(&text, "Bearer ") {
                let answer = lambda
                    .inner
                    .authorize(&event, "request-1", None, NOW)
                    .await
                    .unwrap();

                let what = format!("{file} {fault}");
                if simple && is_2_0 {
                    assert_eq!(answer, json!({ "isAuthorized": false }), "{what}");
                } else {
                    assert_eq!(answer, denied, "{what}");
                }
                let lines = lambda.logged();
                assert_eq!(lines.len(), 1, "{what}");
                assert_eq!(lines[0]["outcome"], "malformed", "{what}");
                assert!(lambda.requests().is_empty(), "{what}");
                lambda.faults.clear();
            }
        }
        for nothing in [&b""[..], b"{", b"\xee", b"[1e999]"] {
            let answer = lambda
                .inner
                .authorize(nothing, "request-1", None, NOW)
                .await
                .unwrap();
            assert_eq!(answer, denied);
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
