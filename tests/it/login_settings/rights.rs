//! Who may ask: every authenticated principal, and nobody else.

use serde_json::json;
use sesame::domain::Permission;

use super::{ask, calls};
use crate::support::app::App;

#[tokio::test]
async fn nobody_asks_anonymously_whatever_the_access_mode() {
    for access in ["public", "authenticated", "token"] {
        let app = App::with(&[("ACCESS", access)]).await;
        for (rpc, request) in calls() {
            let answer = ask(app.client(), rpc, &request).await;
            assert_eq!(answer, Err("code 16".to_owned()), "{access} {rpc:?}");
            // Who asks is found out before what is asked.
            let wrong = json!({ "ctx": { "orgId": "1" } });
            if request == json!({}) && super::WITH_CONTEXT.contains(&rpc) {
                let answer = ask(app.client(), rpc, &wrong).await;
                assert_eq!(answer, Err("code 16".to_owned()), "{access} {rpc:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_authenticated_principal_may_ask() {
    for access in ["public", "authenticated", "token"] {
        let app = App::with(&[("ACCESS", access)]).await;
        let mini = app.user("mini").await;
        let without = app.service(&[]).await;
        let page = app.service(&[Permission::SessionWrite]).await;
        let session = page.login(&mini).await.session_token;
        let user = app.client().bearing(&session);
        for (rpc, request) in calls() {
            for client in [without, page, user] {
                let answer = ask(client, rpc, &request).await;
                assert!(answer.is_ok(), "{access} {rpc:?} {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_session_that_only_names_a_user_is_no_proof() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let named = crate::support::client::create_named(&app, &mini).await;
    let token = named.token();
    for (rpc, request) in calls() {
        let answer = ask(app.client().bearing(&token), rpc, &request).await;
        assert_eq!(answer, Err("code 16".to_owned()), "{rpc:?}");
    }
}
