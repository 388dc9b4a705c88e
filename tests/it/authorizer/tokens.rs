//! Replaced tokens and renamed users.

use std::time::Duration;

use serde_json::json;
use sesame::domain::Operation::SetSession;
use sesame::transport::lambda::authorizer::AuthorizerAnswer;

use super::{TestAuthorizer, change, whole};
use crate::generations::change_password;
use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, by_name};
use crate::support::facts::{kinds, kinds_of};
use crate::support::faults::Fault;

#[tokio::test]
async fn a_replaced_token_is_allowed_for_its_grace() {
    let bearer = |answer: &Answer| format!("Bearer {}", answer.token());
    for (grace, seconds) in [("0", 0), ("10", 10)] {
        let app = App::with(&[("TOKEN_GRACE_SECONDS", grace)]).await;
        let lambda = TestAuthorizer::over(app, AuthorizerAnswer::Simple);
        let (_, session) = lambda.mini().await;

        let body = json!({ "sessionToken": session.token(), "metadata": { "a": "MQ==" } });
        let changed = change(lambda.app.client(), SetSession, &session, &body).await;

        let is_graced = lambda.lets_in(&bearer(&session), NOW).await;
        assert_eq!(is_graced, seconds > 0);
        // The grace begins after the call, however long that took.
        let after = NOW.plus(Duration::from_secs(seconds + 5));
        assert!(!lambda.lets_in(&bearer(&session), after).await);
        assert!(lambda.lets_in(&bearer(&changed), after).await);
    }
}

/// A gateway may keep a denial for minutes, so the session that stays when the password changes is
/// not denied beside the change.
#[tokio::test(start_paused = true)]
async fn a_change_between_two_reads_denies_no_session_that_stays() {
    for first in ["sessions", "users"] {
        let time = Duration::from_millis(200);
        let app = App::emulated(&[]).await;
        let lambda = TestAuthorizer::over(app, AuthorizerAnswer::Simple);
        let (mini, session) = lambda.mini().await;
        let id = session.id();
        lambda.faults.inject(Fault::Torn(first, time).once());

        let token = session.token();
        let (is_let_in, changed) = tokio::join!(lambda.lets_token_in(&token), async {
            tokio::time::sleep(time / 2).await;
            change_password(&lambda.app, &mini, Some(&id)).await
        });

        assert_eq!(changed, SetPasswordOutcome::Done);
        assert!(is_let_in, "{first} first");
        assert_eq!(lambda.requests().len(), 2);
    }
}

/// Another user may have the former name.
#[tokio::test]
async fn after_a_rename_the_api_gets_the_current_login_name() {
    for answer in [AuthorizerAnswer::Simple, AuthorizerAnswer::Iam] {
        let lambda = TestAuthorizer::answering(answer).await;
        let (login, session) = lambda.mini().await;
        let renamed = lambda.app.login_name("maxi");
        let store = &lambda.app.store;
        let login = store
            .get_user(&login.login_name.folded())
            .await
            .unwrap()
            .unwrap();
        assert!(store.rename_user(&login, renamed.clone()).await.unwrap());

        let event = whole("request-2.0.json", &session.token());
        let allowed = lambda.ask(&event, NOW).await.unwrap();
        let context = &allowed["context"];
        assert_eq!(context["loginName"], renamed.as_str(), "{allowed}");
        assert_eq!(context["displayName"], "Mini Mouse", "{allowed}");
    }
}

#[tokio::test]
async fn without_a_display_name_the_api_gets_todays_login_name_for_it() {
    let lambda = TestAuthorizer::open().await;
    let store = &lambda.app.store;
    let hash = lambda.app.user("like").await.password_hash.unwrap();
    let login = lambda.app.user_shown_as("mini", None, Some(hash.as_str()));
    let login = login.await;
    let body = by_name(&login.login_name, PASSWORD);
    let session = lambda.app.client().create_json(&body).await;
    let renamed = lambda.app.login_name("maxi");
    let login = lambda.app.login("mini").await;
    for (name, rename) in [(login.login_name.clone(), false), (renamed, true)] {
        if rename {
            assert!(store.rename_user(&login, name.clone()).await.unwrap());
        }
        let event = whole("request-2.0.json", &session.token());
        let allowed = lambda.ask(&event, NOW).await.unwrap();
        assert_eq!(allowed["context"]["displayName"], name.as_str());
    }
}

/// Each test with a [`TestAuthorizer`] checks that the authorizer sends no other kind of request.
#[tokio::test]
async fn the_authorizer_sends_each_request_of_its_policy() {
    let lambda = TestAuthorizer::open().await;
    let (_, session) = lambda.mini().await;

    assert!(lambda.lets_token_in(&session.token()).await);

    let sent = kinds(&lambda.faults.requests(), lambda.app.store.tables());
    assert_eq!(sent, kinds_of(&["Authorizer"]));
}
