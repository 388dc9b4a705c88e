//! Lists of users.

mod keys;
mod limits;
mod queries;
mod requests;
mod search;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde_json::{Value, json};
use sesame::domain::{
    Account, Address, Contact, EmailAddress, NewUser, Operation, PersonName, PhoneNumber, Profile,
    UserState,
};
use sesame::store::InsertOutcome;

use crate::support::answer::{Outcome, number};
use crate::support::app::{App, NOW};
use crate::support::client::Client;

async fn list(client: Client<'_>, queries: Value) -> Outcome {
    let all = json!({ "limit": 1000, "asc": true });
    let message = json!({ "query": all, "queries": queries });
    client.ask(Operation::ListUsers, message).await
}

/// The ids of the users in an answer, in its order. `totalResult` counts them.
fn ids(listed: &Value) -> Vec<String> {
    let users = listed["result"].as_array().cloned().unwrap_or_default();
    let total = number(&listed["details"]["totalResult"]);
    assert_eq!(total, users.len() as u64, "{listed}");
    let ids = users.iter().map(|user| user["userId"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// The ids of those who are found, in the list's order.
async fn found(client: Client<'_>, queries: Value) -> Result<Vec<String>, String> {
    list(client, queries).await.map(|listed| ids(&listed))
}

fn by_ids<S: AsRef<str>>(ids: &[S]) -> Value {
    let ids: Vec<_> = ids.iter().map(AsRef::as_ref).collect();
    json!({ "inUserIdsQuery": { "userIds": ids } })
}

fn by_name(name: &str) -> Value {
    json!({ "loginNameQuery": { "loginName": name } })
}

fn by_email(address: &str) -> Value {
    json!({ "emailQuery": { "emailAddress": address } })
}

fn by_phone(number: &str) -> Value {
    json!({ "phoneQuery": { "number": number } })
}

fn contact<A: Address>(text: &str) -> Contact<A> {
    Contact {
        address: A::parse(text).ok().unwrap(),
        verified_at: None,
    }
}

/// Adds a user, without a password and without a call, and returns the id.
async fn insert(app: &App, name: &str, email: Option<&str>, phone: Option<&str>) -> String {
    let new = NewUser {
        login_name: app.login_name(name),
        user_id: app.user_id(name),
        display_name: None,
        state: UserState::Active,
        password_hash: None,
        change_required: false,
        profile: Profile {
            given_name: PersonName::parse("given_name", name).unwrap(),
            email: email.map(contact::<EmailAddress>),
            phone: phone.map(contact::<PhoneNumber>),
            ..Profile::default()
        },
    };
    let account = Account::new(new, NOW);
    let added = app.store.insert_account(&account, false).await.unwrap();
    assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");
    account.user.user_id.to_string()
}

/// Adds one user, and as many others who are like him, without pointers and profiles.
async fn fill(app: &App, count: usize, name: impl Fn(usize) -> String) {
    let like = app.user_with_hash("like", None).await;
    let like = app.raw_login(&like).await;
    let client = app.dynamodb();
    let numbers: Vec<_> = (0..count).collect();
    for numbers in numbers.chunks(25) {
        let puts = numbers.iter().map(|&n| {
            let mut item = like.clone();
            for (attribute, value) in [
                ("pk", format!("LOGIN#{}", name(n))),
                ("login_name", name(n)),
                ("user_id", format!("{n:05}")),
            ] {
                item.insert(attribute.to_owned(), AttributeValue::S(value));
            }
            let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let write = client.batch_write_item();
        let write = write.request_items(&app.store.tables().users, puts.collect());
        write.send().await.unwrap();
    }
}
