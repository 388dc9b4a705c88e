//! What a create stores and answers, and how each of its checks fails.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use sesame::domain::{Factor, Permission, Sequence, UserState};

use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW, PASSWORD, by_id, by_name};

#[tokio::test]
async fn the_sequence_counts_the_facts_that_are_stored() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let user = json!({ "loginName": mini.login_name.as_str() });
    let login = json!({ "user": user, "password": { "password": PASSWORD } });
    let metadata = json!({ "color": "Ymx1ZQ==" });

    let page = app.service(&[Permission::SessionWrite]).await;
    for (body, sequence, factors) in [
        (json!({}), 2, (false, false)),
        (json!({ "checks": {} }), 2, (false, false)),
        (json!({ "metadata": {} }), 2, (false, false)),
        (json!({ "metadata": { "gone": "" } }), 2, (false, false)),
        (json!({ "metadata": metadata }), 3, (false, false)),
        (json!({ "checks": { "user": user } }), 3, (true, false)),
        (json!({ "checks": login }), 4, (true, true)),
        (
            json!({ "checks": login, "metadata": metadata }),
            5,
            (true, true),
        ),
    ] {
        let answer = page.create_json(&body).await;
        assert_eq!(answer.status, StatusCode::OK, "{body}");
        assert_eq!(answer.sequence(), sequence.to_string(), "{body}");

        let stored = app.stored(&answer).await;
        assert_eq!(stored.sequence, Sequence(sequence), "{body}");
        let (user, proof) = (stored.factors.user(), stored.factors.proved_at());
        assert_eq!((user.is_some(), proof.is_some()), factors, "{body}");
        assert_eq!(stored.created_at, NOW);
        assert_eq!(stored.expires_at, NOW.plus(Duration::from_hours(24)));
        assert_eq!(stored.creator, "service:backend");
    }
}

#[tokio::test]
async fn the_user_may_be_named_by_id_by_login_name_or_by_both() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let both = json!({ "userId": mini.user_id.as_str(), "loginName": mini.login_name.as_str() });
    let shouted = mini.login_name.as_str().to_uppercase();

    for user in [
        json!({ "userId": mini.user_id.as_str() }),
        json!({ "user_id": mini.user_id.as_str() }),
        json!({ "loginName": mini.login_name.as_str() }),
        json!({ "login_name": shouted }),
        both,
    ] {
        let password = json!({ "password": PASSWORD });
        for checks in [
            json!({ "user": user, "password": password }),
            json!({ "user": user }),
        ] {
            let body = json!({ "checks": checks });
            let answer = page.create_json(&body).await;
            assert_eq!(answer.outcome(), "ok", "{checks}");
            let stored = app.stored(&answer).await.factors;
            assert_eq!(stored.verified_at.get(&Factor::User), Some(&NOW));
            let user = stored.user().unwrap();
            assert_eq!(user.user_id, mini.user_id);
            assert_eq!(user.display_name, mini.display_name);
        }
    }
}

#[tokio::test]
async fn only_the_hash_of_a_token_is_stored() {
    let app = App::start().await;

    let answer = app.client().create_json(&json!({})).await;

    let stored = app.stored(&answer).await;
    let token = sesame::token::SessionToken::parse(answer.token()).unwrap();
    assert_eq!(stored.id, token.session());
    assert_eq!(stored.token_hash, token.hash());
}

/// The principal is a service account, which gets the actual error.
#[tokio::test]
async fn each_failed_check_has_its_own_error() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let token = app.service(&[Permission::SessionWrite]).await;
    let mini = app.user("mini").await;
    let other = app.user("other").await;
    let without = app.user_with_hash("without", None).await;
    let inactive = app.user("inactive").await;
    let locked = app.user("locked").await;
    for (login, state) in [
        (&inactive, UserState::Inactive),
        (&locked, UserState::Locked),
    ] {
        app.store.set_user_state(login, state).await.unwrap();
    }
    let both = |id: &str, name: &str| {
        json!({ "checks": {
            "user": { "userId": id, "loginName": name },
            "password": { "password": PASSWORD },
        } })
    };
    let mismatch = |id: &str| both(id, mini.login_name.as_str());
    let unknown_name = |id: &str| both(id, "nobody@mouse.com");
    let no_user = json!({ "checks": { "password": { "password": "x" } } });
    let not_active = "SESSION-Gj4ko";
    let user_alone = |name: &str| json!({ "checks": { "user": { "loginName": name } } });

    for (body, status, outcome) in [
        (by_name(&app.login_name("nobody"), "x"), 404, "QUERY-Dfbg2"),
        (by_id(&app.user_id("nobody"), "x"), 404, "QUERY-Dfbg2"),
        (user_alone("nobody@mouse.com"), 404, "QUERY-Dfbg2"),
        (by_name(&mini.login_name, "wrong"), 400, "COMMAND-3M0fs"),
        (by_id(&mini.user_id, "wrong"), 400, "COMMAND-3M0fs"),
        (no_user, 400, "COMMAND-Sfw3f"),
        (by_name(&without.login_name, "x"), 400, "COMMAND-3nJ4t"),
        (by_name(&inactive.login_name, PASSWORD), 400, not_active),
        (by_name(&locked.login_name, PASSWORD), 400, not_active),
        (user_alone(inactive.login_name.as_str()), 400, not_active),
        (user_alone(locked.login_name.as_str()), 400, not_active),
        (mismatch(other.user_id.as_str()), 400, "code 3"),
        (mismatch("nobody"), 400, "code 3"),
        (unknown_name(mini.user_id.as_str()), 400, "code 3"),
        (unknown_name("nobody"), 404, "QUERY-Dfbg2"),
    ] {
        app.faults.clear();
        let answer = token.create_json(&body).await;
        let got = (answer.status.as_u16(), &*answer.outcome());
        assert_eq!(got, (status, outcome), "{body}");
        assert_eq!(app.faults.count("PutItem"), 0, "nothing is stored: {body}");
    }
    let failures = app.login("mini").await.attempts.failures;
    assert_eq!(failures, 2, "only wrong passwords count");
}
