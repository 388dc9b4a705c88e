//! Answers to challenges without a user, which tell nothing of users and their credentials.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use prost::Message as _;
use serde_json::{Value, json};
use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::SetSessionRequest;
use sesame::domain::{
    CredentialId, CredentialKind, Operation, Permission, SignatureAlgorithm, User, UserState,
};

use super::sessions::{Opened, answering, keys_with};
use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD, by_name};
use crate::support::authenticator::{Authenticator, BACKUP_ELIGIBLE, USER_PRESENT};
use crate::support::client::{Client, Wire, message_of};
use crate::support::faults::Part;
use crate::support::keys::{DOMAIN, ORIGIN, OTHER_DOMAIN, OTHER_ORIGIN};

const WRONG: &str = "WEBAU-3M9si";

/// An authenticator whose answer is wrong, the page that it answers to, and what is wrong.
struct Row {
    what: &'static str,
    key: Authenticator,
    origin: &'static str,
}

fn row(what: &'static str, key: &Authenticator, change: fn(&mut Authenticator)) -> Row {
    let mut key = key.clone();
    change(&mut key);
    Row {
        what,
        key,
        origin: ORIGIN,
    }
}

async fn passkey(app: &App, name: &str) -> (User, Authenticator) {
    let user = app.user_with_hash(name, None).await;
    let key = app.key(&user, CredentialKind::Passkey).await;
    (user, key)
}

/// A credential that is left over: a restore brought it back, and not its user.
async fn orphan(app: &App) -> Authenticator {
    let (user, key) = passkey(app, "orphan").await;
    let id = CredentialId::new(key.id.clone()).unwrap();
    let pk = AttributeValue::S(format!("CREDENTIAL#{}", id.hash()));
    let (client, table) = (app.dynamodb(), app.store.tables().users.clone());
    let got = client.get_item().table_name(&table).key("pk", pk);
    let item = got.send().await.unwrap().item.unwrap();
    assert!(app.store.delete_user(&user).await.unwrap());
    let put = client.put_item().table_name(&table).set_item(Some(item));
    put.send().await.unwrap();
    key
}

async fn rows(app: &App) -> Vec<Row> {
    let (mini, key) = passkey(app, "mini").await;
    let (_, others) = passkey(app, "other").await;
    let (locked, of_locked) = passkey(app, "locked").await;
    let (inactive, of_inactive) = passkey(app, "inactive").await;
    let (deleted, of_deleted) = passkey(app, "deleted").await;
    let (bare, of_bare) = passkey(app, "bare").await;
    for (user, state) in [
        (&locked, UserState::Locked),
        (&inactive, UserState::Inactive),
    ] {
        assert!(app.store.set_user_state(user, state).await.unwrap());
    }
    assert!(app.store.delete_user(&deleted).await.unwrap());
    app.change_user(&bare.user_id, |account| {
        account.credentials = account.credentials.clone().without(|_| true);
    })
    .await;
    let u2f = app.key(&mini, CredentialKind::U2f).await;
    let far = Authenticator::new(SignatureAlgorithm::Es256);
    let far = app
        .register(&mini, CredentialKind::Passkey, far, OTHER_DOMAIN)
        .await;
    let mut all = Vec::new();
    for algorithm in [SignatureAlgorithm::EdDsa, SignatureAlgorithm::Rs256] {
        let other = Authenticator::new(algorithm);
        let other = app.register(&mini, CredentialKind::Passkey, other, DOMAIN);
        let bad = |key: &mut Authenticator| key.bad_signature = true;
        all.push(row("a bad signature", &other.await, bad));
    }
    let unknown = Authenticator::new(SignatureAlgorithm::Es256);
    all.extend([
        row("an unknown credential", &unknown, |key| {
            key.handle = Some(vec![7; 16]);
        }),
        row("an unknown credential of a known user", &key, |key| {
            key.id = vec![7; 32];
        }),
        row("an unknown handle", &key, |key| {
            key.handle = Some(vec![7; 16]);
        }),
        row("no handle", &key, |key| key.handle = None),
        row("a bad signature", &key, |key| key.bad_signature = true),
        row("a bad signature, no user", &key, |key| {
            key.bad_signature = true;
            key.handle = None;
        }),
        row("no verified user", &key, |key| key.flags = USER_PRESENT),
        row("another eligibility", &key, |key| {
            key.flags |= BACKUP_ELIGIBLE;
        }),
        row("a locked user", &of_locked, |_| {}),
        row("a locked user, badly signed", &of_locked, |key| {
            key.bad_signature = true;
        }),
        row("a deactivated user", &of_inactive, |_| {}),
        row("a deleted user", &of_deleted, |_| {}),
        row("a removed credential", &of_bare, |_| {}),
        row("a credential without a user", &orphan(app).await, |_| {}),
        row("a security key", &u2f, |_| {}),
        row("a credential of another domain", &far, |_| {}),
    ]);
    let mut handle = row("another user's handle", &key, |_| {});
    handle.key.handle = others.handle;
    let mut origin = row("another origin", &key, |_| {});
    origin.origin = OTHER_ORIGIN;
    all.extend([handle, origin]);
    all
}

/// All that a client, and whoever measures its time, could tell answers apart by.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    trailers: Option<HeaderMap>,
    requests: Vec<(String, BTreeSet<Part>)>,
}

async fn tell(row: &Row, client: Client<'_>, about: &str) -> Told {
    let app = client.app;
    let mut key = row.key.clone();
    let opened = Opened::of_nobody(client).await;
    let before = stored(app, &key).await;
    let message = opened.set(answering(&key.assert(&opened.options, row.origin)));
    let message = message_of("SetSessionRequest", &message);
    let message = SetSessionRequest::decode(&*message).unwrap();
    let session = opened.stored(app).await;
    app.faults.clear();

    let answer = client
        .send(client.request(Operation::SetSession, &message))
        .await;

    let requests = app.faults.requests().into_iter();
    let mut requests: Vec<_> = requests.map(|one| (one.action, one.parts)).collect();
    // The first two are sent at once.
    requests[..2].sort();
    let read = client.read::<SetSessionRequest>(Operation::SetSession, &answer);
    let error = read.err().unwrap();
    assert_eq!((error.code, &*error.id.unwrap()), (3, WRONG), "{about}");
    let after = opened.stored(app).await;
    assert_eq!(after.sequence.0, session.sequence.0 + 1, "{about}");
    assert_eq!(after.token_hash, session.token_hash, "{about}");
    assert_eq!(after.factors, session.factors, "{about}");
    assert_eq!(after.challenges.web_authn, [], "{about}");
    assert_eq!(stored(app, &key).await, before, "{about}");
    Told {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
        trailers: answer.trailers,
        requests,
    }
}

async fn stored(app: &App, key: &Authenticator) -> Option<sesame::domain::Credential> {
    let id = CredentialId::new(key.id.clone()).unwrap();
    app.store.get_credential(id.hash()).await.unwrap()
}

/// Whoever may create a session by password under this setting.
async fn principals<'a>(app: &'a App, access: &str) -> Vec<(&'static str, Client<'a>)> {
    let mut all = vec![
        ("page", app.service(&[Permission::SessionWrite]).await),
        ("backend", app.service(&Permission::ALL).await),
    ];
    if access != "token" {
        let reader = app.service(&[Permission::SessionRead]).await;
        let somebody = app.user("somebody").await;
        let login = by_name(&somebody.login_name, PASSWORD);
        let token = all[0].1.create_json(&login).await.token();
        let own = app.client().bearing(token.leak());
        all.extend([("reader", reader), ("user", own)]);
    }
    if access == "public" {
        all.push(("anybody", app.client()));
    }
    all
}

async fn hold(access: &str) {
    let app = keys_with("ACCESS", access).await;
    let rows = rows(&app).await;
    for (m, (who, client)) in principals(&app, access).await.into_iter().enumerate() {
        // Each principal speaks JSON and another protocol.
        for n in [0, m % 5 + 1] {
            let wire = Wire::ALL[n];
            let version = [Version::V2, Version::V2beta][(n + m) % 2];
            let client = client.over(wire, version);
            let mut first = None;
            for row in &rows {
                let about = format!("{access} {who} {wire:?} {}", row.what);
                let told = tell(row, client, &about).await;
                let first = first.get_or_insert_with(|| told.clone());
                assert_eq!(told, *first, "{about}");
            }
        }
    }
}

#[tokio::test]
async fn wrong_answers_are_alike_to_anybody() {
    hold("public").await;
}

#[tokio::test]
async fn wrong_answers_are_alike_to_whoever_is_authenticated() {
    hold("authenticated").await;
}

#[tokio::test]
async fn wrong_answers_are_alike_to_login_pages() {
    hold("token").await;
}

/// Whoever may not create a session is told nothing at all.
#[tokio::test]
async fn whoever_may_not_create_a_session_gets_no_challenge() {
    use crate::support::keys::asking;

    for (access, permissions) in [
        ("authenticated", None),
        ("token", None),
        ("token", Some(&[Permission::SessionRead][..])),
    ] {
        let app = keys_with("ACCESS", access).await;
        let client = match permissions {
            Some(permissions) => app.service(permissions).await,
            None => app.client(),
        };
        let message: Value = json!({ "challenges": asking("REQUIRED") });
        let got = client.ask(Operation::CreateSession, message).await;
        let want = match permissions {
            Some(_) => "AUTH-5mWD2",
            None => "code 16",
        };
        assert_eq!(got, Err(want.to_owned()), "{access}");
    }
}
