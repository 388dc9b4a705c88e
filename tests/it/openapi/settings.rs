//! The examples of the calls that login pages read settings by.

use serde_json::{Value, json};
use sesame::domain::Operation as Rpc;

use super::answers::{check_headers, examples, has};
use super::setting_errors::is_of_login_pages;
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, header, post};
use crate::support::client::Client;
use crate::support::openapi::document::{Operation, fields, operations};
use crate::support::openapi::schema::conforms;

/// All settings that answers have.
const SETTINGS: [(&str, &str); 11] = [
    ("LOGIN_IGNORE_UNKNOWN", "true"),
    ("LOGIN_REDIRECT_URI", "https://acme.example/start"),
    ("TOS_LINK", "https://acme.example/terms"),
    ("PRIVACY_POLICY_LINK", "https://acme.example/privacy"),
    ("HELP_LINK", "https://acme.example/help"),
    ("SUPPORT_EMAIL", "help@acme.example"),
    ("MFA", "required"),
    // Second factors need the key, and a reset of the password needs the mail beside it.
    ("SERVER_KEY", "a server key of at least 32 characters"),
    ("MAIL_FROM", "none"),
    ("RP_IDS", "acme.example"),
    ("RP_ORIGINS", "https://login.acme.example"),
];

async fn send(client: Client<'_>, operation: &Operation, body: &Value) -> Answer {
    let text = if operation.takes_body() {
        body.to_string()
    } else {
        String::new()
    };
    let mut request = post(text);
    request.method = operation.method.clone();
    request.path.clone_from(&operation.path);
    if operation.rpc == Rpc::GetHostedLoginTranslation {
        request.query = vec![("locale".to_owned(), "en".to_owned())];
    }
    let bearer = format!("Bearer {}", client.token.unwrap());
    let request = header(request, "authorization", &bearer);
    client.app.send(request, NOW).await
}

#[tokio::test]
async fn examples_of_settings_are_accepted_and_answered_as_documented() {
    let app = App::with(&SETTINGS).await;
    let client = app.service(&[]).await;
    let mut seen = 0;
    let of_login_pages = operations().into_iter();
    let of_login_pages = of_login_pages.filter(|operation| is_of_login_pages(operation.rpc));
    for operation in of_login_pages {
        let schema = operation.response_schema(200);
        let mut answers = Vec::new();
        for example in examples(&operation) {
            let answer = send(client, &operation, &example).await;

            let body = answer.json();
            assert_eq!(answer.status, 200, "{} {example}: {body}", operation.path);
            assert!(conforms(schema, &body, true), "{example}: {body}");
            check_headers(&operation.headers(200), &answer.headers);
            answers.push(body);
        }

        let shown = operation.response_examples(200);
        assert!(shown.iter().all(|example| conforms(schema, example, true)));
        for (path, _) in fields(schema) {
            let has = |example: &Value| has(example, &path);
            if is_never_there(operation.rpc, &path) {
                let is_there = shown.iter().any(|one| has(one)) || answers.iter().any(has);
                assert!(!is_there, "{path:?}");
                continue;
            }
            assert!(shown.iter().any(|one| has(one)), "no example has {path:?}");
            assert!(answers.iter().any(has), "no answer has {path:?}");
        }
        seen += 1;
    }
    assert_eq!(seen, 11);
}

/// Settings have no times and no sequence, and nobody has an identity provider.
fn is_never_there(rpc: Rpc, path: &[&str]) -> bool {
    let name = path.last().unwrap();
    let never = [
        "sequence",
        "changeDate",
        "creationDate",
        "processedSequence",
    ];
    never.contains(name) || rpc == Rpc::GetActiveIdentityProviders && *name == "totalResult"
}

/// What the document says of a list's texts and numbers is what the service does.
#[tokio::test]
async fn the_limits_of_a_list_of_organizations_are_those_of_the_document() {
    let app = App::start().await;
    let client = app.service(&[]).await;
    let list = operations().into_iter();
    let list = list
        .into_iter()
        .find(|one| one.rpc == Rpc::ListOrganizations);
    let list = list.unwrap();
    let text = |length: usize| "\u{1f42d}".repeat(length);
    let mut bodies = vec![
        json!({ "query": { "limit": 1000 } }),
        json!({ "query": { "limit": 1001 } }),
        json!({ "sortingColumn": "ORGANIZATION_FIELD_NAME_NAME" }),
        json!({ "sortingColumn": "NAME" }),
        json!({ "queries": [{}] }),
    ];
    for (query, field) in [
        ("nameQuery", "name"),
        ("domainQuery", "domain"),
        ("idQuery", "id"),
    ] {
        bodies.extend(
            [0, 1, 200, 201]
                .map(|length| json!({ "queries": [{ query: { field: text(length) } }] })),
        );
        bodies.push(json!({ "queries": [{ query: {} }] }));
    }
    for state in ["ORGANIZATION_STATE_REMOVED", "ACTIVE"] {
        bodies.push(json!({ "queries": [{ "stateQuery": { "state": state } }] }));
    }
    for body in bodies {
        let answer = send(client, &list, &body).await;
        let good = conforms(list.request_schema(), &body, false);
        assert_eq!(answer.status == 200, good, "{body}: {}", answer.json());
    }
}
