use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::object::v2::TimestampQueryMethod as Method;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, ListSessionsRequest as List, search_query::Query,
};
use sesame::domain::{Permission, SessionId, Timestamp, User};
use sesame::token::ServiceAccountToken;

use super::{agent, created, creator, expires, found, ids, list, sessions, user};
use crate::support::app::{App, NOW};
use crate::support::client::Wire;
use crate::support::client::{Client, HOUR};

/// Four sessions of one user and two of another, created a second apart, an anonymous one, and
/// the principal that created all of them.
struct Found {
    app: App,
    creator_token: ServiceAccountToken,
    mini: User,
    other: User,
    of_mini: Vec<String>,
    of_other: Vec<String>,
    anonymous: String,
}

impl Found {
    async fn start() -> Self {
        let app = App::with(&[("ACCESS", "token")]).await;
        let creator_token = app.service_account(&Permission::ALL, HOUR * 48).await;
        let (mini, other) = (app.user("mini").await, app.user("other").await);
        let client = Client::new(&app).bearing(creator_token.as_str());
        Self {
            of_mini: sessions(client, &mini, 4).await,
            of_other: sessions(client, &other, 2).await,
            anonymous: client.create(&Create::default()).await.unwrap().session_id,
            app,
            creator_token,
            mini,
            other,
        }
    }

    /// The ids of mini's sessions, the newest first.
    fn newest(&self) -> [&str; 4] {
        [3, 2, 1, 0].map(|n: usize| self.of_mini[n].as_str())
    }

    fn several(&self) -> Query {
        let some = self
            .of_mini
            .iter()
            .chain([&self.of_other[0], &self.anonymous]);
        ids(some)
    }

    async fn finds(&self, what: &str, queries: &[Query], want: &[&str]) {
        for wire in Wire::ALL {
            let client = Client::new(&self.app)
                .bearing(self.creator_token.as_str())
                .by(wire);
            let client = client.later(Duration::from_mins(1));
            let listed = client.list(&list(queries)).await.unwrap();
            let want = (want.len() as u64, want.to_vec());
            assert_eq!(found(&listed), want, "{what} {wire:?}");
        }
    }
}

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

#[tokio::test]
async fn sessions_are_found_by_id_and_by_user() {
    let of = Found::start().await;
    let [a, b, c, d] = of.newest();
    let nobody = SessionId::generate().to_string();
    let (mini, other) = (user(&of.mini), user(&of.other));
    let (first, one_of_other) = (&of.of_mini[0], &of.of_other[1]);
    let second_of_each = ids([&of.of_mini[1], one_of_other]);

    for (what, queries, want) in [
        ("no ids", vec![ids([])], vec![]),
        ("an id that is none", vec![ids([&"1".to_owned()])], vec![]),
        ("ids", vec![ids([first, &nobody])], vec![d]),
        ("an id twice", vec![ids([first, first])], vec![d]),
        (
            "of many",
            vec![ids([one_of_other, first])],
            vec![one_of_other, d],
        ),
        ("a user", vec![mini.clone()], vec![a, b, c, d]),
        ("two users", vec![mini.clone(), other], vec![]),
        ("ids and a user", vec![of.several(), mini], vec![a, b, c, d]),
        ("ids twice", vec![of.several(), second_of_each], vec![c]),
    ] {
        of.finds(what, &queries, &want).await;
    }
}

#[tokio::test]
async fn sessions_are_found_by_date_to_the_millisecond() {
    use Method::{Equals, Greater, GreaterOrEquals, Less, LessOrEquals};

    let of = Found::start().await;
    let [a, b, c, d] = of.newest();
    let end = |seconds| at(seconds).plus(HOUR * 24);
    let is = |method, seconds| created(method, at(seconds));

    for (what, queries, want) in [
        ("later", &[is(Greater, 1)][..], &[a, b][..]),
        ("not earlier", &[is(GreaterOrEquals, 1)], &[a, b, c]),
        ("earlier", &[is(Less, 1)], &[d]),
        ("not later", &[is(LessOrEquals, 1)], &[c, d]),
        ("at", &[is(Equals, 2)], &[b]),
        ("between", &[is(Greater, 0), is(Less, 3)], &[b, c]),
        ("nowhere", &[is(Greater, 2), is(Less, 1)], &[]),
        ("expiring later", &[expires(Greater, end(2))], &[a]),
        ("expiring at", &[expires(Equals, end(1))], &[c]),
    ] {
        for scope in [user(&of.mini), ids(&of.of_mini)] {
            let queries = [&[scope], queries].concat();
            of.finds(what, &queries, want).await;
        }
    }
}

#[tokio::test]
async fn sessions_are_found_by_creator_and_by_device() {
    let of = Found::start().await;
    let [a, b, c, d] = of.newest();

    let other = of.mini.user_id.as_str();

    for (what, query, want) in [
        ("by the principal", creator(None), vec![a, b, c, d]),
        ("by another", creator(Some(other)), vec![]),
        ("by nobody", creator(Some("")), vec![]),
        ("a device", agent(Some("f-2")), vec![b]),
        ("no device", agent(Some("")), vec![]),
        ("the principal's device", agent(None), vec![]),
    ] {
        of.finds(what, &[user(&of.mini), query], &want).await;
    }
}

#[tokio::test]
async fn an_empty_filter_finds_nothing() {
    let of = Found::start().await;
    let empty = v2::SearchQuery { query: None };
    for queries in [
        vec![empty.clone()],
        [list(&[user(&of.mini)]).queries, vec![empty]].concat(),
    ] {
        for wire in Wire::ALL {
            let client = Client::new(&of.app)
                .bearing(of.creator_token.as_str())
                .by(wire);
            let request = List {
                queries: queries.clone(),
                ..List::default()
            };
            let listed = client.list(&request).await.unwrap();
            assert_eq!(found(&listed), (0, vec![]), "{wire:?}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_a_version_does_not_know_finds_nothing() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let of_mini = sessions(client, &mini, 1).await;
    let by_ids = ids(&of_mini);
    // To a version that doesn't know a filter, it is an empty filter.
    let with = |filter| vec![by_ids.clone(), filter];
    for (queries, found_by) in [
        (vec![by_ids.clone()], [1, 1, 1]),
        (vec![user(&mini)], [0, 1, 1]),
        (with(created(Method::Equals, NOW)), [0, 1, 1]),
        (with(creator(None)), [0, 0, 1]),
        (with(agent(Some("f-0"))), [0, 0, 1]),
        (with(expires(Method::Greater, NOW)), [0, 0, 1]),
    ] {
        for wire in Wire::ALL {
            for (version, want) in Version::ALL.into_iter().zip(found_by) {
                let client = client.over(wire, version);
                let listed = client.list(&list(&queries)).await.unwrap();
                assert_eq!(found(&listed).0, want, "{wire:?} {version:?}");
            }
        }
    }
}
