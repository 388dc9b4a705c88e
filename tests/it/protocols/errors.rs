use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message as _;
use serde_json::json;
use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::domain::Operation::CreateSession;
use sesame::domain::{Permission, UserState};
use sesame::error::Error;
use sesame::token::ServiceAccountToken;

use super::checks;
use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, ClientError, HOUR, Wire, framed, message_of};
use crate::support::faults;

const PROCEDURE_TYPES: &str = "application/json, application/proto, application/grpc, \
     application/grpc+proto, application/grpc-web, application/grpc-web+proto, \
     application/grpc-web-text, application/grpc-web-text+proto";

/// Sends a request by each protocol, and returns the fault, which is the same in all of them, and
/// the HTTP status of the JSON route.
async fn fault(
    app: &App,
    version: Version,
    request: &Create,
    token: &ServiceAccountToken,
) -> (ClientError, u16) {
    let mut faults = Vec::new();
    let mut http = 0;
    for wire in Wire::ALL {
        let client = Client::new(app).bearing(token.as_str()).over(wire, version);
        let answer = client.send(client.request(CreateSession, request)).await;
        // How many failed before, and how long a lock lasts from now on, differs from call to call.
        faults.push(ClientError {
            failed_attempts: None,
            retry_seconds: None,
            ..client.created(&answer).err().unwrap()
        });
        if wire == Wire::Json {
            http = answer.status.as_u16();
        }
    }
    assert!(faults.windows(2).all(|two| two[0] == two[1]), "{faults:?}");
    (faults.remove(0), http)
}

/// These are the errors of a create's checks. `create/checks.rs` tests when each one occurs.
#[tokio::test]
async fn each_error_is_the_same_status_in_all_protocols() {
    let app = App::with(&[("ACCESS", "token"), ("MAX_PASSWORD_ATTEMPTS", "100")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let mini = app.user("mini").await;
    let without = app.user_with_hash("without", None).await;
    let inactive = app.user("inactive").await;
    let set = app.store.set_user_state(&inactive, UserState::Inactive);
    set.await.unwrap();
    let name = mini.login_name.as_str();
    let mut no_user = checks(name, "x");
    no_user.checks.as_mut().unwrap().user = None;

    for (request, error) in [
        (checks("nobody@mouse.com", "x"), Error::UserNotFound),
        (checks(name, "wrong"), Error::PasswordInvalid(None)),
        (no_user, Error::UserMissing),
        (
            checks(without.login_name.as_str(), "x"),
            Error::PasswordNotSet,
        ),
        (
            checks(inactive.login_name.as_str(), PASSWORD),
            Error::UserNotActive,
        ),
    ] {
        let row = error.row();
        for version in Version::ALL {
            let want = ClientError {
                code: row.code.number.into(),
                message: format!("{} ({})", row.text, row.id.unwrap()),
                id: row.id.map(str::to_owned),
                ..ClientError::default()
            };
            let got = fault(&app, version, &request, &token).await;
            assert_eq!(got, (want, row.http.as_u16()), "{version:?}");
        }
    }
}

#[tokio::test]
async fn errors_of_decoding_and_authorisation_have_no_id() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let reader = app.service_account(&[Permission::SessionRead], HOUR).await;
    let unknown = ServiceAccountToken::generate().unwrap();
    let mut no_member = checks("x", "x");
    let check = no_member.checks.as_mut().unwrap();
    check.user.as_mut().unwrap().search = None;
    let many = Create {
        metadata: (0..65).map(|n| (n.to_string(), vec![1])).collect(),
        ..Create::default()
    };

    let long_name = checks(&"ä".repeat(201), "x");
    let too_long = "invalid login_name: must be 1 to 200 characters long";
    let neither = "invalid checks.user: must have a user_id or a login_name";
    let too_many = "invalid metadata: has more than 64 keys";
    let unauthenticated = "a valid bearer token is required";
    // This one alone has an id.
    let denied = "No matching permissions found (AUTH-5mWD2)";

    for (request, who, code, http, message) in [
        (long_name, &token, 3, 400, too_long),
        (no_member, &token, 3, 400, neither),
        (many, &token, 3, 400, too_many),
        (Create::default(), &unknown, 16, 401, unauthenticated),
        (Create::default(), &reader, 7, 403, denied),
    ] {
        let want = ClientError {
            code,
            message: message.to_owned(),
            id: (code == 7).then(|| "AUTH-5mWD2".to_owned()),
            ..ClientError::default()
        };
        let got = fault(&app, Version::V2, &request, who).await;
        assert_eq!(got, (want, http));
    }
}

/// The principal is a service account.
#[tokio::test]
async fn internal_errors_are_the_same_status_in_all_protocols() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&[Permission::SessionWrite]).await;
    // The service account is cached after this, so that the next request puts the session.
    client.create(&Create::default()).await.unwrap();

    for (befalls, code, http, retry) in [
        (
            faults::Fault::Answer(400, "ThrottlingException"),
            14,
            503,
            true,
        ),
        (
            faults::Fault::Answer(400, "AccessDeniedException"),
            13,
            500,
            false,
        ),
        (faults::Fault::Panic, 13, 500, false),
        (faults::Fault::Silence, 4, 504, false),
    ] {
        for wire in Wire::ALL {
            app.faults.clear();
            app.faults.inject(befalls.times(10).for_action("PutItem"));
            let client = client.over(wire, Version::V2);
            let mut request = client.request(CreateSession, &Create::default());
            request.context.budget = Some(Duration::from_millis(400));
            let answer = client.send(request).await;

            let fault = client.created(&answer).err().unwrap();
            let got = (fault.code, fault.id);
            // Retries may outlast the budget.
            if retry && fault.code == 4 {
                continue;
            }
            assert_eq!(got, (code, None), "{wire:?} {befalls:?}");
            if wire.speaks_http() {
                assert_eq!(answer.status, http, "{wire:?} {befalls:?}");
                assert_eq!(answer.headers.contains_key("retry-after"), retry);
            }
        }
    }
    app.faults.clear();
}

#[tokio::test]
async fn only_the_json_routes_answer_201() {
    let app = App::with(&[("CREATED_STATUS", "201")]).await;
    for wire in Wire::ALL {
        let client = Client::new(&app).over(wire, Version::V2);
        let request = client.request(CreateSession, &Create::default());
        let answer = client.send(request).await;
        let want = if wire == Wire::Json { 201 } else { 200 };
        assert_eq!(answer.status, want, "{wire:?}");
    }
}

#[tokio::test]
async fn a_locked_user_gets_the_same_error_in_all_protocols() {
    let app = App::with(&[("ACCESS", "token"), ("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let mini = app.user("mini").await;
    let wrong = checks(mini.login_name.as_str(), "wrong");
    let first = Client::new(&app)
        .bearing(token.as_str())
        .create(&wrong)
        .await;
    assert!(first.is_err());

    let (fault, http) = fault(&app, Version::V2, &wrong, &token).await;

    assert_eq!(fault.id.as_deref(), Some("COMMAND-JLK35"));
    assert_eq!((fault.code, http), (9, 400));
}

#[tokio::test]
async fn connect_has_http_statuses_of_its_own() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let anonymous = Client::new(&app).over(Wire::ConnectProto, Version::V2);
    let client = anonymous.bearing(token.as_str());
    let create = |request: &Create| client.request(CreateSession, request);
    let large = Create {
        metadata: BTreeMap::from([("key".to_owned(), vec![0; 262_144])]),
        ..Create::default()
    };
    let unbuilt = Create {
        checks: Some(v2::Checks {
            web_auth_n: Some(v2::CheckWebAuthN::default()),
            ..v2::Checks::default()
        }),
        ..Create::default()
    };
    let nobody = checks("nobody@mouse.com", "x");
    let mut get = create(&nobody);
    get.method = http::Method::GET;
    let mut other = create(&nobody);
    other
        .headers
        .insert("content-type", "text/plain".parse().unwrap());
    let mut version = create(&nobody);
    version
        .headers
        .insert("connect-protocol-version", "2".parse().unwrap());

    for (request, status, header) in [
        (create(&nobody), 404, None),
        // On the JSON routes, 413.
        (create(&large), 429, None),
        (create(&unbuilt), 501, None),
        (get, 405, Some(("allow", "POST"))),
        (other, 415, Some(("accept-post", PROCEDURE_TYPES))),
        (version, 400, None),
        (
            anonymous.request(CreateSession, &nobody),
            401,
            Some(("www-authenticate", "Bearer")),
        ),
    ] {
        let answer = app.send(request, NOW).await;
        assert_eq!(answer.status.as_u16(), status, "{:?}", answer.body);
        assert!(answer.json()["code"].is_string(), "{:?}", answer.body);
        if let Some((name, value)) = header {
            assert_eq!(answer.headers[name], value);
        }
    }
}

#[tokio::test]
async fn unsupported_checks_are_refused_by_name() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let asked = |name: &str| {
        let (part, member) = name.split_once('.').unwrap();
        let json = json!({ part: { member: {} } });
        let message = message_of("CreateSessionRequest", &json);
        Create::decode(&*message).unwrap()
    };

    let (all, first) = (&Version::ALL[..], &[Version::V2alpha][..]);
    for (name, versions) in [
        ("checks.web_auth_n", all),
        ("checks.idp_intent", all),
        ("checks.totp", first),
        ("checks.otp_sms", first),
        ("checks.otp_email", first),
        ("challenges.web_auth_n", all),
        ("challenges.otp_sms", first),
        ("challenges.otp_email", first),
    ] {
        let request = asked(name);
        for &version in versions {
            let (fault, http) = fault(&app, version, &request, &token).await;
            assert_eq!((fault.code, http), (12, 501), "{name}");
            assert_eq!(fault.message, format!("{name} is not supported"));
        }
    }
}

#[tokio::test]
async fn a_call_that_does_not_exist_is_unimplemented() {
    let app = App::start().await;
    for wire in Wire::ALL.into_iter().filter(|wire| *wire != Wire::Json) {
        for path in [
            "/zitadel.session.v2.SessionService/NoSuchCall",
            "/zitadel.session.v9.SessionService/CreateSession",
            "/another.Service/Call",
        ] {
            let client = Client::new(&app).over(wire, Version::V2);
            let mut request = client.raw("", framed(b""));
            path.clone_into(&mut request.path);
            let answer = client.send(request).await;
            let fault = client.created(&answer).err().unwrap();
            assert_eq!(fault.code, 12, "{wire:?} {path}");
            let http = if wire.speaks_http() { 501 } else { 200 };
            assert_eq!(answer.status, http, "{wire:?} {path}");
        }
    }
}
