//! What is shown for a user who has no display name.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::api::proto::zitadel::session::v2;
use sesame::domain::{DisplayName, HashString, LoginName, Permission, User};

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD};
use crate::support::client::{Client, Wire, checks, metadata, set};

fn copied(name: &LoginName) -> Option<DisplayName> {
    DisplayName::parse(name.to_string()).unwrap()
}

/// Adds a user with [`PASSWORD`].
async fn user(app: &App, name: &str, display_name: Option<DisplayName>) -> User {
    let like = app.user(&format!("like-{name}")).await;
    let hash = like.password_hash.as_ref().map(HashString::as_str);
    app.user_shown_as(name, display_name, hash).await
}

/// Stores `name` as the display name, whatever the login name is.
async fn store_display_name(app: &App, user: &User, name: &LoginName) {
    let key = format!("LOGIN#{}", user.login_name.folded().as_str());
    let update = app.dynamodb().update_item();
    let update = update
        .table_name(&app.store.tables().users)
        .key("pk", AttributeValue::S(key))
        .update_expression("SET display_name = :name")
        .expression_attribute_values(":name", AttributeValue::S(name.to_string()));
    update.send().await.unwrap();
}

async fn session_item(app: &App, id: &str) -> HashMap<String, AttributeValue> {
    let get = app.dynamodb().get_item();
    let get = get
        .table_name(&app.store.tables().sessions)
        .key("session_id", AttributeValue::S(id.to_owned()));
    get.send().await.unwrap().item.unwrap()
}

fn names(session: &v2::Session) -> (&str, &str) {
    let user = session.factors.as_ref().and_then(|all| all.user.as_ref());
    let user = user.unwrap();
    (&user.login_name, &user.display_name)
}

#[tokio::test]
async fn a_user_without_a_display_name_is_shown_by_todays_login_name() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = user(&app, "mini", None).await;
    let created = client.login(&mini).await;
    let id = &*created.session_id;
    let noted = v2::SetSessionRequest {
        metadata: metadata(&[("a", "1")]),
        ..set(&created)
    };
    let shown = async |want: &LoginName, what: &str| {
        let want = (want.as_str(), want.as_str());
        for (wire, version) in Wire::with_versions() {
            let client = client.over(wire, version);
            let got = client.get(id, None).await.unwrap();
            assert_eq!(names(&got), want, "{what} {wire:?} {version:?}");
            let listed = client.list(&crate::list::by_id(id)).await.unwrap();
            let listed = names(&listed.sessions[0]);
            assert_eq!(listed, want, "{what} {wire:?} {version:?}");
        }
        let listed = client.list(&crate::list::by_user(&mini)).await.unwrap();
        assert_eq!(names(&listed.sessions[0]), want, "{what}");
    };

    shown(&mini.login_name, "at first").await;
    for (name, what) in [
        ("MINI", "in another case, under the same key"),
        ("maxi", "under another key"),
    ] {
        let stored = app.login("mini").await;
        let name = app.login_name(name);
        assert!(app.store.rename_user(&stored, name.clone()).await.unwrap());
        shown(&name, what).await;
    }
    // A set writes the session anew, and with another check the user in it.
    let changed = client.set(&noted).await.unwrap();
    shown(&app.login_name("maxi"), "after a change").await;
    let checked = v2::SetSessionRequest {
        session_id: id.to_owned(),
        session_token: changed.session_token,
        checks: Some(checks(&mini, Some(PASSWORD))),
        ..v2::SetSessionRequest::default()
    };
    client.set(&checked).await.unwrap();
    shown(&app.login_name("maxi"), "after a check").await;
}

/// A rename would make it untrue.
#[tokio::test]
async fn no_copy_of_the_login_name_is_stored_as_a_display_name_or_in_a_session() {
    let app = App::start().await;
    for (n, display_name) in [None, copied(&app.login_name("mini-1"))]
        .into_iter()
        .enumerate()
    {
        let mini = user(&app, &format!("mini-{n}"), display_name).await;
        let created = Client::new(&app).login(&mini).await;

        assert!(!app.raw_login(&mini).await.contains_key("display_name"));
        let stored = session_item(&app, &created.session_id).await;
        for name in ["login_name", "display_name"] {
            assert!(!stored.contains_key(name), "{name}");
        }
        let name = AttributeValue::S(mini.login_name.to_string());
        assert!(!stored.values().any(|value| *value == name));
    }
}

#[tokio::test]
async fn a_stored_display_name_that_equals_the_login_name_counts_as_none() {
    for (to, what) in [("MINI", "the same key"), ("maxi", "another key")] {
        let app = App::start().await;
        let mini = user(&app, "mini", None).await;
        store_display_name(&app, &mini, &mini.login_name).await;
        assert_eq!(app.login("mini").await.display_name, None);
        let client = Client::new(&app);
        let created = client.login(&mini).await;
        let get = async || {
            let token = Some(&*created.session_token);
            client.get(&created.session_id, token).await.unwrap()
        };
        let name = mini.login_name.as_str();
        assert_eq!(names(&get().await), (name, name));

        let renamed = app.login_name(to);
        let stored = app.login("mini").await;
        assert!(
            app.store
                .rename_user(&stored, renamed.clone())
                .await
                .unwrap()
        );

        let name = renamed.as_str();
        assert_eq!(names(&get().await), (name, name), "{what}");
        let stored = app.raw_login(&app.login(to).await).await;
        assert!(!stored.contains_key("display_name"), "{what}");
    }
}
