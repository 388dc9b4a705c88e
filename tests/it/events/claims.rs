//! Which principals and permissions the claims of a gateway's authorizer give.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{body, invoke};
use crate::support::app::{App, event};

/// Puts claims into an event as payload 2.0 of an HTTP API has them.
fn of_2_0(claims: &Value, scopes: &Value) -> String {
    let mut event: Value = serde_json::from_str(&event("create-session-jwt.json")).unwrap();
    event["requestContext"]["authorizer"]["jwt"] = json!({ "claims": claims, "scopes": scopes });
    event["body"] = json!("{}");
    event.to_string()
}

/// Puts claims into an event of payload 1.0, behind a named stage.
fn of_1_0(claims: &Value, scopes: &Value) -> String {
    let mut event: Value = serde_json::from_str(&event("create-session-rest.json")).unwrap();
    event["version"] = json!("1.0");
    event["path"] = json!("/prod/v2alpha/sessions");
    event["requestContext"]["authorizer"] = json!({ "claims": claims, "scopes": scopes });
    event["body"] = json!("{}");
    event.to_string()
}

/// Puts claims into an event of a REST API with a Cognito authorizer.
fn of_rest(claims: &Value, _: &Value) -> String {
    let mut event: Value = serde_json::from_str(&event("create-session-rest.json")).unwrap();
    event["requestContext"]["authorizer"] = json!({ "claims": claims });
    event["body"] = json!("{}");
    event.to_string()
}

/// Makes an event of claims and scopes.
type Payload = fn(&Value, &Value) -> String;

const PAYLOADS: [(&str, Payload); 3] = [("2.0", of_2_0), ("1.0", of_1_0), ("REST", of_rest)];

#[tokio::test]
async fn a_jwt_names_its_issuer_and_a_subject_or_a_client() {
    let app = App::with(&[("ACCESS", "authenticated")]).await;
    let mut creators = BTreeSet::new();
    let good = [
        json!({ "iss": "https://one.example", "sub": "42" }),
        json!({ "iss": "https://two.example", "sub": "42" }),
        json!({ "iss": "https://one.example", "client_id": "42" }),
        json!({ "iss": "https://one.example sub", "sub": "42" }),
        json!({ "iss": "https://one.example", "sub": "sub 42" }),
        json!({
            "iss": "https://one.example", "sub": "43", "exp": 1_795_367_364, "aud": ["a", "b"],
            "email_verified": true, "address": { "country": "DE" }, "nickname": null,
        }),
    ];
    let bad = [
        json!({}),
        json!({ "sub": "42" }),
        json!({ "client_id": "42" }),
        json!({ "iss": "https://one.example" }),
        json!({ "iss": "https://one.example", "sub": "" }),
        json!({ "iss": "", "sub": "42" }),
        json!({ "iss": "https://one.example", "sub": 42 }),
        json!({ "iss": "https://one.example", "sub": 42, "client_id": "42" }),
        json!({ "iss": ["https://one.example"], "sub": "42" }),
    ];
    for (payload, event) in PAYLOADS {
        for claims in &good {
            let answer = invoke(&app, &event(claims, &json!(null))).await;
            assert_eq!(answer["statusCode"], 200, "{payload} {claims}: {answer}");
            let id = body(&answer)["sessionId"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            creators.insert(app.store.get_session(id).await.unwrap().unwrap().creator);
        }
        for claims in &bad {
            let answer = invoke(&app, &event(claims, &json!(null))).await;
            assert_eq!(answer["statusCode"], 401, "{payload} {claims}: {answer}");
            assert_eq!(body(&answer)["code"], 16);
        }
    }
    // Each principal is the same in each payload.
    assert_eq!(creators.len(), good.len(), "{creators:?}");
    assert!(creators.contains("jwt:https://one.example sub 42"));
}

#[tokio::test]
async fn a_jwts_scopes_grant_permissions_behind_the_prefix() {
    let access = ("ACCESS", "token");
    let with_prefix = &[access, ("SCOPE_PREFIX", "https://api.example/")][..];
    let without = &[access][..];
    for (settings, scope, want) in [
        (without, "session.write", 200),
        (without, "openid session.write", 200),
        (without, "[openid session.write]", 200),
        (without, "openid,session.write", 403),
        (without, "session.read", 403),
        (without, "https://api.example/session.write", 403),
        (with_prefix, "openid https://api.example/session.write", 200),
        (with_prefix, "[https://api.example/session.write]", 200),
        (with_prefix, "session.write", 403),
        (with_prefix, "https://other.example/session.write", 403),
    ] {
        let app = App::with(settings).await;
        let claims = json!({ "iss": "https://one.example", "sub": "42", "scope": scope });
        for (payload, event) in PAYLOADS {
            let answer = invoke(&app, &event(&claims, &json!(null))).await;
            assert_eq!(answer["statusCode"], want, "{payload} {scope}: {answer}");
        }
        let claims = json!({ "iss": "https://one.example", "sub": "42" });
        let scopes = scope.trim_matches(['[', ']']).split(' ');
        let scopes = json!(scopes.collect::<Vec<_>>());
        for event in [of_2_0, of_1_0] {
            let answer = invoke(&app, &event(&claims, &scopes)).await;
            assert_eq!(answer["statusCode"], want, "{scopes}: {answer}");
        }
    }
}

/// The other claims may have any value.
#[tokio::test]
async fn other_claims_do_not_keep_a_bearer_out() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let claims = json!({
        "iss": "https://one.example", "sub": "42", "scope": "session.write", "other": "OTHER",
    });
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for other in ["1e999", "-0", "1e-999", "{\"a\":{}}", "\"\\ud800\"", &deep] {
        for (payload, event) in PAYLOADS {
            let event = event(&claims, &json!(null)).replace("\"OTHER\"", other);
            let answer = invoke(&app, &event).await;
            assert_eq!(answer["statusCode"], 200, "{payload} {other}: {answer}");
        }
    }
}

#[tokio::test]
async fn only_the_claims_of_a_jwt_authorizer_are_trusted() {
    let app = App::with(&[("ACCESS", "authenticated")]).await;
    let claims = json!({ "iss": "https://one.example", "sub": "42", "scope": "session.write" });
    let jwt = json!({ "claims": claims });
    let bent = |file: &str, place: &str, value: Value| {
        let mut event: Value = serde_json::from_str(&event(file)).unwrap();
        let (parent, name) = place.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[name] = value;
        event.to_string()
    };
    let authorizer = "/requestContext/authorizer";

    let http = |place: &str, value| bent("create-session.json", place, value);
    let rest = |value| bent("create-session-rest.json", authorizer, value);
    let balancer = |place: &str, value| bent("create-session-alb.json", place, value);
    let context = json!({ "authorizer": { "jwt": jwt } }).to_string();
    let beside = json!({ "iss": "i", "sub": "s", "scope": "session.write", "claims": "{}" });
    for event in [
        http(authorizer, json!({ "lambda": jwt })),
        http(authorizer, jwt.clone()),
        http(authorizer, json!({ "iam": jwt })),
        http(authorizer, json!("x")),
        http("/authorizer", json!({ "jwt": jwt })),
        http("/headers/authorizer", json!(jwt.to_string())),
        rest(json!({ "jwt": jwt })),
        rest(claims.clone()),
        rest(beside),
        rest(json!(null)),
        rest(json!({ "claims": null, "scopes": null })),
        rest(json!({ "claims": claims, "principalId": "x" })),
        balancer(authorizer, json!({ "jwt": jwt })),
        balancer(authorizer, jwt.clone()),
        balancer("/headers/x-amzn-request-context", json!(context)),
        balancer("/headers/x-amzn-oidc-data", json!("x")),
    ] {
        let answer = invoke(&app, &event).await;
        assert_eq!(answer["statusCode"], 401, "{event}: {answer}");
        assert!(answer.to_string().contains("\"Bearer\""), "{answer}");
    }
}
