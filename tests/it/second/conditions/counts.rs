//! Attempts, tries of registrations, and codes of a day.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{
    Account, CodeId, FactorKind, OtpMethod, PendingTotp, SentOnDay, Timestamp, UserRef, WriteId,
    day_of,
};

use super::{Place, is_done, with_email};
use crate::support::administration::Administration as _;
use crate::support::app::NOW;
use crate::support::second::{give, sealed};

#[tokio::test]
async fn an_attempt_at_what_the_user_lacks_is_not_counted() {
    let place = Place::new().await;
    let id = &place.mini.user_id;
    for kind in FactorKind::ALL {
        let key = place.app.server_key();
        let all_but = |account: &mut Account| {
            account.factors = std::mem::take(&mut account.factors).removed();
            for other in FactorKind::ALL.into_iter().filter(|other| *other != kind) {
                give(&mut account.factors, other, id, &key);
            }
        };
        place.app.change_user(id, all_but).await;

        assert!(
            place.try_reserve(&FactorKind::ALL).await.is_none(),
            "{kind:?}"
        );
        assert_eq!(place.attempts().await, (0, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn an_attempt_is_given_back_once_and_only_if_it_is_the_last_one() {
    let place = Place::new().await;
    let store = &place.app.store;
    let id = &place.mini.user_id;
    let first = place.reserve().await;
    let second = place.reserve().await;

    store.return_factor_attempt(id, first.write).await.unwrap();
    assert_eq!(place.attempts().await, (2, 2), "another was reserved since");
    store.return_factor_attempt(id, second.write).await.unwrap();
    assert_eq!(place.attempts().await, (2, 1));
    store.return_factor_attempt(id, second.write).await.unwrap();
    assert_eq!(place.attempts().await, (2, 1), "it was given back");

    let used = with_email(place.reserve().await);
    assert!(is_done(&place.put(&used).await));
    store.return_factor_attempt(id, used.write).await.unwrap();
    assert_eq!(place.attempts().await, (3, 0), "it was forgiven");
}

/// A registration that isn't verified yet, with as many tries.
async fn register(place: &Place, tries: u32, expires_at: Timestamp) {
    let (id, key) = (&place.mini.user_id, place.app.server_key());
    let pending = |account: &mut Account| {
        account.factors.pending_totp = Some(PendingTotp {
            id: CodeId::generate(),
            secret: sealed(id, &key),
            tries,
            try_id: String::new(),
            expires_at,
        });
    };
    place.app.change_user(id, pending).await;
}

#[tokio::test]
async fn a_registration_is_tried_ten_times_within_ten_minutes() {
    let place = Place::new().await;
    let (store, id) = (&place.app.store, &place.mini.user_id);
    let end = NOW.plus(PendingTotp::LIFETIME);
    let milli = Duration::from_millis(1);
    for (tries, at, counts) in [
        (0, NOW, true),
        (9, NOW, true),
        (10, NOW, false),
        (0, end.minus(milli), true),
        (0, end, false),
    ] {
        register(&place, tries, end).await;
        let write = WriteId::generate();

        let tried = store.count_totp_try(id, write, at).await.unwrap();

        assert_eq!(tried.is_counted, counts, "{tries} {at:?}");
        let after = tries + u32::from(counts);
        let stored = place.factors().await.pending_totp.unwrap().tries;
        assert_eq!(stored, after, "{tries} {at:?}");
        // The request is sent again, because its answer was lost.
        let again = store.count_totp_try(id, write, at).await.unwrap();
        assert_eq!(again.is_counted, counts, "{tries} {at:?}");
        let stored = place.factors().await.pending_totp.unwrap().tries;
        assert_eq!(stored, after, "{tries} {at:?}");
    }
}

#[tokio::test]
async fn no_more_codes_are_sent_than_a_day_allows_however_many_count_at_once() {
    let place = Place::new().await;
    let (store, id) = (&place.app.store, &place.mini.user_id);
    let day = day_of(NOW);
    for method in OtpMethod::ALL {
        let stored = async || place.factors().await.sent.get(method);
        let count = async |seen: SentOnDay, day: i64| {
            let counted = store.count_sent_code(id, method, seen, day);
            counted.await.unwrap()
        };
        let none = SentOnDay::default();
        let max = SentOnDay::max(method);
        // All but the first have seen counts that are out of date.
        for n in 1..=max {
            assert!(count(none, day).await, "{n}");
            assert_eq!(stored().await, SentOnDay { day, count: n });
        }
        assert!(!count(none, day).await);
        let stale = SentOnDay { day, count: 1 };
        assert!(!count(stale, day).await);
        assert_eq!(stored().await, SentOnDay { day, count: max });

        // One of yesterday is not taken back from today.
        store.uncount_sent_code(id, method, day - 1).await.unwrap();
        assert_eq!(stored().await, SentOnDay { day, count: max });
        store.uncount_sent_code(id, method, day).await.unwrap();
        assert_eq!(stored().await.count, max - 1);

        // On the next day the count begins anew, for whoever has seen the same count as well.
        assert!(count(stored().await, day + 1).await);
        let yesterday = SentOnDay { day, count: 1 };
        assert!(count(yesterday, day + 1).await);
        let (day, count) = (day + 1, 2);
        assert_eq!(stored().await, SentOnDay { day, count });
        for _ in 0..3 {
            store.uncount_sent_code(id, method, day).await.unwrap();
        }
        assert_eq!(stored().await.count, 0, "no count is below none");
    }
}

#[tokio::test]
async fn a_code_that_is_counted_makes_no_factors_of_a_user_who_was_deleted() {
    let place = Place::new().await;
    let (store, id) = (&place.app.store, &place.mini.user_id);
    let login = place.app.login("mini").await;
    assert!(store.delete_user(&login).await.unwrap());

    let none = SentOnDay::default();
    let counted = store.count_sent_code(id, OtpMethod::Email, none, day_of(NOW));

    assert!(counted.await.is_err());
    let factors = AttributeValue::S(format!("FACTORS#{}", UserRef::from(id)));
    let get = place.app.dynamodb().get_item();
    let get = get.table_name(&store.tables().users).key("pk", factors);
    assert_eq!(get.send().await.unwrap().item, None);
}
