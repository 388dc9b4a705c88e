//! Users who are found by keys, at once and all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{LoginName, Operation};

use super::super::{address, administrator, human, outcome, register};
use super::{by_email, by_ids, by_name, by_phone, found, insert, list};
use crate::support::administration::Administration as _;
use crate::support::app::App;
use crate::support::faults::Fault;

#[tokio::test]
async fn the_next_call_finds_a_user_who_was_created_or_changed() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let [mini, maxi] = ["mini", "maxi"].map(|name| app.login_name(name));
    let [old, new] = ["mini", "maxi"].map(|name| address(&app, name));
    let mut body = human(&app, "mini");
    // A number of this test's own.
    let digits: String = app
        .name
        .bytes()
        .map(|c| char::from(b'0' + c % 10))
        .collect();
    let [phone, other] = ["1", "2"].map(|first| format!("+{first}{}", &digits[..14]));
    body["phone"] = json!({ "phone": phone, "isVerified": true });
    let id = &admin.ask(Operation::AddHumanUser, body).await.unwrap()["userId"];
    let id = id.as_str().unwrap();

    let check = async |queries: [Value; 7], want: [bool; 7]| {
        for (query, want) in queries.into_iter().zip(want) {
            let want: Vec<_> = want.then(|| id.to_owned()).into_iter().collect();
            assert_eq!(found(admin, json!([query])).await, Ok(want), "{query}");
        }
    };
    let queries = || {
        [
            by_ids(&[id]),
            by_name(mini.as_str()),
            by_name(maxi.as_str()),
            by_email(&old),
            by_email(&new),
            by_phone(&phone),
            by_phone(&other),
        ]
    };
    check(queries(), [true, true, false, true, false, true, false]).await;

    let update = json!({ "userId": id, "username": maxi.as_str() });
    admin.ask(Operation::UpdateHumanUser, update).await.unwrap();
    check(queries(), [true, false, true, true, false, true, false]).await;

    let email = json!({ "userId": id, "email": new, "isVerified": true });
    admin.ask(Operation::SetEmail, email).await.unwrap();
    let number = json!({ "userId": id, "phone": other, "isVerified": true });
    admin.ask(Operation::SetPhone, number).await.unwrap();
    check(queries(), [true, false, true, false, true, false, true]).await;

    admin
        .ask(Operation::DeleteUser, json!({ "userId": id }))
        .await
        .unwrap();
    check(queries(), [false; 7]).await;
}

#[tokio::test]
async fn all_users_of_one_address_are_found() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let email = address(&app, "all");
    let mut want = BTreeSet::new();
    for n in 0..20 {
        want.insert(insert(&app, &format!("mini{n}"), Some(&email), None).await);
    }

    let found = found(admin, json!([by_email(&email.to_uppercase())])).await;

    assert_eq!(found.unwrap().into_iter().collect::<BTreeSet<_>>(), want);
}

/// The hundredth and the next are counted over all kinds of keys.
#[tokio::test(start_paused = true)]
async fn more_than_a_hundred_users_are_refused() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let mut ids = Vec::new();
    for n in 0..81 {
        ids.push(insert(&app, &format!("mini{n}"), None, None).await);
    }
    for n in 0..20 {
        insert(&app, &format!("maxi{n}"), Some("all@mouse.example"), None).await;
    }
    let either = |ids: &[String]| {
        let queries = [by_ids(ids), by_email("all@mouse.example")];
        json!([{ "orQuery": { "queries": queries } }])
    };

    let listed = found(admin, either(&ids[..80])).await;
    assert_eq!(listed.map(|found| found.len()), Ok(100));
    app.faults.clear();
    let refused = list(admin, either(&ids)).await;
    assert_eq!(outcome(&refused), "code 8");
    // What would be too much isn't read.
    assert_eq!(app.faults.actions(), ["BatchGetItem"; 2]);
    // A filter makes no difference: the users would have to be read.
    let mut filtered = either(&ids);
    let filter = json!({ "firstNameQuery": { "firstName": "mini1" } });
    filtered.as_array_mut().unwrap().push(filter);
    assert_eq!(outcome(&list(admin, filtered).await), "code 8");
}

/// Between the requests of a call, users are renamed and deleted.
#[tokio::test(start_paused = true)]
async fn a_user_who_is_renamed_meanwhile_is_found() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    register(admin, "maxi").await;
    let user = app.login("mini").await;
    let both = json!([by_ids(&[&id, app.user_id("maxi").as_str()])]);
    found(admin, both.clone()).await.unwrap();

    app.faults.inject(Fault::Delay(Duration::ZERO).once());
    app.faults
        .inject(Fault::Delay(Duration::from_secs(1)).once());
    let renames = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let renamed = app.store.rename_user(&user, app.login_name("minnie"));
        assert!(renamed.await.unwrap());
        let maxi = app.login("maxi").await;
        assert!(app.store.delete_user(&maxi).await.unwrap());
    };
    let (listed, ()) = tokio::join!(list(admin, both), renames);

    let listed = listed.unwrap();
    assert_eq!(super::ids(&listed), [id]);
    let name = app.login_name("minnie");
    assert_eq!(listed["result"][0]["username"], name.as_str());
}

/// Of a lock that only an administrator ends, the index knows nothing; keys lead to it.
#[tokio::test]
async fn a_state_is_the_one_that_is_shown_where_keys_find_the_user() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "100")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let wrong = json!({ "checks": {
        "user": { "userId": id }, "password": { "password": "wrong" },
    } });
    for _ in 0..100 {
        app.client().create_json(&wrong).await;
    }
    let state = |state: &str| json!({ "stateQuery": { "state": state } });
    let (active, locked) = (state("USER_STATE_ACTIVE"), state("USER_STATE_LOCKED"));
    let (himself, nobody) = (Ok(vec![id.clone()]), Ok(vec![]));

    for (queries, want) in [
        (json!([by_ids(&[&id]), locked]), &himself),
        (json!([by_ids(&[&id]), active]), &nobody),
        (json!([locked]), &nobody),
        (json!([active]), &himself),
    ] {
        assert_eq!(&found(admin, queries.clone()).await, want, "{queries}");
    }
    let lock = json!({ "userId": id });
    admin
        .ask(Operation::UnlockUser, lock.clone())
        .await
        .unwrap();
    admin.ask(Operation::LockUser, lock).await.unwrap();
    assert_eq!(found(admin, json!([locked])).await, himself);
}

/// They have no profile, and names that no new user may have.
#[tokio::test]
async fn users_of_the_released_version_are_found() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let mut stored = Vec::new();
    for kept in crate::stored::released_users("0.1.0") {
        crate::stored::put(&app, &app.store.tables().users, kept.item).await;
        stored.extend(kept.user);
    }
    assert!(!stored.is_empty());

    let all = found(admin, json!([])).await.unwrap();

    assert_eq!(all.len(), stored.len());
    for (id, name) in stored {
        let name = LoginName::from_stored(name);
        for queries in [json!([by_ids(&[&id])]), json!([by_name(name.as_str())])] {
            let listed = list(admin, queries).await.unwrap();
            assert_eq!(super::ids(&listed), std::slice::from_ref(&id), "{name}");
            let user = &listed["result"][0];
            assert_eq!(user["details"].get("creationDate"), None);
            assert_eq!(user["details"].get("sequence"), None);
            assert!(user["human"]["profile"].get("givenName").is_none());
        }
        let method = "TEXT_QUERY_METHOD_ENDS_WITH_IGNORE_CASE";
        let search = json!({ "userNameQuery": { "userName": name.as_str(), "method": method } });
        assert!(found(admin, json!([search])).await.unwrap().contains(&id));
    }
}
