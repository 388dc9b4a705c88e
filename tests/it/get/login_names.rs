//! The login name of a session's user after a rename.

use sesame::api::proto::zitadel::session::v2::{self, SetSessionRequest as Set};
use sesame::domain::{Permission, User};

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD};
use crate::support::client::of_session;
use crate::support::client::{Client, HOUR, code, metadata, v2_password};

#[tokio::test]
async fn after_a_rename_a_session_has_the_current_login_name() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let all = app.service_account(&Permission::ALL, HOUR).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app).bearing(all.as_str());
    let created = client.login(&mini).await;
    let (id, token) = (&*created.session_id, &*created.session_token);
    let own = Client::new(&app).bearing(token);
    let renamed = app.login_name("maxi");
    let login = app.login("mini").await;
    assert!(
        app.store
            .rename_user(&login, renamed.clone())
            .await
            .unwrap()
    );
    // Another user has the former name.
    let other = User {
        user_id: app.user_id("heir"),
        ..mini.clone()
    };
    app.store.insert_user(&other).await.unwrap();
    let name = |session: &v2::Session| {
        let user = session.factors.as_ref().and_then(|all| all.user.as_ref());
        user.unwrap().login_name.clone()
    };

    for session in [
        client.get(id, Some(token)).await.unwrap(),
        client.get(id, None).await.unwrap(),
        own.get(id, None).await.unwrap(),
    ] {
        assert_eq!(name(&session), renamed.as_str());
    }
    for request in [crate::list::by_user(&mini), crate::list::by_id(id)] {
        let listed = client.list(&request).await.unwrap();
        assert_eq!(name(&listed.sessions[0]), renamed.as_str());
    }
    let noted = Set {
        metadata: metadata(&[("a", "1")]),
        ..of_session(id)
    };
    client.set(&noted).await.unwrap();
    let got = client.get(id, None).await.unwrap();
    assert_eq!(name(&got), renamed.as_str());

    // A request that names the user has to use the current name as well.
    for (search, want) in [(&mini.login_name, "code 3"), (&renamed, "ok")] {
        let search = v2::check_user::Search::LoginName(search.to_string());
        let checks = v2::Checks {
            user: Some(v2::CheckUser {
                search: Some(search),
            }),
            password: Some(v2_password(PASSWORD)),
            ..v2::Checks::default()
        };
        let request = Set {
            checks: Some(checks),
            ..of_session(id)
        };
        assert_eq!(code(&client.set(&request).await), want);
    }
}
