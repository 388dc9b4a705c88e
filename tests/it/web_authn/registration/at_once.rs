//! Registrations, removals and deletions at once.
//!
//! Each request to the database takes its time, so that all of these calls have read before the first
//! of them writes.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::json;
use sesame::domain::{
    CredentialId, Credentials, Operation, UserHandle, UserId, UserRef, UserSearch,
};
use sesame::store::{Alongside, ChangeOutcome};

use super::{
    Begun, Kind, add, administrator, authenticator, begin, begin_with, methods, outcome, passkeys,
    register, start,
};
use crate::support::app::{App, NOW};
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::web_authn::ORIGIN;

/// What a call answers that others kept from writing.
const CHANGED: &str = "code 10";
const TAKEN: &str = "WEBAU-3Vb9s";
const NONE: &str = "WEBAU-5M9so";
const TOO_MANY: &str = "SESAME-Kmax1";

fn slow(app: &App) {
    app.faults.clear();
    app.faults
        .inject(Fault::Delay(Duration::from_millis(5)).times(usize::MAX));
}

async fn credentials(app: &App, user: &str) -> Credentials {
    let user = UserId::parse(user.to_owned()).unwrap();
    app.store.get_credentials(&user).await.unwrap()
}

async fn is_sound(app: &App) {
    let faults = app.store.scan_users().await.unwrap();
    assert_eq!(faults.faults(), []);
}

/// Five registrations of each kind.
async fn begin_all(admin: Client<'_>, user: &str) -> Vec<Begun> {
    let mut begun = Vec::new();
    for _ in 0..5 {
        for kind in Kind::ALL {
            begun.push(begin(admin, kind, user).await);
        }
    }
    begun
}

fn count(outcomes: &[String], wanted: &str) -> usize {
    outcomes.iter().filter(|one| *one == wanted).count()
}

#[tokio::test(start_paused = true)]
async fn one_of_fifty_registers_a_credential_of_two_users() {
    let app = start().await;
    let admin = administrator(&app).await;
    let users = [add(admin, "mini").await, add(admin, "other").await];
    let mut begun = Vec::new();
    for user in &users {
        begun.extend(begin_all(admin, user).await);
    }
    let authenticator = authenticator();
    let answers: Vec<_> = begun
        .iter()
        .map(|one| (one, authenticator.clone().register(&one.options, ORIGIN)))
        .collect();
    slow(&app);

    let calls = answers.iter().cycle().take(50);
    let outcomes = join_all(calls.map(|(begun, answer)| begun.complete(admin, answer))).await;

    assert_eq!(count(&outcomes, "ok"), 1, "{outcomes:?}");
    let refused = [TAKEN, NONE, CHANGED].map(|one| count(&outcomes, one));
    assert_eq!(refused.iter().sum::<usize>(), 49, "{outcomes:?}");
    app.faults.clear();
    let mut listed = 0;
    for user in &users {
        listed += credentials(&app, user).await.listed.len();
    }
    assert_eq!(listed, 1);
    is_sound(&app).await;
    let id = CredentialId::new(authenticator.id.clone()).unwrap();
    let stored = app.store.get_credential(id.hash()).await.unwrap().unwrap();
    let owner = stored.user.as_str();
    assert_eq!(credentials(&app, owner).await.listed.len(), 1);

    // Whoever was kept from writing is refused as well.
    for (begun, answer) in &answers {
        let again = begun.complete(admin, answer).await;
        assert!(again == TAKEN || again == NONE, "{again}");
        assert!(credentials(&app, &begun.user).await.pending.len() < 10);
    }
    is_sound(&app).await;
}

#[tokio::test(start_paused = true)]
async fn twenty_registrations_at_once_end_at_the_limit() {
    for has in [11, 16, 19] {
        let app = start().await;
        let admin = administrator(&app).await;
        let user = add(admin, "mini").await;
        for n in 0..has {
            register(admin, Kind::ALL[n % 2], &user).await;
        }
        let begun = begin_all(admin, &user).await;
        slow(&app);

        let complete = join_all(begun.iter().map(|one| one.complete_rightly(admin)));
        let more = join_all((0..10).map(async |n| {
            let begun = begin_with(admin, Kind::ALL[n % 2], &user, json!({})).await;
            begun.err().unwrap_or_else(|| "ok".to_owned())
        }));
        let (completed, begun_again) = tokio::join!(complete, more);

        app.faults.clear();
        let registered = count(&completed, "ok");
        let listed = credentials(&app, &user).await.listed;
        assert_eq!(listed.len(), has + registered, "{completed:?}");
        assert!(listed.len() <= 20 && registered > 0, "{completed:?}");
        let known = [TOO_MANY, NONE, CHANGED, "ok"].map(|one| count(&completed, one));
        assert_eq!(known.iter().sum::<usize>(), 10, "{completed:?}");
        let known = [TOO_MANY, CHANGED, "ok"].map(|one| count(&begun_again, one));
        assert_eq!(known.iter().sum::<usize>(), 10, "{begun_again:?}");
        is_sound(&app).await;

        for one in &begun {
            one.complete_rightly(admin).await;
        }
        let listed = credentials(&app, &user).await.listed.len();
        assert!((has + registered..=20).contains(&listed), "{listed}");
        is_sound(&app).await;
    }
}

/// The first of two calls has read, and writes only after the second.
async fn overtaken<A, B>(
    app: &App,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    app.faults.clear();
    app.faults
        .delay("TransactWriteItems", 1, Duration::from_millis(100));
    let second = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        second.await
    };
    tokio::join!(first, second)
}

#[tokio::test(start_paused = true)]
async fn a_removal_and_a_registration_at_once_are_both_made() {
    for kind in Kind::ALL {
        for removal_is_first in [true, false] {
            let app = start().await;
            let admin = administrator(&app).await;
            let user = add(admin, "mini").await;
            let (old, _) = register(admin, Kind::Passkey, &user).await;
            let begun = begin(admin, kind, &user).await;
            let remove = async {
                let message = json!({ "userId": user, "passkeyId": old });
                outcome(&admin.ask(Operation::RemovePasskey, message).await)
            };
            let complete = begun.complete_rightly(admin);

            let outcomes = if removal_is_first {
                overtaken(&app, remove, complete).await
            } else {
                let (completed, removed) = overtaken(&app, complete, remove).await;
                (removed, completed)
            };

            let about = format!("{kind:?} {removal_is_first}");
            assert_eq!(outcomes, ("ok".to_owned(), "ok".to_owned()), "{about}");
            let listed = credentials(&app, &user).await.listed;
            assert_eq!(listed.len(), 1, "{about}");
            assert_eq!(listed[0].registration.to_string(), begun.id, "{about}");
            let want = ["PASSWORD", kind.method()];
            assert_eq!(methods(admin, &user).await, want, "{about}");
            is_sound(&app).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_deleted_meanwhile_leaves_no_credential() {
    for deletion_is_first in [true, false] {
        let app = start().await;
        let admin = administrator(&app).await;
        let user = add(admin, "mini").await;
        register(admin, Kind::U2f, &user).await;
        let begun = begin(admin, Kind::Passkey, &user).await;
        let delete = async {
            let message = json!({ "userId": user });
            outcome(&admin.ask(Operation::DeleteUser, message).await)
        };
        let complete = begun.complete_rightly(admin);

        let (deleted, completed) = if deletion_is_first {
            overtaken(&app, delete, complete).await
        } else {
            let (completed, deleted) = overtaken(&app, complete, delete).await;
            (deleted, completed)
        };

        assert_eq!(deleted, "ok");
        let want = if deletion_is_first {
            "ok"
        } else {
            "COMMAND-4g3xq"
        };
        assert_eq!(completed, want);
        assert_eq!(credentials(&app, &user).await, Credentials::default());
        assert_eq!(credential_items(&app).await, BTreeSet::new());
        is_sound(&app).await;
    }
}

/// The keys of the items of credentials and of their lists.
async fn credential_items(app: &App) -> BTreeSet<String> {
    let scanned = app
        .dynamodb()
        .scan()
        .table_name(&app.store.tables().users)
        .send()
        .await
        .unwrap();
    let keys = scanned
        .items()
        .iter()
        .map(|item| item["pk"].as_s().unwrap());
    keys.filter(|key| key.starts_with("KEYS#") || key.starts_with("CREDENTIAL#"))
        .cloned()
        .collect()
}

/// Items are not read at one instant: what the pointer is to say follows from the list as well.
#[tokio::test]
async fn a_change_of_the_list_or_of_kinds_needs_the_list_as_it_was_read() {
    let app = start().await;
    let admin = administrator(&app).await;
    for has_list in [true, false] {
        let id = add(admin, &format!("{has_list}")).await;
        if has_list {
            register(admin, Kind::Passkey, &id).await;
        }
        let id = UserId::parse(id).unwrap();
        let search = UserSearch::Id(id.clone());
        let seen = app.store.read_user(&search).await.unwrap().unwrap();
        let user = UserRef::from(&id);
        let key = AttributeValue::S(format!("KEYS#{user}"));
        let update = app.dynamodb().update_item();
        let update = update.table_name(&app.store.tables().users).key("pk", key);
        let update = update.update_expression("SET version = :version");
        let update = update.expression_attribute_values(":version", AttributeValue::N("77".into()));
        update.send().await.unwrap();

        let none = Alongside::default();
        let mut renamed = seen.account.clone();
        renamed.user.display_name = None;
        let mut given = seen.account.clone();
        given.factors.otp_email = Some(NOW);
        let mut listed = seen.account.clone();
        listed.credentials.handle = Some(UserHandle([1; 16]));
        assert!(
            !app.store.delete_account(&seen).await.unwrap(),
            "{has_list}"
        );
        for (after, want) in [
            (given, ChangeOutcome::Changed),
            (listed, ChangeOutcome::Changed),
            (renamed, ChangeOutcome::Done),
        ] {
            let after = after.changed(NOW);
            let changed = app.store.change_account(&seen, &after, false, &none).await;
            assert_eq!(changed.unwrap(), want, "{has_list}");
        }
    }
}

/// After a restore in part, a list may name a credential that is another user's by now.
#[tokio::test]
async fn a_credential_is_removed_from_its_own_user_alone() {
    let app = start().await;
    let admin = administrator(&app).await;
    let mini = add(admin, "mini").await;
    let other = add(admin, "other").await;
    let (registration, authenticator) = register(admin, Kind::Passkey, &mini).await;
    let hash = CredentialId::new(authenticator.id).unwrap().hash();
    let key = AttributeValue::S(format!("CREDENTIAL#{hash}"));
    let update = app.dynamodb().update_item();
    let update = update.table_name(&app.store.tables().users).key("pk", key);
    let update = update.update_expression("SET owner_id = :other");
    let update = update.expression_attribute_values(":other", AttributeValue::S(other.clone()));
    update.send().await.unwrap();

    let remove = json!({ "userId": mini, "passkeyId": registration });
    for (call, message) in [
        (Operation::RemovePasskey, remove.clone()),
        (Operation::DeleteUser, json!({ "userId": mini })),
    ] {
        let refused = outcome(&admin.ask(call, message).await);
        assert_eq!(refused, CHANGED, "{call:?}");
        let stored = app.store.get_credential(hash).await.unwrap().unwrap();
        assert_eq!(stored.user.as_str(), other, "{call:?}");
    }
    // The repair mends both lists, and then each of them is done.
    let faults = app.store.scan_users().await.unwrap();
    for fault in faults.faults() {
        app.store.repair(&fault).await.unwrap();
    }
    is_sound(&app).await;
    assert_eq!(passkeys(admin, &mini).await, Vec::<String>::new());
    let deleted = admin.ask(Operation::DeleteUser, json!({ "userId": mini }));
    assert_eq!(outcome(&deleted.await), "ok");
}
