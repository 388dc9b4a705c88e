use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::domain::{Permission, SessionId};
use sesame::transport::lambda::event::Event;

use crate::support::app::{App, NOW, event, header};
use crate::support::client::Wire;
use crate::support::client::{Client, HOUR, code};

#[tokio::test]
async fn an_unknown_session_is_not_found() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let reader = app.service(&[Permission::SessionRead]).await;
    for wire in Wire::ALL {
        let client = reader.by(wire);
        for (id, want) in [
            (SessionId::generate().to_string(), "QUERY-SFeaa"),
            ("000000000000000000".to_owned(), "QUERY-SFeaa"),
            ("../sessions".to_owned(), "QUERY-SFeaa"),
            ("ä".repeat(200), "QUERY-SFeaa"),
            ("a".repeat(201), "code 3"),
        ] {
            for token in [None, Some(""), Some("x")] {
                let got = client.get(&id, token).await;
                assert_eq!(code(&got), want, "{wire:?} {id} {token:?}");
            }
            let want = match want {
                "code 3" => want,
                // A text that is no UUID is no session's id.
                _ if uuid::Uuid::try_parse(&id).is_err() => "COMMAND-Flk38",
                _ => "ok",
            };
            let deleter = app
                .service_account(&[Permission::SessionDelete], HOUR)
                .await;
            let client = client.bearing(deleter.as_str());
            let gone = client.delete(&id, None).await;
            assert_eq!(code(&gone), want, "{wire:?} {id}");
            if let Ok(gone) = gone {
                let details = gone.details.unwrap();
                assert_eq!((details.sequence, details.change_date), (0, None));
                assert_eq!(details.resource_owner, "69629023906488334");
            }
        }
    }
}

/// Clients may write UUIDs in capitals in all calls.
#[tokio::test]
async fn an_id_is_read_in_either_case() {
    let app = App::start().await;
    for wire in Wire::ALL {
        for version in sesame::api::Version::ALL {
            let client = Client::new(&app).over(wire, version);
            let created = client.create(&Create::default()).await.unwrap();
            let (id, token) = (created.session_id.to_uppercase(), &*created.session_token);
            let got = client.get(&id, Some(token)).await.unwrap();
            assert_eq!(got.id, created.session_id, "{wire:?}");
            let upper = sesame::api::proto::zitadel::session::v2::CreateSessionResponse {
                session_id: id.clone(),
                ..created.clone()
            };
            let changed = client
                .set(&crate::support::client::noting(&upper))
                .await
                .unwrap();
            let token = &*changed.session_token;
            // A wrong token is refused, in whichever case the id is written.
            for id in [&id, &created.session_id] {
                let wrong = client.delete(id, Some("x")).await;
                assert_eq!(code(&wrong), "COMMAND-sGr42", "{wire:?}");
            }
            assert_eq!(code(&client.delete(&id, Some(token)).await), "ok");
            let gone = client.get(&created.session_id, Some(token)).await;
            assert_eq!(code(&gone), "QUERY-SFeaa", "{wire:?} {version:?}");
        }
    }
}

/// The path and the body may write the id in different cases.
#[tokio::test]
async fn an_id_in_the_body_must_be_that_of_the_path_in_either_case() {
    let app = App::start().await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let other = client.create(&Create::default()).await.unwrap();
    let id = &*created.session_id;
    let upper = id.to_uppercase();
    for (method, path, body, want) in [
        ("PATCH", &*upper, id, "ok"),
        ("PATCH", id, &*upper, "ok"),
        ("PATCH", id, &*other.session_id, "code 3"),
        ("PATCH", id, "x", "code 3"),
        ("PATCH", "x", "X", "code 3"),
        ("DELETE", id, &*other.session_id, "code 3"),
        ("DELETE", &*upper, id, "ok"),
    ] {
        let token = &created.session_token;
        let json = serde_json::json!({ "sessionId": body, "sessionToken": token });
        let mut request = crate::support::app::post(json.to_string());
        request.method = method.parse().unwrap();
        request.path = format!("/v2/sessions/{path}");
        let answer = app.send(request, client.now).await;
        assert_eq!(answer.outcome(), want, "{method} {path} {body}");
    }
}

/// An event of each kind of gateway gets a session, with its token in the query.
#[tokio::test]
async fn the_query_of_each_kind_of_event_is_read() {
    let app = App::start().await;
    let created = Client::new(&app).create(&Create::default()).await.unwrap();
    let path = format!("/v2/sessions/{}", created.session_id);
    // One character is percent-encoded.
    let encoded = created.session_token.replace('-', "%2D");

    for (name, change) in [
        (
            "create-session.json",
            in_http as fn(&mut serde_json::Value, &str, &str, &str),
        ),
        ("create-session-rest.json", in_rest),
        ("create-session-alb.json", in_single),
        ("create-session-alb-multi.json", in_multiple),
    ] {
        let mut event: serde_json::Value = serde_json::from_str(&event(name)).unwrap();
        change(&mut event, &path, &created.session_token, &encoded);
        let request = Event::read(event.to_string().as_bytes()).request().unwrap();

        let answer = app.send(header(request, "x-of", name), NOW).await;

        assert_eq!(answer.status, 200, "{name}: {:?}", answer.body);
        assert_eq!(answer.json()["session"]["id"], *created.session_id);
    }
}

fn in_http(event: &mut serde_json::Value, path: &str, _: &str, encoded: &str) {
    event["rawPath"] = path.into();
    event["rawQueryString"] = format!("a=b&sessionToken={encoded}").into();
    event["requestContext"]["http"]["method"] = "GET".into();
}

/// Puts the decoded token into an event of a REST API.
fn in_rest(event: &mut serde_json::Value, path: &str, token: &str, _: &str) {
    event["path"] = path.into();
    event["httpMethod"] = "GET".into();
    event["queryStringParameters"] = serde_json::json!({ "sessionToken": token });
    event["multiValueQueryStringParameters"] = serde_json::json!({ "sessionToken": [token] });
}

fn in_single(event: &mut serde_json::Value, path: &str, _: &str, encoded: &str) {
    event["path"] = path.into();
    event["httpMethod"] = "GET".into();
    event["queryStringParameters"] = serde_json::json!({ "sessionToken": encoded });
}

fn in_multiple(event: &mut serde_json::Value, path: &str, _: &str, encoded: &str) {
    event["path"] = path.into();
    event["httpMethod"] = "GET".into();
    event["multiValueQueryStringParameters"] = serde_json::json!({ "sessionToken": [encoded] });
}
