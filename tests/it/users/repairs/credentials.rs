//! Credentials that disagree with their users: how they are found and mended, beside a service that
//! writes them.

mod lists;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{
    Account, Credential, CredentialHash, CredentialId, CredentialKind, Credentials, FactorKinds,
    User, UserRef, UserSearch,
};
use sesame::store::{InsertOutcome, Repair, UserFault};

use super::{delete, item};
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::faults::Fault;
use crate::support::keys::KEYS;

/// Two users, of whom the first has a passkey and a security key.
struct World {
    app: App,
    mini: User,
    other: User,
    passkey: Credential,
    /// What was stored before anything was broken.
    before: Account,
    items: Vec<HashMap<String, AttributeValue>>,
}

fn hash(key: &Authenticator) -> CredentialHash {
    CredentialId::new(key.id.clone()).unwrap().hash()
}

impl World {
    async fn new() -> Self {
        let app = App::emulated(&KEYS).await;
        let mini = app.user("mini").await;
        let other = app.user("other").await;
        let passkey = app.key(&mini, CredentialKind::Passkey).await;
        app.key(&mini, CredentialKind::U2f).await;
        let passkey = app.store.get_credential(hash(&passkey)).await.unwrap();
        let mut world = Self {
            before: account(&app, &mini).await,
            passkey: passkey.unwrap(),
            items: Vec::new(),
            app,
            mini,
            other,
        };
        for key in world.keys() {
            world.items.extend(item(&world.app, &key).await);
        }
        world
    }

    fn user(&self) -> UserRef {
        UserRef::from(&self.mini.user_id)
    }

    fn login(&self) -> String {
        format!("LOGIN#{}", self.mini.login_name.folded().as_str())
    }

    fn of_user(&self, prefix: &str) -> String {
        format!("{prefix}#{}", self.user())
    }

    fn credential(&self) -> String {
        format!("CREDENTIAL#{}", self.passkey.id.hash())
    }

    fn credentials(&self) -> Vec<String> {
        let listed = self.before.credentials.listed.iter();
        let keys = listed.map(|one| format!("CREDENTIAL#{}", one.id.hash()));
        keys.collect()
    }

    /// The keys of all items of the user.
    fn keys(&self) -> Vec<String> {
        let mut keys = vec![self.login(), self.of_user("KEYS")];
        keys.extend(["USER", "PROFILE"].map(|prefix| self.of_user(prefix)));
        keys.extend(self.credentials());
        keys
    }

    async fn delete(&self, keys: &[String]) {
        delete(&self.app, keys).await;
    }

    async fn put(&self, item: HashMap<String, AttributeValue>) {
        let put = self.app.dynamodb().put_item();
        let put = put.table_name(&self.app.store.tables().users);
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// Stores the item of this key again, as it was.
    async fn put_back(&self, key: &str) {
        let is_wanted = |item: &&HashMap<_, AttributeValue>| item["pk"].as_s().unwrap() == key;
        let item = self.items.iter().find(is_wanted).unwrap();
        self.put(item.clone()).await;
    }

    /// What an older release does, which knows no credentials.
    async fn delete_as_before(&self) {
        let keys = ["USER", "PROFILE"].map(|prefix| self.of_user(prefix));
        self.delete(&keys).await;
        self.delete(&[self.login()]).await;
    }

    /// Adds the user again, with the same credentials.
    async fn add_again(&self) {
        let mut account = self.before.clone();
        for one in &account.credentials.listed {
            let hash = one.id.hash();
            let key = format!("CREDENTIAL#{hash}");
            let stored = self.app.store.get_credential(hash).await.unwrap();
            let kept = self
                .items
                .iter()
                .find(|item| item["pk"].as_s().unwrap() == &key);
            assert!(kept.is_some());
            account.credentials.new.extend(stored);
        }
        self.delete(&self.credentials()).await;
        let added = self
            .app
            .store
            .insert_account(&account, false)
            .await
            .unwrap();
        assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");
    }

    async fn change(&self, change: impl Fn(Credentials) -> Credentials) {
        let id = &self.mini.user_id;
        let change = |account: &mut Account| {
            account.credentials = change(account.credentials.clone());
        };
        self.app.change_user(id, change).await;
    }

    /// Has the credential be the other user's, as after a restore in part.
    async fn give_away(&self) {
        let is_credential =
            |item: &&HashMap<_, AttributeValue>| *item["pk"].as_s().unwrap() == self.credential();
        let mut item = self.items.iter().find(is_credential).unwrap().clone();
        let other = AttributeValue::S(self.other.user_id.to_string());
        item.insert("owner_id".to_owned(), other);
        self.put(item).await;
    }

    async fn faults(&self) -> Vec<UserFault> {
        self.app.store.scan_users().await.unwrap().faults()
    }

    async fn stored(&self) -> Option<Credential> {
        let stored = self.app.store.get_credential(self.passkey.id.hash());
        stored.await.unwrap()
    }

    async fn listed(&self) -> Vec<CredentialId> {
        let stored = self.app.store.get_credentials(&self.mini.user_id).await;
        let listed = stored.unwrap().listed.into_iter();
        listed.map(|one| one.id).collect()
    }

    /// The kinds that a login demands.
    async fn demanded(&self) -> FactorKinds {
        let search = UserSearch::Id(self.mini.user_id.clone());
        let stored = self.app.store.read_user(&search).await.unwrap().unwrap();
        stored.kinds().unwrap()
    }
}

async fn account(app: &App, user: &User) -> Account {
    let search = UserSearch::Id(user.user_id.clone());
    app.store.read_user(&search).await.unwrap().unwrap().account
}

/// How items came to disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// The user is gone, and the list is there.
    List,
    /// The user is gone, and so is the list.
    Credentials,
    /// The list doesn't name a credential.
    Unlisted,
    /// A credential of the list isn't there.
    Lost,
    /// It is another user's.
    Given,
    /// The pointer names no kinds.
    Pointer,
}

impl Broken {
    const ALL: [Self; 6] = [
        Self::List,
        Self::Credentials,
        Self::Unlisted,
        Self::Lost,
        Self::Given,
        Self::Pointer,
    ];

    async fn make(self, world: &World) {
        match self {
            Self::List => {
                world.delete_as_before().await;
                world.delete(&world.credentials()).await;
            }
            Self::Credentials => {
                world.delete_as_before().await;
                world.delete(&[world.of_user("KEYS")]).await;
            }
            Self::Unlisted => {
                let id = &world.passkey.id;
                world.change(|all| all.without(|one| one.id == *id)).await;
                world.put_back(&world.credential()).await;
            }
            Self::Lost => world.delete(&[world.credential()]).await,
            Self::Given => world.give_away().await,
            Self::Pointer => super::point_at_none(&world.app, world.user()).await,
        }
    }

    fn faults(self, world: &World) -> Vec<UserFault> {
        let user = world.user();
        let credential = world.passkey.id.hash();
        let lacking = UserFault::LackingCredential { credential, user };
        match self {
            Self::List => vec![UserFault::LeftKeys(user)],
            Self::Credentials => {
                let listed = world.before.credentials.listed.iter();
                let mut hashes: Vec<_> = listed.map(|one| one.id.hash()).collect();
                hashes.sort_unstable();
                let left = hashes.into_iter();
                left.map(|credential| UserFault::LeftCredential { credential, user })
                    .collect()
            }
            Self::Unlisted => vec![UserFault::LeftCredential { credential, user }],
            Self::Lost => vec![lacking],
            Self::Given => {
                let user = UserRef::from(&world.other.user_id);
                vec![UserFault::LeftCredential { credential, user }, lacking]
            }
            Self::Pointer => vec![UserFault::OtherKinds(user)],
        }
    }
}

#[tokio::test]
async fn each_fault_is_found_and_mended() {
    for broken in Broken::ALL {
        let world = World::new().await;
        assert_eq!(world.faults().await, [], "{broken:?}");
        broken.make(&world).await;
        let faults = world.faults().await;
        assert_eq!(faults, broken.faults(&world), "{broken:?}");

        for fault in &faults {
            assert!(world.app.store.is_fault(fault).await.unwrap(), "{fault:?}");
            let repair = world.app.store.repair(fault).await.unwrap();
            assert_eq!(repair, Repair::Mended, "{fault:?}");
            let repair = world.app.store.repair(fault).await.unwrap();
            assert_eq!(repair, Repair::Gone, "{fault:?}");
        }

        assert_eq!(world.faults().await, [], "{broken:?}");
        let has_user = !matches!(broken, Broken::List | Broken::Credentials);
        let is_whole = broken == Broken::Pointer;
        assert_eq!(world.stored().await.is_some(), is_whole, "{broken:?}");
        let left = match (has_user, is_whole) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        };
        assert_eq!(world.listed().await.len(), left, "{broken:?}");
        if has_user {
            // A login demands what there is.
            let kinds = account(&world.app, &world.mini).await.kinds();
            assert_eq!(world.demanded().await, kinds, "{broken:?}");
            assert_eq!(kinds.iter().count(), left, "{broken:?}");
        }
    }
}

/// What is written after the repair has read, so that nothing disagrees any more.
async fn mend_otherwise(broken: Broken, world: &World) {
    let passkey = &world.passkey;
    match broken {
        Broken::List => {
            for key in world.credentials() {
                world.put_back(&key).await;
            }
            world.add_again().await;
        }
        Broken::Credentials => world.add_again().await,
        Broken::Unlisted => {
            world.delete(&[world.credential()]).await;
            world
                .change(|all| all.with(passkey.clone(), "again".to_owned()))
                .await;
        }
        Broken::Lost | Broken::Given => {
            world.delete(&[world.credential()]).await;
            world
                .change(|all| all.without(|one| one.id == passkey.id))
                .await;
            world
                .change(|all| all.with(passkey.clone(), "again".to_owned()))
                .await;
        }
        Broken::Pointer => world.change(Credentials::removed).await,
    }
}

#[tokio::test(start_paused = true)]
async fn a_repair_undoes_no_registration_that_is_made_meanwhile() {
    for broken in Broken::ALL {
        let count = broken.faults(&World::new().await).len();
        for n in 0..count {
            let world = World::new().await;
            broken.make(&world).await;
            let fault = broken.faults(&world).swap_remove(n);
            let (late, faults) = world.app.another_store();
            let delay = Fault::Delay(Duration::from_millis(200)).once();
            faults.inject(delay.for_action("TransactWriteItems"));
            let write = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                mend_otherwise(broken, &world).await;
            };

            let (repair, ()) = tokio::join!(late.repair(&fault), write);

            assert_eq!(repair.unwrap(), Repair::Gone, "{broken:?} {fault:?}");
            assert_eq!(world.faults().await, [], "{broken:?}");
            let left = if broken == Broken::Pointer { 0 } else { 2 };
            assert_eq!(world.listed().await.len(), left, "{broken:?}");
            assert_eq!(world.stored().await.is_some(), left > 0, "{broken:?}");
            let kinds = account(&world.app, &world.mini).await.kinds();
            assert_eq!(world.demanded().await, kinds, "{broken:?}");
        }
    }
}

/// A list that names a credential which comes back meanwhile keeps it.
#[tokio::test(start_paused = true)]
async fn a_credential_that_comes_back_meanwhile_stays_in_the_list() {
    for broken in [Broken::Lost, Broken::Given] {
        let world = World::new().await;
        broken.make(&world).await;
        let fault = broken.faults(&world).pop().unwrap();
        let (late, faults) = world.app.another_store();
        faults.delay("TransactWriteItems", 1, Duration::from_millis(200));
        let write = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.put_back(&world.credential()).await;
        };

        let (repair, ()) = tokio::join!(late.repair(&fault), write);

        assert_eq!(repair.unwrap(), Repair::Gone, "{broken:?}");
        assert_eq!(world.faults().await, [], "{broken:?}");
        assert_eq!(world.listed().await.len(), 2, "{broken:?}");
    }
}
