//! A list has all sessions that match, or it is refused.
//!
//! Time stands still in tests whose reads are so large that a slow machine would reach the time
//! limits of requests to the database. These have an emulator of their own: requests to another
//! process take time, and a clock that stands still jumps to the time limit meanwhile.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use sesame::api::proto::zitadel::object::v2::{ListQuery, TimestampQueryMethod as Method};
use sesame::api::proto::zitadel::session::v2::{
    CreateSessionRequest as Create, ListSessionsRequest as List,
};
use sesame::domain::{Permission, Session, SessionId, User};

use super::{created, found, ids, list, user};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Wire;
use crate::support::client::{Client, HOUR, checks, code};

/// Creates `count` sessions of `login` with `metadata`, each a second after the one before, and
/// returns their ids.
async fn many(client: Client<'_>, login: &User, metadata: &[u8], count: u64) -> Vec<String> {
    let open = Create {
        checks: Some(checks(login, Some(PASSWORD))),
        metadata: [("k".to_owned(), metadata.to_vec())].into(),
        ..Create::default()
    };
    let first = client.create(&open).await.unwrap().session_id;
    let store = &client.app.store;
    let like = store.get_session(first.parse().unwrap()).await;
    let like = like.unwrap().unwrap();
    let others = (1..count).map(|n| Session {
        id: SessionId::generate(),
        created_at: NOW.plus(Duration::from_secs(n)),
        ..like.clone()
    });
    let others: Vec<_> = others.collect();
    let written = iter(&others).for_each_concurrent(8, |session| async {
        store.insert_session(session).await.unwrap();
    });
    written.await;
    let others = others.iter().map(|session| session.id.to_string());
    std::iter::once(first).chain(others).collect()
}

fn page(login: &User, offset: u64, limit: u32, asc: bool) -> List {
    List {
        query: Some(ListQuery { offset, limit, asc }),
        ..list(&[user(login)])
    }
}

#[tokio::test]
async fn a_list_of_over_a_hundred_ids_is_refused() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    for (count, want, requests) in [(100, "ok", 1), (101, "code 3", 0)] {
        let drawn: Vec<_> = (0..count)
            .map(|_| SessionId::generate().to_string())
            .collect();
        app.faults.clear();
        let listed = client.list(&list(&[ids(&drawn)])).await;
        assert_eq!(code(&listed), want, "{count}");
        assert_eq!(app.faults.count("BatchGetItem"), requests, "{count}");
        // Texts that are no ids count as well.
        let none: Vec<_> = (0..count).map(|n| n.to_string()).collect();
        assert_eq!(code(&client.list(&list(&[ids(&none)])).await), want);
    }
}

/// An answer has at most 4 MiB, so it can't have 64 sessions with 64 KiB of metadata each.
#[tokio::test(start_paused = true)]
async fn a_page_is_whole_or_refused() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    many(client, &mini, &vec![0; 65_535], 66).await;
    let client = client.later(HOUR);

    for wire in Wire::ALL {
        let client = client.by(wire);
        for (offset, limit, want) in [
            (0, 0, None),
            (0, 1000, None),
            (0, 64, None),
            (60, 0, Some(6)),
            (0, 40, Some(40)),
        ] {
            let listed = client.list(&page(&mini, offset, limit, false)).await;
            match (listed, want) {
                (Ok(listed), Some(want)) => {
                    let (total, page) = found(&listed);
                    assert_eq!((total, page.len()), (66, want), "{wire:?}");
                }
                (Err(fault), None) => {
                    assert_eq!(fault.code, 8, "{wire:?}");
                    assert!(fault.message.contains("ask for fewer"), "{}", fault.message);
                }
                (listed, want) => {
                    let count = listed.map(|listed| listed.sessions.len());
                    panic!("{wire:?} {offset} {limit}: {count:?}, not {want:?}");
                }
            }
        }
    }
}

/// One call reads at most a thousand sessions of a user; no session is left out silently.
#[tokio::test(start_paused = true)]
async fn a_list_of_more_than_a_thousand_sessions_is_refused_until_it_is_narrowed() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    many(client, &mini, b"v", 1001).await;
    let client = client.later(HOUR);

    let fault = client.list(&list(&[user(&mini)])).await.err().unwrap();
    assert_eq!(fault.code, 8);
    assert!(fault.message.contains("narrow it"), "{}", fault.message);
    let mut narrowed = page(&mini, 0, 1000, false);
    let after_the_first = list(&[created(Method::Greater, NOW)]);
    narrowed.queries.extend(after_the_first.queries);
    let listed = client.list(&narrowed).await.unwrap();
    assert_eq!(found(&listed).0, 1000);
    assert_eq!(listed.sessions.len(), 1000);
}

/// There are more sessions than one request reads, and more than one answer has.
#[tokio::test]
async fn a_user_with_many_sessions_gets_all_of_them_in_order() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let of_mini = many(client, &mini, b"v", 230).await;
    let client = client.later(HOUR);

    for asc in [true, false] {
        let mut listed_ids = Vec::new();
        for offset in [0, 100, 200] {
            app.faults.clear();
            let listed = client.list(&page(&mini, offset, 0, asc)).await.unwrap();
            assert_eq!(app.faults.count("BatchGetItem"), 3);
            assert_eq!(found(&listed).0, 230);
            listed_ids.extend(listed.sessions.into_iter().map(|session| session.id));
        }
        if !asc {
            listed_ids.reverse();
        }
        assert_eq!(listed_ids, of_mini);
    }
}
