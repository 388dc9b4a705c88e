//! A session can't be used against users other than its own.

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set, check_user::Search,
};
use sesame::domain::{Permission, UserState};

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD};
use crate::support::client::Wire;
use crate::support::client::{Client, HOUR, checks, code, metadata, set, v2_password};
use crate::support::client::{of_session, opening, proving};

fn naming(search: Option<Search>, password: Option<&str>) -> v2::Checks {
    v2::Checks {
        user: search.map(|search| v2::CheckUser {
            search: Some(search),
        }),
        password: password.map(v2_password),
        ..v2::Checks::default()
    }
}

#[tokio::test]
async fn a_set_that_names_another_user_is_refused_alike_and_changes_nothing() {
    for access in ["token", "authenticated", "public"] {
        let app = App::with(&[("ACCESS", access)]).await;
        let (mini, other) = (app.user("mini").await, app.user("other").await);
        let inactive = app.user("inactive").await;
        let store = &app.store;
        store
            .set_user_state(&inactive, UserState::Inactive)
            .await
            .unwrap();
        let service = app.service(&Permission::ALL).await;
        let created = service.login(&mini).await;
        let own = Client::new(&app).bearing(&created.session_token);
        // One of them has a failed attempt, which a right guess must not reset.
        let failed = naming(
            Some(Search::LoginName(other.login_name.to_string())),
            Some("wrong"),
        );
        let failed = Create {
            checks: Some(failed),
            ..Create::default()
        };
        assert_eq!(code(&service.create(&failed).await), "COMMAND-3M0fs");
        let before = [
            app.raw_login(&other).await,
            app.raw_login(&inactive).await,
            app.raw_login(&mini).await,
        ];

        let mut answers = Vec::new();
        for client in [own, service] {
            let mut asked = Vec::new();
            for search in [
                Search::UserId(other.user_id.to_string()),
                Search::UserId(inactive.user_id.to_string()),
                Search::UserId(app.user_id("nobody").to_string()),
                Search::LoginName(other.login_name.to_string()),
                Search::LoginName(other.login_name.to_string().to_uppercase()),
                Search::LoginName(inactive.login_name.to_string()),
                Search::LoginName(app.login_name("nobody").to_string()),
            ] {
                for password in [None, Some("wrong"), Some(PASSWORD)] {
                    let versions = Version::ALL.into_iter().cycle();
                    for (wire, version) in Wire::ALL.into_iter().zip(versions) {
                        let client = client.over(wire, version);
                        let request = Set {
                            checks: Some(naming(Some(search.clone()), password)),
                            ..set(&created)
                        };
                        app.faults.clear();
                        app.logged();
                        let fault = client.set(&request).await.err().unwrap();
                        answers.push((fault.code, fault.message, fault.id));
                        asked.push(app.faults.actions());
                        let line = app.logged().pop().unwrap();
                        assert!(!line["hash_ms"].is_number());
                    }
                }
            }
            // The session and its own user, and the user of the bearer's session.
            asked.dedup();
            assert_eq!(asked.len(), 1, "{access}: {asked:?}");
            assert!(asked[0].iter().all(|action| action == "BatchGetItem"));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{access}: {answers:?}");
        assert_eq!(answers[0].0, 3);
        let after = [
            app.raw_login(&other).await,
            app.raw_login(&inactive).await,
            app.raw_login(&mini).await,
        ];
        assert_eq!(after, before, "{access}");
    }
}

/// An id and a login name of two different users name another user, even if one of the two is
/// the session's own.
#[tokio::test]
async fn a_set_may_name_its_own_user_by_id_by_name_or_by_both() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let all = app.service_account(&Permission::ALL, HOUR).await;
    let client = Client::new(&app).bearing(all.as_str());
    let created = client.login(&mini).await;
    let body = |id: &str, name: &str| {
        serde_json::json!({ "checks": {
            "user": { "userId": id, "loginName": name },
            "password": { "password": PASSWORD },
        } })
    };
    let (id, name) = (mini.user_id.as_str(), mini.login_name.as_str());
    for (body, want) in [
        (body(id, name), "ok"),
        (body(id, &name.to_uppercase()), "ok"),
        (body(id, other.login_name.as_str()), "code 3"),
        (body(other.user_id.as_str(), name), "code 3"),
        (body(id, "nobody@mouse.com"), "code 3"),
    ] {
        let mut request = crate::support::app::post(body.to_string());
        request.method = http::Method::PATCH;
        request.path = format!("/v2/sessions/{}", created.session_id);
        let bearer = format!("Bearer {}", all.as_str());
        let request = crate::support::app::header(request, "authorization", &bearer);
        let answer = app.send(request, client.now).await;
        assert_eq!(answer.outcome(), want, "{body}");
    }
    for search in [
        Search::LoginName(name.to_owned()),
        Search::UserId(id.to_owned()),
    ] {
        for password in [None, Some(PASSWORD)] {
            let request = Set {
                checks: Some(naming(Some(search.clone()), password)),
                ..of_session(&created.session_id)
            };
            assert_eq!(code(&client.set(&request).await), "ok");
        }
    }
}

/// This holds for a create, and for a Set of a session without a user.
#[tokio::test]
async fn logging_in_takes_create_access_and_naming_a_user_takes_session_write() {
    for (access, who, by_password, by_name) in [
        ("public", "nobody", "ok", "code 16"),
        ("public", "a user", "ok", "AUTH-5mWD2"),
        ("public", "a reader", "ok", "AUTH-5mWD2"),
        ("public", "a writer", "ok", "ok"),
        ("authenticated", "nobody", "code 16", "code 16"),
        ("authenticated", "a user", "ok", "AUTH-5mWD2"),
        ("authenticated", "a reader", "ok", "AUTH-5mWD2"),
        ("authenticated", "a writer", "ok", "ok"),
        ("token", "nobody", "code 16", "code 16"),
        ("token", "a user", "AUTH-5mWD2", "AUTH-5mWD2"),
        ("token", "a reader", "AUTH-5mWD2", "AUTH-5mWD2"),
        ("token", "a writer", "ok", "ok"),
    ] {
        let app = App::with(&[("ACCESS", access)]).await;
        let (mini, other) = (app.user("mini").await, app.user("other").await);
        let writer = app
            .service_account_named("writer", &[Permission::SessionWrite], HOUR)
            .await;
        let reader = app
            .service_account_named("reader", &[Permission::SessionRead], HOUR)
            .await;
        let service = Client::new(&app).bearing(writer.as_str());
        let login = service.login(&other).await;
        let client = match who {
            "nobody" => Client::new(&app),
            "a user" => Client::new(&app).bearing(&login.session_token),
            "a reader" => Client::new(&app).bearing(reader.as_str()),
            _ => service,
        };
        for (wire, version) in Wire::with_versions() {
            let client = client.over(wire, version);
            for (password, want) in [(Some(PASSWORD), by_password), (None, by_name)] {
                let what = format!("{access}, {who}, {wire:?} {version:?} {password:?}");
                let create = opening(&mini, password);
                assert_eq!(code(&client.create(&create).await), want, "{what}");

                let anonymous = service.create(&Create::default()).await.unwrap();
                let add = proving(&anonymous, checks(&mini, password));
                assert_eq!(code(&client.set(&add).await), want, "{what}");
            }
        }
    }
}

/// All that such a principal learns of any user is that the password is wrong.
#[tokio::test]
async fn without_session_write_failed_logins_cannot_be_told_apart() {
    for access in ["authenticated", "public"] {
        let app = App::with(&[("ACCESS", access), ("MAX_PASSWORD_ATTEMPTS", "1")]).await;
        let other = app.user("other").await;
        let mini = app.user("mini").await;
        let inactive = app.user("inactive").await;
        let store = &app.store;
        store
            .set_user_state(&inactive, UserState::Inactive)
            .await
            .unwrap();
        let service = app.service(&[Permission::SessionWrite]).await;
        let own = service.login(&other).await.session_token;
        let user = Client::new(&app).bearing(&own);
        for login in [&mini, &mini, &inactive] {
            let create = opening(login, Some("wrong"));
            app.logged();
            assert_eq!(code(&user.create(&create).await), "COMMAND-3M0fs");
            assert!(app.logged().pop().unwrap()["hash_ms"].is_number());

            let anonymous = service.create(&Create::default()).await.unwrap();
            let add = Set {
                checks: create.checks,
                ..set(&anonymous)
            };
            app.logged();
            assert_eq!(code(&user.set(&add).await), "COMMAND-3M0fs");
            assert!(app.logged().pop().unwrap()["hash_ms"].is_number());
        }
    }
}

/// A principal that may name users can create any number of such sessions.
#[tokio::test]
async fn sessions_without_a_password_do_not_hide_others_from_their_user() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let mini = app.user("mini").await;
    let client = app.service(&Permission::ALL).await;
    let login = client.login(&mini).await;
    let named = opening(&mini, None);
    let named = client.create(&named).await.unwrap();
    let own = Client::new(&app).bearing(&login.session_token);
    let by_user = crate::list::by_user(&mini);
    let by_id = crate::list::by_id(&named.session_id);

    for (who, client) in [("its user", own), ("a reader", client)] {
        let listed = client.list(&by_user).await.unwrap();
        let ids: Vec<_> = listed.sessions.iter().map(|one| &one.id).collect();
        assert_eq!(ids, [&login.session_id], "{who}");
        let listed = client.list(&by_id).await.unwrap();
        assert_eq!(listed.sessions.len(), 1, "{who}");
    }
    let all_own = own.list(&v2::ListSessionsRequest::default()).await.unwrap();
    assert_eq!(all_own.sessions.len(), 1);
    assert_eq!(app.sessions_of(&mini.user_id).await, [login.session_id]);

    // It is listed once its password was checked.
    let note = Set {
        metadata: metadata(&[("a", "1")]),

        ..of_session(&named.session_id)
    };
    client.set(&note).await.unwrap();
    assert_eq!(code(&own.get(&named.session_id, None).await), "ok");
    let prove = Set {
        checks: Some(naming(None, Some(PASSWORD))),

        ..of_session(&named.session_id)
    };
    client.set(&prove).await.unwrap();
    assert_eq!(client.list(&by_user).await.unwrap().sessions.len(), 2);
    assert_eq!(code(&own.delete(&named.session_id, None).await), "ok");
}

#[tokio::test]
async fn a_user_may_delete_a_session_that_only_names_that_user() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let client = app.service(&Permission::ALL).await;
    let named = opening(&mini, None);
    let named = client.create(&named).await.unwrap();
    for (login, want) in [(&other, "AUTH-5mWD2"), (&mini, "ok")] {
        let token = client.login(login).await.session_token;
        let user = Client::new(&app).bearing(&token);
        assert_eq!(code(&user.delete(&named.session_id, None).await), want);
    }
    let got = client.get(&named.session_id, None).await;
    assert_eq!(code(&got), "QUERY-SFeaa");
}
