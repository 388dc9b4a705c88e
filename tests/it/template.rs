//! The stack's template and this code say the same.
//!
//! Here, the template's tables are created in an emulator, and compared with those that
//! `sesame tables create` makes. All else that the template says is tested by `tests/stack`,
//! which transforms it first, as an AWS deployment does.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, TableDescription};
use serde_json::{Value, json};
use sesame::api::proto::zitadel::session::v2;
use sesame::aws::{Endpoint, with_http_client};
use sesame::domain::{
    CredentialKind, FactorKind, Operation, OtpMethod, Permission, SignatureAlgorithm,
};
use sesame::emulator::Emulator;
use sesame::store::{Store, Tables};

use crate::support::app::{App, NOW, by_name};
use crate::support::authenticator::Authenticator;
use crate::support::facts::{kinds, kinds_of};
use crate::support::keys::{KEYS, ORIGIN, asking};
use crate::support::second::{RECOVERY_CODES, login, totp};
use crate::support::template::create_table;
use crate::web_authn::registration::{Kind, begin};

#[tokio::test]
async fn the_templates_tables_are_those_of_the_code() {
    let app = App::start().await;

    let faults = app.store.check_tables().await.unwrap();

    assert!(faults.is_empty(), "{faults:?}");
}

#[tokio::test]
async fn the_templates_tables_are_those_that_the_tool_creates() {
    let client = || {
        let region = "eu-central-1".to_owned();
        let endpoint = Endpoint::with_keys(region, None, "local", "local", None);
        with_http_client(endpoint, Emulator::in_memory().unwrap().http_client())
    };
    let [users, sessions] = ["users", "sessions"].map(str::to_owned);
    let by_template = client();
    create_table(&by_template, "UsersTable", &users).await;
    create_table(&by_template, "SessionsTable", &sessions).await;
    let by_tool = client();
    let store = Store::new(by_tool.clone(), Tables { users, sessions });
    assert_eq!(store.create_tables().await.unwrap().len(), 2);

    for name in ["users", "sessions"] {
        let (table, ttl) = described(&by_template, name).await;
        assert_eq!((table, ttl), described(&by_tool, name).await, "{name}");
    }
}

/// The layout of a table, and the attribute that its items expire by.
async fn described(client: &Client, name: &str) -> (String, Option<String>) {
    let table = client.describe_table().table_name(name).send().await;
    let table: TableDescription = table.unwrap().table.unwrap();
    let index = |index: &GlobalSecondaryIndexDescription| {
        format!(
            "{:?} {:?} {:?}",
            index.index_name(),
            index.key_schema(),
            index.projection()
        )
    };
    let indexes: Vec<_> = table.global_secondary_indexes().iter().map(index).collect();
    let mut attributes = table.attribute_definitions().to_vec();
    attributes.sort_by(|one, other| one.attribute_name().cmp(other.attribute_name()));
    let billing = table
        .billing_mode_summary()
        .and_then(|mode| mode.billing_mode());
    let layout = format!(
        "{:?} {attributes:?} {indexes:?} {billing:?} {:?}",
        table.key_schema(),
        table.local_secondary_indexes()
    );
    let ttl = client.describe_time_to_live().table_name(name).send().await;
    let ttl = ttl.unwrap().time_to_live_description.unwrap();
    (layout, ttl.attribute_name)
}

/// Each test with an [`App`] checks that the function sends no other kind of request.
#[tokio::test]
async fn the_function_sends_each_request_of_its_policy() {
    let settings = [("ACCESS", "token"), ("USER_API", "false")];
    let app = App::with(&[&settings[..], &KEYS].concat()).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;

    let created = client.login(&mini).await;
    let named = by_name(&mini.login_name, "");
    let user_alone = json!({ "checks": { "user": named["checks"]["user"] } });
    assert_eq!(client.create_json(&user_alone).await.outcome(), "ok");
    client.get(&created.session_id, None).await.unwrap();
    let search = v2::search_query::Query::UserIdQuery(v2::UserIdQuery {
        id: mini.user_id.to_string(),
    });
    let of_user = v2::ListSessionsRequest {
        queries: vec![v2::SearchQuery {
            query: Some(search),
        }],
        ..v2::ListSessionsRequest::default()
    };
    assert_eq!(client.list(&of_user).await.unwrap().sessions.len(), 1);
    client.delete(&created.session_id, None).await.unwrap();
    check_second_factors(&app, client).await;
    check_passkey(&app, client).await;

    let sent = kinds(&app.faults.requests(), app.store.tables());
    assert_eq!(sent, kinds_of(&["Function"]));
}

/// Sends codes to a user and checks them, together with a code of an app and all recovery codes.
async fn check_second_factors(app: &App, client: crate::support::client::Client<'_>) {
    let kinds = [
        FactorKind::Totp,
        FactorKind::OtpEmail,
        FactorKind::OtpSms,
        FactorKind::RecoveryCodes,
    ];
    let maxi = app.user_with("maxi", &kinds).await;
    let id = &maxi.user_id;
    let mut opened = login(&maxi, json!({}));
    opened["challenges"] = json!({ "otpSms": {}, "otpEmail": {} });
    let created = client.ask(Operation::CreateSession, opened).await.unwrap();
    let codes = json!({
        "totp": { "code": totp(id, NOW) },
        "otpSms": { "code": app.sent_code(id, OtpMethod::Sms) },
        "otpEmail": { "code": app.sent_code(id, OtpMethod::Email) },
    });
    let recovery_codes = RECOVERY_CODES.map(|code| json!({ "recoveryCode": { "code": code } }));
    for checks in [codes].into_iter().chain(recovery_codes) {
        let body = json!({ "sessionId": created["sessionId"], "checks": checks });
        client.ask(Operation::SetSession, body).await.unwrap();
    }
    // A new session can have no code that was sent.
    let checks = json!({ "otpEmail": { "code": "12345678" } });
    let create = client.ask(Operation::CreateSession, login(&maxi, checks));
    assert!(create.await.is_err());
}

/// Logs a user in by a passkey.
async fn check_passkey(app: &App, client: crate::support::client::Client<'_>) {
    let user = app.user("keyed").await;
    let mut passkey = app.key(&user, CredentialKind::Passkey).await;
    let opened = json!({
        "checks": { "user": { "userId": user.user_id.as_str() } },
        "challenges": asking("REQUIRED"),
    });
    let created = client.ask(Operation::CreateSession, opened).await.unwrap();
    let challenge = &created["challenges"]["webAuthN"];
    let answer = passkey.assert(&challenge["publicKeyCredentialRequestOptions"], ORIGIN);
    let body = json!({
        "sessionId": created["sessionId"],
        "checks": { "webAuthN": { "credentialAssertionData": answer } },
    });
    client.ask(Operation::SetSession, body).await.unwrap();
}

/// Registers a passkey for a user, and has it removed if that is wanted.
async fn register_passkey(admin: crate::support::client::Client<'_>, id: &Value, removes: bool) {
    let begun = begin(admin, Kind::Passkey, id.as_str().unwrap()).await;
    let answer = Authenticator::new(SignatureAlgorithm::Es256).register(&begun.options, ORIGIN);
    assert_eq!(begun.complete(admin, &answer).await, "ok");
    if removes {
        let body = json!({ "userId": id, "passkeyId": begun.id });
        admin.ask(Operation::RemovePasskey, body).await.unwrap();
    }
}

/// The calls of the User service need these beside them.
#[tokio::test]
async fn the_user_service_sends_each_request_of_its_policy() {
    let app = App::with(&KEYS).await;
    let admin = app.service(&Permission::ALL).await;
    let added = admin.ask(Operation::AddHumanUser, human(&app)).await;
    let id = added.unwrap()["userId"].clone();
    register_passkey(admin, &id, true).await;
    register_passkey(admin, &id, false).await;
    let address = |name: &str| format!("{name}.{}", app.login_name("mini"));
    let mini = app.login_name("mini");
    let either = json!({ "orQuery": { "queries": [
        { "loginNameQuery": { "loginName": mini.as_str() } },
        { "emailQuery": { "emailAddress": format!("first.{mini}") } },
        { "phoneQuery": { "number": "+41790000001" } },
    ] } });
    let search = json!({ "stateQuery": { "state": "USER_STATE_LOCKED" } });
    for (call, rest) in [
        (Operation::ListUsers, json!({ "queries": [either] })),
        (Operation::ListUsers, json!({ "queries": [search] })),
        (
            Operation::UpdateUser,
            json!({ "username": address("renamed") }),
        ),
        (
            Operation::SetEmail,
            json!({ "email": address("new"), "isVerified": true }),
        ),
        (
            Operation::SetPhone,
            json!({ "phone": "+41790000002", "isVerified": true }),
        ),
        (Operation::AddOTPEmail, json!({})),
        (Operation::LockUser, json!({})),
        (Operation::DeleteUser, json!({})),
    ] {
        let mut body = rest;
        if call != Operation::ListUsers {
            body["userId"] = id.clone();
        }
        admin.ask(call, body).await.unwrap();
    }

    let sent = kinds(&app.faults.requests(), app.store.tables());
    let of_sessions = kinds_of(&["Function"]);
    let sent: BTreeSet<_> = sent.difference(&of_sessions).cloned().collect();
    assert_eq!(sent, kinds_of(&["UserService"]));
}

/// A user whose name, address and number are this test's own.
fn human(app: &App) -> Value {
    json!({
        "username": app.login_name("mini").as_str(),
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": format!("first.{}", app.login_name("mini")), "isVerified": true },
        "phone": { "phone": "+41790000001", "isVerified": true },
    })
}
