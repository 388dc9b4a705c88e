//! Repairs of users' items beside a service that writes them.

mod credentials;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{
    Account, Address as _, Contact, EmailAddress, LoginName, NewUser, Profile, UserId, UserRef,
    UserSearch, UserState,
};
use sesame::store::{Alongside, ChangeOutcome, Repair, Store, UserFault};

use crate::support::app::{App, NOW};
use crate::support::faults::Fault;

const EMAIL: &str = "EMAIL#ada@x.org";

fn ada(email: &str) -> Account {
    let new = NewUser {
        login_name: LoginName::parse("ada".to_owned()).unwrap(),
        user_id: UserId::parse("7".to_owned()).unwrap(),
        display_name: None,
        state: UserState::Active,
        password_hash: None,
        change_required: false,
        profile: Profile {
            email: Some(Contact {
                address: EmailAddress::parse(email).unwrap(),
                verified_at: None,
            }),
            ..Profile::default()
        },
    };
    Account::new(new, NOW)
}

fn key(pk: &str) -> HashMap<String, AttributeValue> {
    [("pk".to_owned(), AttributeValue::S(pk.to_owned()))].into()
}

async fn item(app: &App, pk: &str) -> Option<HashMap<String, AttributeValue>> {
    let get = app
        .dynamodb()
        .get_item()
        .table_name(&app.store.tables().users);
    get.set_key(Some(key(pk))).send().await.unwrap().item
}

async fn delete(app: &App, keys: &[String]) {
    for pk in keys {
        let delete = app.dynamodb().delete_item();
        let delete = delete.table_name(&app.store.tables().users);
        delete.set_key(Some(key(pk))).send().await.unwrap();
    }
}

async fn change(store: &Store, email: Option<&str>) {
    let search = UserSearch::Id(ada("ada@x.org").user.user_id);
    let seen = store.read_user(&search).await.unwrap().unwrap();
    let mut after = seen.account.clone();
    after.profile.email = email.and_then(|email| ada(email).profile.email);
    let changed = store
        .change_account(&seen, &after.changed(NOW), false, &Alongside::default())
        .await;
    assert_eq!(changed.unwrap(), ChangeOutcome::Done);
}

/// Each repair has read what it mends when the user is changed so that it is right.
#[tokio::test(start_paused = true)]
async fn a_repair_undoes_nothing_that_is_written_meanwhile() {
    let user = UserRef::from(&ada("ada@x.org").user.user_id);
    let address = EMAIL.to_owned();
    let as_left_by_older_releases = ["LOGIN#ada".to_owned(), format!("USER#{user}")];
    let left = UserFault::LeftAddress {
        address: address.clone(),
        user,
    };
    for (fault, before, after) in [
        (UserFault::LeftProfile(user), None, Some("ada@x.org")),
        (left.clone(), None, Some("ada@x.org")),
        (left, Some("other@x.org"), Some("ada@x.org")),
        (
            UserFault::LackingAddress { address, user },
            Some("ada@x.org"),
            None,
        ),
    ] {
        let app = App::emulated(&[]).await;
        let account = ada(before.unwrap_or("ada@x.org"));
        app.store.insert_account(&account, false).await.unwrap();
        if before.is_none() {
            delete(&app, &as_left_by_older_releases).await;
        } else if after.is_none() {
            delete(&app, &[EMAIL.to_owned()]).await;
        } else {
            let holders = AttributeValue::Ss(vec![user.to_string()]);
            let put = app
                .dynamodb()
                .put_item()
                .table_name(&app.store.tables().users);
            let put = put.set_item(Some(key(EMAIL))).item("holders", holders);
            put.send().await.unwrap();
        }
        assert!(app.store.is_fault(&fault).await.unwrap(), "{fault:?}");

        let (late, faults) = app.another_store();
        let delay = Fault::Delay(Duration::from_millis(200)).once();
        faults.inject(delay.for_action("TransactWriteItems"));
        let write = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if before.is_none() {
                app.store.insert_account(&account, false).await.unwrap();
            } else {
                change(&app.store, after).await;
            }
        };
        let (repair, ()) = tokio::join!(late.repair(&fault), write);

        assert_eq!(repair.unwrap(), Repair::Gone, "{fault:?}");
        let profile = item(&app, &format!("PROFILE#{user}")).await.unwrap();
        let email = profile
            .get("email")
            .map(|email| email.as_s().unwrap().as_str());
        assert_eq!(email, after, "{fault:?}");
        assert_eq!(
            item(&app, EMAIL).await.is_some(),
            after.is_some(),
            "{fault:?}"
        );
        assert!(app.store.scan_users().await.unwrap().faults().is_empty());
    }
}

/// Has the pointer name no second factors, as nothing of the service would.
async fn point_at_none(app: &App, user: UserRef) {
    let update = app.dynamodb().update_item();
    let update = update.table_name(&app.store.tables().users);
    let update = update.set_key(Some(key(&format!("USER#{user}"))));
    update
        .update_expression("REMOVE factors")
        .send()
        .await
        .unwrap();
}

/// The same for second factors: the user is changed, or added again, after the repair has read.
#[tokio::test(start_paused = true)]
async fn a_repair_of_factors_undoes_nothing_that_is_written_meanwhile() {
    let user = UserRef::from(&ada("ada@x.org").user.user_id);
    let mut account = ada("ada@x.org");
    account.factors.otp_email = Some(NOW);
    let left_by_older_releases = [
        "LOGIN#ada".to_owned(),
        format!("USER#{user}"),
        format!("PROFILE#{user}"),
        EMAIL.to_owned(),
    ];
    for (fault, kept) in [
        (UserFault::LeftFactors(user), true),
        (UserFault::OtherKinds(user), false),
    ] {
        let app = App::emulated(&[]).await;
        app.store.insert_account(&account, false).await.unwrap();
        if kept {
            delete(&app, &left_by_older_releases).await;
        } else {
            point_at_none(&app, user).await;
        }
        assert!(app.store.is_fault(&fault).await.unwrap(), "{fault:?}");
        assert_eq!(
            app.store.scan_users().await.unwrap().faults(),
            std::slice::from_ref(&fault)
        );

        let (late, faults) = app.another_store();
        let delay = Fault::Delay(Duration::from_millis(200)).once();
        faults.inject(delay.for_action("TransactWriteItems"));
        let write = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if kept {
                app.store.insert_account(&account, false).await.unwrap();
            } else {
                let id = ada("ada@x.org").user.user_id;
                app.change_user(&id, |account| account.factors.otp_email = None)
                    .await;
            }
        };
        let (repair, ()) = tokio::join!(late.repair(&fault), write);

        assert_eq!(repair.unwrap(), Repair::Gone, "{fault:?}");
        let factors = app.factors_of(&account.user.user_id).await;
        assert_eq!(factors.otp_email.is_some(), kept, "{fault:?}");
        assert!(app.store.scan_users().await.unwrap().faults().is_empty());
    }
}
