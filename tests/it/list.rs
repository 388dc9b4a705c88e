mod filters;
mod limits;

use std::time::Duration;

use sesame::api::proto::zitadel::object::v2::{ListQuery, TimestampQueryMethod as Method};
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, ListSessionsRequest as List, search_query::Query,
};
use sesame::domain::{Permission, Timestamp, User};

use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Wire;
use crate::support::client::{Client, HOUR, code, device, opening};

fn list(queries: &[Query]) -> List {
    let queries = queries.iter().cloned();
    List {
        queries: queries
            .map(|query| v2::SearchQuery { query: Some(query) })
            .collect(),
        ..List::default()
    }
}

fn ids<'a>(ids: impl IntoIterator<Item = &'a String>) -> Query {
    let ids = ids.into_iter().cloned().collect();
    Query::IdsQuery(v2::IDsQuery { ids })
}

fn user(login: &User) -> Query {
    let id = login.user_id.to_string();
    Query::UserIdQuery(v2::UserIdQuery { id })
}

pub fn by_user(login: &User) -> List {
    list(&[user(login)])
}

pub fn by_id(id: &str) -> List {
    list(&[ids(&[id.to_owned()])])
}

fn time(at: Timestamp) -> prost_types::Timestamp {
    let millis = at.as_millis();
    prost_types::Timestamp {
        seconds: millis / 1000,
        nanos: i32::try_from(millis % 1000).unwrap() * 1_000_000,
    }
}

fn created(method: Method, at: Timestamp) -> Query {
    Query::CreationDateQuery(v2::CreationDateQuery {
        creation_date: Some(time(at)),
        method: method.into(),
    })
}

fn expires(method: Method, at: Timestamp) -> Query {
    Query::ExpirationDateQuery(v2::ExpirationDateQuery {
        expiration_date: Some(time(at)),
        method: method.into(),
    })
}

fn creator(id: Option<&str>) -> Query {
    let id = id.map(str::to_owned);
    Query::CreatorQuery(v2::CreatorQuery { id })
}

fn agent(id: Option<&str>) -> Query {
    let fingerprint_id = id.map(str::to_owned);
    Query::UserAgentQuery(v2::UserAgentQuery { fingerprint_id })
}

fn found(listed: &v2::ListSessionsResponse) -> (u64, Vec<&str>) {
    let total = listed.details.as_ref().unwrap().total_result;
    let ids = listed.sessions.iter().map(|session| session.id.as_str());
    (total, ids.collect())
}

/// Creates sessions of `login`, a second apart, with the device `f-` and their number.
async fn sessions(client: Client<'_>, login: &User, count: u64) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let open = Create {
            user_agent: Some(device(&format!("f-{n}"))),
            ..opening(login, Some(PASSWORD))
        };
        let created = client.later(Duration::from_secs(n)).create(&open).await;
        ids.push(created.unwrap().session_id);
    }
    ids
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let of_mini = sessions(client, &mini, 5).await;
    let client = client.later(HOUR);

    for queries in [[user(&mini)], [ids(&of_mini)]] {
        for (offset, limit, asc, want) in [
            (0, 0, true, &[0, 1, 2, 3, 4][..]),
            (0, 0, false, &[4, 3, 2, 1, 0]),
            (0, 2, true, &[0, 1]),
            (2, 2, true, &[2, 3]),
            (4, 2, true, &[4]),
            (1, 2, false, &[3, 2]),
            (5, 2, true, &[]),
            (u64::MAX, 1000, true, &[]),
            (0, 1000, true, &[0, 1, 2, 3, 4]),
        ] {
            let request = List {
                query: Some(ListQuery { offset, limit, asc }),
                ..list(&queries)
            };
            for wire in Wire::ALL {
                let listed = client.by(wire).list(&request).await.unwrap();
                let want: Vec<_> = want.iter().map(|&n: &usize| of_mini[n].as_str()).collect();
                assert_eq!(found(&listed), (5, want), "{wire:?} {offset} {limit} {asc}");
                let details = listed.details.unwrap();
                let timestamp = crate::support::client::millis(details.timestamp.as_ref());
                assert_eq!(timestamp, NOW.plus(HOUR));
                let highest = listed.sessions.iter().map(|session| session.sequence).max();
                assert_eq!(details.processed_sequence, highest.unwrap_or_default());
            }
        }
    }
}

#[tokio::test]
async fn expired_deleted_and_ended_sessions_are_not_listed() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let of_mini = sessions(client, &mini, 3).await;
    let of_other = sessions(client, &other, 1).await;
    client.delete(&of_mini[1], None).await.unwrap();
    let everything = ids(of_mini.iter().chain(&of_other));
    let last = NOW.plus(HOUR * 24);

    // The first one expires at this very millisecond; the second was deleted.
    for (now, want) in [
        (last.minus(Duration::from_millis(1)), 3),
        (last, 1),
        (last.plus(Duration::from_secs(2)), 0),
    ] {
        let request = list(std::slice::from_ref(&everything));
        let listed = client.at(now).list(&request).await.unwrap();
        assert_eq!(found(&listed).0, want, "{now:?}");
    }
    assert!(
        app.store
            .end_sessions(&app.login("mini").await)
            .await
            .unwrap()
    );
    for queries in [[everything], [user(&mini)]] {
        let listed = client.list(&list(&queries)).await.unwrap();
        let want = u64::from(matches!(queries, [Query::IdsQuery(_)]));
        assert_eq!(found(&listed).0, want);
    }
}

#[tokio::test]
async fn a_list_has_only_the_sessions_that_the_principal_may_read() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let mini = app.user("mini").await;
    let other = app.user("other").await;
    let tokens = [
        app.service_account_named("maker", &[Permission::SessionWrite], HOUR)
            .await,
        app.service_account_named("stranger", &[Permission::SessionWrite], HOUR)
            .await,
    ];
    let [maker, stranger] = tokens
        .each_ref()
        .map(|token| Client::new(&app).bearing(token.as_str()));
    let made = sessions(maker, &mini, 2).await;
    let of_stranger = sessions(stranger, &mini, 1).await;
    let of_other = sessions(maker, &other, 1).await;
    let login = maker.login(&mini).await;
    let own = Client::new(&app).bearing(&login.session_token);
    let everything = ids(made.iter().chain(&of_stranger).chain(&of_other));

    for (who, client, by_user, by_ids) in [
        ("maker", maker, None, 3),
        ("stranger", stranger, None, 1),
        ("its own user", own, Some(4), 3),
    ] {
        let listed = client.list(&list(&[user(&mini)])).await;
        match by_user {
            None => assert_eq!(code(&listed), "AUTH-5mWD2", "{who}"),
            Some(count) => assert_eq!(found(&listed.unwrap()).0, count, "{who}"),
        }
        let listed = client.list(&list(std::slice::from_ref(&everything))).await;
        assert_eq!(found(&listed.unwrap()).0, by_ids, "{who}");
    }
    // This is refused whatever else is asked for, and before anything is read.
    for queries in [
        vec![user(&other)],
        vec![user(&mini), user(&other)],
        vec![everything, user(&other)],
        vec![ids(&[]), user(&other)],
    ] {
        app.faults.clear();
        let listed = own.list(&list(&queries)).await;
        assert_eq!(code(&listed), "AUTH-5mWD2");
        assert_eq!(app.faults.count("Query"), 0);
    }
}

#[tokio::test]
async fn only_a_user_may_list_without_a_filter() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let all = app.service_account(&Permission::ALL, HOUR * 48).await;
    let writer = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let mini = app.user("mini").await;
    let service = Client::new(&app).bearing(all.as_str());
    let of_mini = sessions(service, &mini, 2).await;
    let open = Create {
        user_agent: Some(device("f-1")),
        ..opening(&mini, Some(PASSWORD))
    };
    let login = service.create(&open).await.unwrap();
    let own = Client::new(&app).bearing(&login.session_token);

    assert_eq!(found(&own.list(&List::default()).await.unwrap()).0, 3);
    let since = created(Method::Greater, NOW);
    assert_eq!(found(&own.list(&list(&[since])).await.unwrap()).0, 1);
    assert_eq!(
        found(&own.list(&list(&[creator(None)])).await.unwrap()).0,
        0
    );
    let listed = own.list(&list(&[agent(None)])).await.unwrap();
    let mut devices = found(&listed).1;
    devices.sort_unstable();
    let mut want = [of_mini[1].as_str(), &login.session_id];
    want.sort_unstable();
    assert_eq!(devices, want);

    for token in [&all, &writer] {
        for queries in [&[][..], &[creator(None)], &[agent(Some("f-1"))]] {
            for wire in Wire::ALL {
                let client = Client::new(&app).bearing(token.as_str()).by(wire);
                let fault = client.list(&list(queries)).await.err().unwrap();
                assert_eq!(fault.code, 3, "{wire:?}");
                for name in ["ids_query", "user_id_query"] {
                    assert!(fault.message.contains(name), "{}", fault.message);
                }
            }
        }
    }
}
