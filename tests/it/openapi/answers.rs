//! Answers: to the examples, and to what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sesame::api::schema::{Procedure, ROUTES, Route};
use sesame::api::{Protocol, Request, Version};
use sesame::domain::Operation as Rpc;
use sesame::domain::SessionId;
use sesame::error::{self, ApiSide, Error};

use super::{calls, factor_errors, setting_errors, user_errors, web_authn_errors};
use crate::support::app::{App, NOW, post};
use crate::support::openapi::document::{
    Header, KEY, Operation, fields, on_sessions, operations, with_body,
};
use crate::support::openapi::schema::conforms;
use crate::support::openapi::{Mini, password_check};

#[test]
fn the_readmes_call_is_an_example() {
    let readme = include_str!("../../../README.md");
    let call = readme.lines().find(|line| line.starts_with("curl -L"));
    let body = call.unwrap().split("--data-raw '").nth(1).unwrap();
    let body: Value = serde_json::from_str(body.trim_end_matches('\'')).unwrap();

    for operation in with_body().filter(|operation| operation.rpc == Rpc::CreateSession) {
        let examples = operation.request_examples();
        assert!(examples.contains(&&body), "{}", operation.path);
    }
}

/// The fields of replies that only sessions with second factors have; the tests of these have them.
const OF_SECOND_FACTORS: [&str; 6] = [
    "challenges",
    "totp",
    "otpSms",
    "otpEmail",
    "recoveryCode",
    "webAuthN",
];

/// Checks that an answer's headers are as documented, and that no others are sent.
pub fn check_headers(documented: &BTreeMap<String, Header>, headers: &HeaderMap) {
    for (name, value) in headers {
        if name == CONTENT_TYPE {
            assert_eq!(value, "application/json");
            continue;
        }
        let text = value.to_str().unwrap();
        let value = text
            .parse::<u64>()
            .map_or_else(|_| json!(text), Value::from);
        let header = documented.get(name.as_str());
        let header = header.unwrap_or_else(|| panic!("{name} is not documented"));
        assert!(conforms(&header.schema, &value, true), "{name}: {text}");
    }
    for (name, header) in documented {
        assert!(!header.always || headers.contains_key(name), "no {name}");
    }
}

/// A create of a session with all that a session may have.
fn session() -> Value {
    let mut session = password_check();
    session["metadata"] = json!({ "device": "a2l0Y2hlbg==" });
    session["lifetime"] = json!("3600s");
    session["userAgent"] = json!({
        "fingerprintId": "kitchen",
        "ip": "192.0.2.7",
        "description": "",
        "header": { "accept-language": { "values": ["de"] } },
    });
    session
}

/// The examples of an operation's requests, or an empty one where it takes none.
pub fn examples(operation: &Operation) -> Vec<Value> {
    if !operation.takes_body() {
        return vec![json!({})];
    }
    let examples = operation.request_examples().into_iter().cloned();
    let examples: Vec<_> = examples.collect();
    let schema = operation.request_schema();
    for example in &examples {
        assert!(conforms(schema, example, true), "{example}");
    }
    examples
}

#[tokio::test]
async fn examples_are_accepted_and_answered_as_documented() {
    for created in [200, 201] {
        let settings = [("CREATED_STATUS", &*created.to_string())];
        let mini = Mini::with_app(App::with(&settings).await).await;

        for operation in on_sessions() {
            let is_create = operation.rpc == Rpc::CreateSession;
            let status = if is_create { created } else { 200 };
            let schema = operation.response_schema(status);
            let mut answers = Vec::new();
            for example in examples(&operation) {
                let body = example.to_string();
                let answer = mini
                    .request_for(&session(), &operation, body, |request| request)
                    .await;

                let body = answer.json();
                assert_eq!(answer.status.as_u16(), status, "{example}: {body}");
                assert!(conforms(schema, &body, true), "{example}: {body}");
                check_headers(&operation.headers(status), &answer.headers);
                answers.push(body);
            }
            let shown = operation.response_examples(status);
            assert!(shown.iter().all(|example| conforms(schema, example, true)));
            for (path, field) in fields(schema) {
                // The user of the examples has no second factors.
                if path.iter().any(|name| OF_SECOND_FACTORS.contains(name)) {
                    continue;
                }
                let told = field["description"].as_str().unwrap();
                if told.contains("Left out of a session") {
                    assert!(!shown.iter().any(|one| has(one, &path)), "{path:?}");
                    assert!(!answers.iter().any(|one| has(one, &path)), "{path:?}");
                    continue;
                }
                let has = |example: &Value| has(example, &path);
                assert!(shown.iter().any(|one| has(one)), "no example has {path:?}");
                assert!(answers.iter().any(has), "no answer has {path:?}");
            }
        }
    }
}

/// Whether a value has a field, which may stand under any key of a map.
pub fn has(value: &Value, path: &[&str]) -> bool {
    let Some((name, rest)) = path.split_first() else {
        return true;
    };
    match value {
        Value::Object(map) if *name == KEY => map.values().any(|inner| has(inner, rest)),
        Value::Array(list) => list.iter().any(|inner| has(inner, rest)),
        other => other.get(name).is_some_and(|inner| has(inner, rest)),
    }
}

#[tokio::test]
async fn a_session_that_is_gone_is_answered_as_documented() {
    let mini = Mini::start().await;

    let gone = operations().into_iter();
    for operation in gone.filter(|operation| operation.rpc == Rpc::DeleteSession) {
        let mut request = post("{}");
        request.method = operation.method.clone();
        let id = SessionId::generate().to_string();
        request.path = operation.path.replace("{session_id}", &id);
        let answer = mini.send_as_is(request).await.json();

        let examples = operation.response_examples(200);
        assert!(examples.contains(&&answer), "no example is {answer}");
        assert!(conforms(operation.response_schema(200), &answer, true));
    }
}

#[tokio::test]
async fn an_empty_list_is_answered_as_documented() {
    let mini = Mini::start().await;

    let lists = operations().into_iter();
    for operation in lists.filter(|operation| operation.rpc == Rpc::ListSessions) {
        let mut answer = mini
            .send(&operation, &json!({ "queries": [{}] }))
            .await
            .json();

        assert!(conforms(operation.response_schema(200), &answer, true));
        let examples = operation.response_examples(200);
        let none = examples.iter().find(|one| one.get("sessions").is_none());
        let at = &mut answer["details"]["timestamp"];
        assert!(at.is_string());
        *at = none.unwrap()["details"]["timestamp"].clone();
        assert_eq!(answer, **none.unwrap());
    }
}

/// Whether an operation may answer with an error. Exhaustive on purpose: each error must choose
/// its operations here.
fn may_answer(operation: &Operation, error: &Error) -> bool {
    use Rpc::{
        CreateSession, DeleteSession, GetSession, ListIDPLinks, ListOrganizations, ListSessions,
        ListUsers, SetSession,
    };

    let rpc = operation.rpc;
    let is_one_of = |some: &[Rpc]| some.contains(&rpc);
    let checks_password = is_one_of(&[CreateSession, SetSession]) || is_one_of(&calls::UPDATES);
    match error {
        Error::InvalidArgument(_)
        | Error::Malformed(_)
        | Error::Unauthenticated(_)
        | Error::RouteNotFound
        | Error::MethodNotAllowed(_)
        | Error::UnsupportedMediaType(_)
        | Error::BodyTooLarge
        | Error::Unavailable(_)
        | Error::DeadlineExceeded
        | Error::ClientDeadlineExceeded
        | Error::Internal(_) => true,
        Error::UserMismatch | Error::UserMissing => is_one_of(&[CreateSession, SetSession]),
        Error::UserNotFound => is_one_of(&[CreateSession, SetSession]) || is_one_of(&calls::READS),
        Error::PasswordInvalid(_)
        | Error::PasswordNotSet
        | Error::UserLocked(_)
        | Error::TooManyFailures(_) => checks_password,
        // A user who is just added is active.
        Error::UserNotActive => {
            let has_codes = user_errors::has_codes(rpc) && !is_one_of(&calls::CREATES);
            checks_password || has_codes
        }
        Error::Overloaded => checks_password || is_one_of(&calls::CREATES),
        // Only gRPC has frames.
        Error::CompressionNotNamed
        | Error::MessageCount
        | Error::TrailersUnsupported
        // Servers refuse these before an operation is found.
        | Error::HostInvalid
        | Error::HostNotAllowed
        | Error::OriginNotAllowed
        | Error::TooManyHeaderFields => false,
        Error::ProofTooOld => {
            is_one_of(&calls::UPDATES)
                || is_one_of(&[Rpc::RemovePhone, Rpc::SetEmail, Rpc::SetPhone])
                || is_one_of(&factor_errors::CHANGES)
        }
        Error::User(error) => user_errors::may_answer(operation, error),
        Error::Factor(error) => factor_errors::may_answer(operation, error),
        Error::WebAuthn(error) => web_authn_errors::may_answer(operation, error),
        Error::TooWeak(_) => rpc != Rpc::ListAuthenticationMethodTypes,
        Error::LimitTooHigh => {
            is_one_of(&[ListSessions, ListUsers, ListIDPLinks, ListOrganizations])
        },
        Error::ListTooLong(_) => is_one_of(&[ListSessions, ListUsers]),
        Error::SessionEnded
        | Error::SessionExpired
        | Error::PreconditionFailed(_)
        | Error::Conflict => is_one_of(&[SetSession]),
        Error::SessionNotFound(ApiSide::Query) | Error::SessionTokenInvalid(ApiSide::Query) => {
            is_one_of(&[GetSession])
        }
        Error::SessionNotFound(ApiSide::Command) | Error::SessionTokenInvalid(ApiSide::Command) => {
            is_one_of(&[SetSession, DeleteSession])
        }
        // v2alpha has no filter by user.
        Error::PermissionDenied => {
            let is_listed = rpc != ListSessions || operation.version > Version::V2alpha;
            is_listed && !setting_errors::is_of_login_pages(rpc)
        }
        Error::Unimplemented(what) if what.starts_with("checks") => {
            is_one_of(&[CreateSession, SetSession])
        }
        Error::Unimplemented(what) if user_errors::UNBUILT.iter().any(|(_, one)| one == what) => {
            user_errors::UNBUILT.contains(&(rpc, what))
        }
        Error::Unimplemented(what) if what == user_errors::NO_PARTIES => user_errors::has_keys(rpc),
        Error::Unimplemented(what) if what == user_errors::NO_KEY => {
            user_errors::has_codes(rpc)
                || factor_errors::has_keys(rpc)
                || factor_errors::checks(operation)
        }
        Error::IdempotencyKeyReused | Error::Unimplemented(_) => is_one_of(&[CreateSession]),
        // The encoding of a body that isn't read doesn't matter.
        Error::UnsupportedEncoding => operation.takes_body(),
    }
}

/// The errors that an operation may answer with.
pub fn errors_of(operation: &Operation) -> impl Iterator<Item = Error> {
    let is_of_operation = |route: &&Route| {
        let is_of_call = |procedure: &Procedure| {
            procedure.operation == operation.rpc && procedure.version == operation.version
        };
        route.procedure().is_some_and(is_of_call) && route.method == operation.method
    };
    let allowed = ROUTES.iter().find(is_of_operation).unwrap().allowed();
    let examples = error::examples().into_iter();
    let mut all: Vec<_> = examples.map(|example| example.error).collect();
    all.push(Error::Unimplemented(
        "Idempotency-Key without SERVER_KEY".into(),
    ));
    let unbuilt = user_errors::UNBUILT.iter().map(|(_, what)| *what);
    let unbuilt: BTreeSet<_> = unbuilt
        .chain([user_errors::NO_KEY, user_errors::NO_PARTIES])
        .collect();
    all.extend(
        unbuilt
            .into_iter()
            .map(|what| Error::Unimplemented(what.into())),
    );
    for error in &mut all {
        if let Error::MethodNotAllowed(methods) = error {
            *methods = allowed.clone().into();
        }
        if let Error::Unimplemented(what) = error
            && what.starts_with("checks")
        {
            let refused = match operation.version {
                Version::V2alpha => "checks.web_auth_n",
                _ => "checks.idp_intent",
            };
            *what = refused.into();
        }
    }
    all.into_iter().filter(|error| may_answer(operation, error))
}

/// An error's answer on the JSON routes.
async fn answer_of(app: &App, error: Error) -> (StatusCode, HeaderMap, Value) {
    let nowhere = Request {
        path: "/".to_owned(),
        ..post("")
    };
    let common = app.send(nowhere, NOW).await.headers;
    let (mut parts, body) = sesame::api::codec::encode_error(Protocol::Json, &error).into_parts();
    parts.headers.extend(common);
    let body = serde_json::from_slice(&body.data).unwrap();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn each_error_is_documented_as_it_is_answered() {
    let app = App::start().await;

    for operation in operations() {
        let Operation { method, path, .. } = &operation;
        let mut examples = Vec::new();
        let mut names = BTreeSet::new();
        let mut headers = BTreeSet::new();
        for error in errors_of(&operation) {
            let row = error.row();
            let name = format!("- {} {}", row.code.number, row.id.unwrap_or(row.kind));
            let (status, sent, body) = answer_of(&app, error).await;
            let status = status.as_u16();

            let found = operation.response_examples(status);
            assert!(
                found.contains(&&body),
                "{method} {path}: no example is {body}"
            );
            assert!(
                conforms(operation.response_schema(status), &body, true),
                "{body}"
            );
            check_headers(&operation.headers(status), &sent);
            examples.push(body.to_string());
            names.insert((status, name));
            let names = sent.keys().filter(|name| **name != CONTENT_TYPE);
            headers.extend(names.map(|name| (status, name.to_string())));
        }

        let successes = match operation.rpc {
            Rpc::CreateSession => BTreeSet::from([200, 201]),
            _ => BTreeSet::from([200]),
        };
        let failures: BTreeSet<u16> = names.iter().map(|(status, _)| *status).collect();
        assert_eq!(
            operation.statuses(),
            &successes | &failures,
            "{method} {path}"
        );
        for status in failures {
            for example in operation.response_examples(status) {
                assert!(
                    examples.contains(&example.to_string()),
                    "{method} {path}: {example} is none"
                );
            }
            for name in operation.headers(status).into_keys() {
                assert!(
                    headers.contains(&(status, name.clone())),
                    "{method} {path}: {status}: no {name}"
                );
            }
            // The description has a line for each error.
            let lines = operation.response_description(status).lines();
            let told = lines.map(|line| (status, line.split('`').take(2).collect()));
            let of_status = names.iter().filter(|(other, _)| *other == status).cloned();
            assert_eq!(
                told.collect::<BTreeSet<(u16, String)>>(),
                of_status.collect(),
                "{method} {path}"
            );
        }
    }
}
