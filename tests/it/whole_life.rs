//! A session from its creation to its end, in each protocol and version.

use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, ListSessionsRequest as List, SetSessionRequest as Set,
};
use sesame::domain::Operation::CreateSession;
use sesame::domain::Permission;

use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Wire;
use crate::support::client::password_alone;
use crate::support::client::{checks, code, metadata, millis, sequence};

/// The session is created with a user, gets its password and metadata, and is read, listed and
/// deleted.
#[tokio::test]
async fn a_session_lives_from_create_to_delete_in_each_protocol_and_version() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.service(&[Permission::SessionWrite]).await;
    let mini = app.user("mini").await;
    for (wire, version) in Wire::with_versions() {
        let client = writer.over(wire, version);
        let what = format!("{wire:?} {version:?}");
        let open = Create {
            checks: Some(checks(&mini, None)),
            metadata: metadata(&[("a", "1"), ("b", "2")]),
            ..Create::default()
        };

        let answer = client.send(client.request(CreateSession, &open)).await;
        assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["x-request-id"], "request-1");
        let created = client.created(&answer).unwrap();
        assert_eq!(sequence(created.details.as_ref()), 4, "{what}");
        let id = &*created.session_id;
        let prove = Set {
            session_id: id.to_owned(),
            session_token: created.session_token.clone(),
            checks: Some(password_alone(PASSWORD)),
            metadata: metadata(&[("a", ""), ("c", "3")]),
            ..Set::default()
        };
        let second = Duration::from_secs(1);
        let changed = client.later(second).set(&prove).await.unwrap();
        assert_eq!(sequence(changed.details.as_ref()), 7, "{what}");
        let changed_at = millis(changed.details.unwrap().change_date.as_ref());
        assert_eq!(changed_at, NOW.plus(second), "{what}");
        let token = &*changed.session_token;

        let session = client.get(id, Some(token)).await.unwrap();
        assert_eq!(session.sequence, 7, "{what}");
        assert_eq!(session.metadata, metadata(&[("b", "2"), ("c", "3")]));
        assert_eq!(millis(session.creation_date.as_ref()), NOW);
        assert_eq!(millis(session.change_date.as_ref()), NOW.plus(second));
        let factors = session.factors.clone().unwrap();
        let user = factors.user.unwrap();
        assert_eq!(user.id, mini.user_id.as_str());
        assert_eq!(user.login_name, mini.login_name.as_str());
        assert_eq!(user.display_name, "Mini Mouse");
        assert_eq!(millis(user.verified_at.as_ref()), NOW);
        let password = factors.password.unwrap();
        assert_eq!(millis(password.verified_at.as_ref()), NOW.plus(second));
        let is_later = version > Version::V2alpha;
        assert_eq!(user.organization_id.is_empty(), !is_later, "{what}");
        let end = session.expiration_date.as_ref();
        assert_eq!(end.is_some(), is_later, "{what}");

        let ids = v2::IDsQuery {
            ids: vec![id.to_owned(), "1".to_owned()],
        };
        let query = v2::search_query::Query::IdsQuery(ids);
        let by_id = List {
            queries: vec![v2::SearchQuery { query: Some(query) }],
            ..List::default()
        };
        let listed = client.list(&by_id).await.unwrap();
        let details = listed.details.unwrap();
        assert_eq!((details.total_result, details.processed_sequence), (1, 7));
        assert!(listed.sessions == [session], "{what}");

        let ended = client.delete(id, Some(token)).await.unwrap();
        assert_eq!(sequence(ended.details.as_ref()), 8, "{what}");
        assert_eq!(code(&client.get(id, Some(token)).await), "QUERY-SFeaa");
        let again = client.delete(id, Some(token)).await.unwrap();
        assert!(again == ended, "{what}");
        let late = Set {
            session_token: token.to_owned(),
            ..prove
        };
        assert_eq!(code(&client.set(&late).await), "COMMAND-Hewfq", "{what}");
        assert!(client.list(&by_id).await.unwrap().sessions.is_empty());
    }
}
