//! How the body of a create is read as proto3 JSON.

use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use sesame::domain::Metadata;

use crate::support::app::{App, NOW, header, post};

#[tokio::test]
async fn a_body_is_read_as_proto3_json_or_refused() {
    let app = App::start().await;
    let long = |length: usize| "ä".repeat(length);
    let user = |user: &str| format!(r#"{{"checks":{{"user":{user}}}}}"#);
    let metadata = |value: &str| format!(r#"{{"metadata":{{"key":{value}}}}}"#);

    for (body, good) in [
        // An empty message.
        (String::new(), true),
        (" \r\n\t".to_owned(), true),
        ("{}".to_owned(), true),
        (" {} \n".to_owned(), true),
        // Unknown fields and null.
        (
            r#"{"unknown":{"a":[1,{"b":null}]},"checks":{"more":null},"metadata":null}"#.to_owned(),
            true,
        ),
        (r#"{"checks":null}"#.to_owned(), true),
        (
            r#"{"checks":{"user":null,"password":null}}"#.to_owned(),
            true,
        ),
        // A body that is no object.
        ("null".to_owned(), false),
        ("[]".to_owned(), false),
        ("1".to_owned(), false),
        (r#""text""#.to_owned(), false),
        ("true".to_owned(), false),
        // Not JSON.
        ("{".to_owned(), false),
        (r#"{"checks":{"user""#.to_owned(), false),
        ("{'checks':{}}".to_owned(), false),
        ("\u{feff}{}".to_owned(), false),
        ("{}{}".to_owned(), false),
        ("{} x".to_owned(), false),
        ("{},".to_owned(), false),
        (r#"{"a":"\ud800"}"#.to_owned(), false),
        (r#"{"\udc00":1}"#.to_owned(), false),
        (format!("{}{}", "[".repeat(1000), "]".repeat(1000)), false),
        // A name twice.
        (r#"{"checks":{},"checks":{}}"#.to_owned(), false),
        (r#"{"checks":null,"checks":{}}"#.to_owned(), false),
        (r#"{"x":1,"x":1}"#.to_owned(), false),
        (r#"{"x":[{"y":1,"y":1}]}"#.to_owned(), false),
        (r#"{"metadata":{"a":"","a":""}}"#.to_owned(), false),
        (user(r#"{"loginName":"a","login_name":"a"}"#), false),
        (user(r#"{"loginName":"a","login\u004eame":"a"}"#), false),
        (user(r#"{"userId":"a","user_id":null}"#), false),
        // Another type.
        (r#"{"checks":[]}"#.to_owned(), false),
        (r#"{"checks":""}"#.to_owned(), false),
        (r#"{"metadata":[]}"#.to_owned(), false),
        (user("1"), false),
        (user(r#"{"loginName":1}"#), false),
        (user(r#"{"userId":{}}"#), false),
        (user(r#"{"userId":true}"#), false),
        (r#"{"checks":{"password":"x"}}"#.to_owned(), false),
        (
            r#"{"checks":{"password":{"password":1}}}"#.to_owned(),
            false,
        ),
        // Limits.
        (user("{}"), false),
        (user(r#"{"loginName":""}"#), false),
        (user(&format!(r#"{{"loginName":"{}"}}"#, long(201))), false),
        (user(&format!(r#"{{"userId":"{}"}}"#, long(201))), false),
        (r#"{"checks":{"password":{}}}"#.to_owned(), false),
        (
            r#"{"checks":{"password":{"password":""}}}"#.to_owned(),
            false,
        ),
        (
            format!(
                r#"{{"checks":{{"password":{{"password":"{}"}}}}}}"#,
                long(201)
            ),
            false,
        ),
        // Metadata.
        (metadata("null"), false),
        (metadata("1"), false),
        (metadata("{}"), false),
        (metadata(r#""not base64!""#), false),
        (metadata(r#""A""#), false),
        (metadata(r#""+-_/""#), false),
        (metadata(r#""-_==x""#), false),
        (r#"{"metadata":{"":"AA=="}}"#.to_owned(), false),
        (metadata(r#""AP8B""#), true),
        (metadata(r#""AP8=""#), true),
        (metadata(r#""AP8""#), true),
        (metadata(r#""-_8""#), true),
        (metadata(r#""+/8=""#), true),
    ] {
        let answer = app.send(post(body.clone()), NOW).await;
        let want = if good {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        assert_eq!(answer.status, want, "{body}");
        if !good {
            assert_eq!(answer.json()["code"], 3, "{body}");
            assert_eq!(answer.json().get("details"), None, "{body}");
        }
    }
}

#[tokio::test]
async fn fields_of_later_versions_are_read_as_proto3_json() {
    let app = App::start().await;
    let checks = |checks: &str| format!(r#"{{"checks":{{{checks}}}}}"#);

    for (body, status) in [
        (r#"{"lifetime":"60s"}"#.to_owned(), 200),
        (
            r#"{"lifetime":null,"userAgent":null,"challenges":null}"#.to_owned(),
            200,
        ),
        (r#"{"lifetime":60}"#.to_owned(), 400),
        (r#"{"lifetime":"1h"}"#.to_owned(), 400),
        (r#"{"lifetime":"-1s"}"#.to_owned(), 400),
        (r#"{"lifetime":{}}"#.to_owned(), 400),
        (r#"{"userAgent":{}}"#.to_owned(), 200),
        (
            r#"{"user_agent":{"fingerprint_id":"f","ip":"i","x":1}}"#.to_owned(),
            200,
        ),
        (r#"{"user_agent":{},"userAgent":{}}"#.to_owned(), 400),
        (r#"{"userAgent":[]}"#.to_owned(), 400),
        (r#"{"userAgent":{"ip":1}}"#.to_owned(), 400),
        (
            r#"{"userAgent":{"fingerprintId":"a","fingerprint_id":"a"}}"#.to_owned(),
            400,
        ),
        (
            r#"{"userAgent":{"header":{"a":{"values":["b",""]}}}}"#.to_owned(),
            200,
        ),
        (r#"{"userAgent":{"header":{"a":{}}}}"#.to_owned(), 200),
        (r#"{"userAgent":{"header":{"a":null}}}"#.to_owned(), 400),
        (r#"{"userAgent":{"header":{"":{}}}}"#.to_owned(), 400),
        (
            r#"{"userAgent":{"header":{"a":{"values":[1]}}}}"#.to_owned(),
            400,
        ),
        (
            r#"{"userAgent":{"header":{"a":{"values":[null]}}}}"#.to_owned(),
            400,
        ),
        (
            r#"{"userAgent":{"header":{"a":{"values":"b"}}}}"#.to_owned(),
            400,
        ),
        (r#"{"userAgent":{"header":[]}}"#.to_owned(), 400),
        (
            format!(r#"{{"userAgent":{{"ip":"{}"}}}}"#, "x".repeat(16_385)),
            400,
        ),
        (r#"{"challenges":{}}"#.to_owned(), 200),
        (r#"{"challenges":[]}"#.to_owned(), 400),
        (
            r#"{"challenges":["CHALLENGE_KIND_PASSKEY"]}"#.to_owned(),
            501,
        ),
        (
            r#"{"challenges":{"webAuthN":{"domain":"x"}}}"#.to_owned(),
            501,
        ),
        (r#"{"challenges":{"otp_sms":{}}}"#.to_owned(), 501),
        (checks(r#""totp":{"code":"1"}"#), 501),
        (checks(r#""totp":null"#), 200),
        (checks(r#""totp":1"#), 400),
        (checks(r#""webAuthN":{},"web_auth_n":{}"#), 400),
        (checks(r#""web_auth_n":{}"#), 501),
        (checks(r#""idpIntent":{}"#), 501),
        (checks(r#""otpSms":{}"#), 501),
        (checks(r#""otp_email":{}"#), 501),
        (checks(r#""recoveryCode":{"code":"1"}"#), 501),
        (checks(r#""recovery_code":{}"#), 501),
        (checks(r#""noSuchCheck":{}"#), 501),
        (checks(r#""noSuchCheck":1"#), 501),
        (checks(r#""noSuchCheck":null"#), 200),
        (r#"{"challenges":{"noSuchChallenge":[]}}"#.to_owned(), 501),
        (r#"{"challenges":{"noSuchChallenge":null}}"#.to_owned(), 200),
        (
            r#"{"checks":{"user":{"userId":"nobody","more":1},"password":{"password":"x","more":{}}}}"#.to_owned(),
            400,
        ),
    ] {
        for version in ["v2beta", "v2"] {
            let mut request = post(body.clone());
            request.path = format!("/{version}/sessions");
            let answer = app.send(request, NOW).await;
            assert_eq!(answer.status.as_u16(), status, "{body}");
        }
        // v2alpha knows checks and challenges; all else is unknown to it.
        let answer = app.send(post(body.clone()), NOW).await;
        let is_asked = body.contains("checks") || body.contains("challenges");
        let want = if is_asked { status } else { 200 };
        assert_eq!(answer.status.as_u16(), want, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_refused() {
    let app = App::start().await;

    for body in [
        &b"{\"a\":\"\xff\"}"[..],
        b"\xff\xfe{\0}\0",
        b"{\"\xc0\x80\":1}",
    ] {
        let answer = app.send(post(body), NOW).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
    }
}

#[tokio::test]
async fn names_of_200_code_points_are_looked_up() {
    let app = App::start().await;

    for name in ["a".repeat(200), "🐭".repeat(200)] {
        let checks = json!({ "user": { "loginName": name }, "password": { "password": name } });
        let answer = app.client().create_json(&json!({ "checks": checks })).await;
        assert_eq!(answer.outcome(), "COMMAND-3M0fs", "{name}");
    }
}

#[tokio::test]
async fn base64_is_read_in_both_alphabets_and_with_any_padding() {
    let app = App::start().await;

    for value in ["+/8=", "+/8", "-_8=", "-_8"] {
        let answer = app
            .client()
            .create_json(&json!({ "metadata": { "key": value } }))
            .await;
        let want = Metadata::parse([("key".to_owned(), vec![0xfb, 0xff])].into()).unwrap();
        assert_eq!(app.stored(&answer).await.metadata, want, "{value}");
    }
}

#[tokio::test]
async fn metadata_has_limits() {
    let app = App::start().await;
    let keys = |count: usize| -> Value {
        (0..count)
            .map(|n| (n.to_string(), Value::from("AA==")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let size = |bytes: usize| json!({ "key": "AAAA".repeat(bytes / 3) });

    for (name, metadata, status) in [
        ("64 keys", keys(64), 200),
        ("65 keys", keys(65), 400),
        ("a little under 64 KiB", size(65_532), 200),
        ("a little over", size(65_535), 400),
    ] {
        let answer = app
            .client()
            .create_json(&json!({ "metadata": metadata }))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn other_protocols_are_not_read_as_json() {
    let app = App::start().await;

    for (content_type, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/plain", 200),
        ("application/grpc", 415),
        ("application/grpc-web+proto", 415),
        ("application/proto", 415),
    ] {
        let answer = app
            .send(header(post("{}"), "content-type", content_type), NOW)
            .await;
        assert_eq!(answer.status.as_u16(), status, "{content_type}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[A-Za-z0-9+/=_-]{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            "checks", "user", "password", "userId", "user_id", "loginName", "login_name", "metadata",
        ])
        .prop_map(str::to_owned),
        1 => ".{0,4}",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|entries| entries
                .into_iter()
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

/// Sends bodies one after another, so that all cases of a property share a database.
fn statuses(bodies: Vec<Vec<u8>>) -> Vec<u16> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = App::start().await;
        let mut statuses = Vec::new();
        for body in bodies {
            statuses.push(app.send(post(body), NOW).await.status.as_u16());
        }
        statuses
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_body_causes_a_5xx(
        bytes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 8),
        trees in prop::collection::vec(any_json(), 24),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bodies = bytes;
        for tree in trees {
            let text = tree.to_string().into_bytes();
            bodies.push(text[..cut.index(text.len() + 1)].to_vec());
            bodies.push(text);
        }
        for status in statuses(bodies) {
            // An unknown member of checks is 501.
            prop_assert!([200, 400, 401, 501].contains(&status), "{status}");
        }
    }
}
