//! Changes of users with second factors.

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{Totp, UserRef, UserSearch};
use sesame::store::{Alongside, ChangeOutcome};

use super::Place;
use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW};
use crate::support::second::{SECOND, sealed};

/// Factors under the key of a user who is added are left over from a former one.
#[tokio::test]
async fn a_user_who_is_added_has_no_factors_of_a_former_one() {
    let place = Place::new().await;
    let id = &place.mini.user_id;
    let key = AttributeValue::S(format!("FACTORS#{}", UserRef::from(id)));
    let (client, store) = (place.app.dynamodb(), &place.app.store);
    let users = &store.tables().users;
    let get = client.get_item().table_name(users).key("pk", key.clone());
    let left = get.send().await.unwrap().item.unwrap();
    let login = place.app.login("mini").await;
    assert!(store.delete_user(&login).await.unwrap());
    let put = client.put_item().table_name(users).set_item(Some(left));
    put.send().await.unwrap();

    place.app.user("mini").await;

    let get = client.get_item().table_name(users).key("pk", key);
    assert_eq!(get.send().await.unwrap().item, None);
}

/// An app that is set up while another change, too, gives the user the first factor.
#[tokio::test]
async fn the_first_factors_of_two_changes_are_not_mixed() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user("mini").await;
    let id = &mini.user_id;
    let search = UserSearch::Id(id.clone());
    let seen = app.store.read_user(&search).await.unwrap().unwrap();
    app.change_user(id, |account| account.factors.otp_sms = Some(NOW))
        .await;
    let mut after = seen.account.clone();
    after.factors.totp = Some(Totp {
        secret: sealed(id, &app.server_key()),
        last_step: 0,
        added_at: NOW,
    });
    let after = after.changed(NOW);

    let none = Alongside::default();
    let changed = app.store.change_account(&seen, &after, false, &none).await;

    assert_ne!(changed.unwrap(), ChangeOutcome::Done);
    assert_eq!(app.factors_of(id).await.totp, None);
}
