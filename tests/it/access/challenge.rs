//! The `WWW-Authenticate` challenge for a bearer token, as in RFC 6750.

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::json;
use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest;
use sesame::domain::Operation::{CreateSession, DeleteSession};
use sesame::domain::Permission;

use crate::support::app::{App, header};
use crate::support::client::{Client, HOUR, Wire};

/// gRPC has no challenge: its answers are no HTTP errors, and its clients read the code alone.
#[tokio::test]
async fn each_protocol_with_http_errors_says_what_is_wrong_with_a_token() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let reader = app.service_account(&[Permission::SessionRead], HOUR).await;
    let reader = format!("Bearer {}", reader.as_str());

    for (authorization, code, want) in [
        (None, 16, "Bearer"),
        (Some("Basic bWluaTptb3VzZQ=="), 16, "Bearer"),
        (Some("Bearer"), 16, "Bearer"),
        (
            Some("Bearer stub-pat"),
            16,
            "Bearer error=\"invalid_token\"",
        ),
        (Some(&*reader), 7, "Bearer error=\"insufficient_scope\""),
    ] {
        for (wire, version) in Wire::with_versions() {
            let client = Client::new(&app).over(wire, version);
            let mut request = client.request(CreateSession, &CreateSessionRequest::default());
            if let Some(authorization) = authorization {
                request = header(request, "authorization", authorization);
            }
            let answer = client.send(request).await;

            let is_http = matches!(wire, Wire::Json | Wire::ConnectJson | Wire::ConnectProto);
            let want = is_http.then_some(want);
            let found = answer.headers.get(WWW_AUTHENTICATE);
            let found = found.map(|challenge| challenge.to_str().unwrap());
            assert_eq!(found, want, "{wire:?} {version:?} {authorization:?}");
            let fault = client.created(&answer).err().unwrap();
            assert_eq!(fault.code, code, "{wire:?}");
        }
    }
}

/// A session token in a message is no bearer token, so the body alone says that it is wrong.
#[tokio::test]
async fn a_wrong_session_token_gets_no_bearer_challenge() {
    let app = App::start().await;
    let created = app.client().create_json(&json!({})).await;
    let other = app.client().create_json(&json!({})).await;
    let body = json!({ "sessionId": created.id(), "sessionToken": other.token() });

    let answer = app.client().call_json(DeleteSession, body).await;

    assert_eq!(answer.outcome(), "COMMAND-sGr42");
    assert!(!answer.headers.contains_key(WWW_AUTHENTICATE));
}

/// Even where nobody has to be authenticated: a proxy may have looked at another value.
#[tokio::test]
async fn several_authorization_headers_are_refused_in_each_protocol() {
    let app = App::with(&[("ACCESS", "public")]).await;
    let token = app.service_account(&Permission::ALL, HOUR).await;
    let bearer = format!("Bearer {}", token.as_str());
    let basic = "Basic bWluaTptb3VzZQ==";

    for (values, is_refused) in [
        (&[][..], false),
        (&[&*bearer], false),
        (&[basic], false),
        (&[&*bearer, &*bearer], true),
        (&[&*bearer, basic], true),
        (&[basic, &*bearer], true),
        (&[basic, basic], true),
    ] {
        for wire in Wire::ALL {
            let client = Client::new(&app).over(wire, Version::V2);
            let mut request = client.request(CreateSession, &CreateSessionRequest::default());
            for value in values {
                request
                    .headers
                    .append(AUTHORIZATION, value.parse().unwrap());
            }
            let answer = client.send(request).await;

            let created = client.created(&answer);
            assert_eq!(created.is_err(), is_refused, "{wire:?} {values:?}");
            if let Err(error) = created {
                assert_eq!(error.code, 16, "{wire:?} {values:?}");
            }
        }
    }
}
