//! Lists that change, or are left.

use super::*;

/// A list that an older release has left isn't that of a user who is added under the same id.
#[tokio::test]
async fn a_user_who_is_added_has_no_list_of_before() {
    let world = World::new().await;
    world.delete_as_before().await;
    let mut account = world.before.clone();
    account.credentials = Credentials::default();
    let added = world.app.store.insert_account(&account, false).await;
    assert!(matches!(added.unwrap(), InsertOutcome::Inserted));
    assert_eq!(world.listed().await, []);

    // And one who is added with a credential that is there is refused.
    let mut taken = account.clone();
    taken.user.user_id = world.app.user_id("third");
    taken.user.login_name = world.app.login_name("third");
    taken.credentials = Credentials::default().with(world.passkey.clone(), "a key".to_owned());
    let added = world.app.store.insert_account(&taken, false).await;
    assert!(matches!(added.unwrap(), InsertOutcome::CredentialTaken));
}

/// What is written to the list while a credential is taken out of it stays.
#[tokio::test(start_paused = true)]
async fn a_name_that_is_given_meanwhile_stays() {
    let world = World::new().await;
    Broken::Lost.make(&world).await;
    let fault = Broken::Lost.faults(&world).remove(0);
    let (late, faults) = world.app.another_store();
    faults.delay("TransactWriteItems", 1, Duration::from_millis(200));
    let write = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let rename = |mut all: Credentials| {
            let kept = all.listed.iter_mut();
            kept.for_each(|one| "another name".clone_into(&mut one.name));
            all
        };
        world.change(rename).await;
    };

    let (repair, ()) = tokio::join!(late.repair(&fault), write);

    assert_eq!(repair.unwrap(), Repair::Mended);
    let listed = account(&world.app, &world.mini).await.credentials.listed;
    let names: Vec<_> = listed.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["another name"]);
    assert_eq!(world.faults().await, []);
}
