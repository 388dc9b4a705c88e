//! What each query finds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::super::{address, administrator, outcome, token};
use super::{by_email, by_ids, by_name, by_phone, found, insert, list};
use crate::support::app::{App, PASSWORD};
use crate::support::client::{Client, Wire};

/// Registers two users, and returns their ids.
async fn two(app: &App, admin: Client<'_>) -> [String; 2] {
    let register = |name: &'static str, given: &'static str, number: u32| async move {
        let body = json!({
            "userId": app.user_id(name).as_str(),
            "username": app.login_name(name).as_str(),
            "profile": {
                "givenName": given, "familyName": "Mouse", "nickName": format!("{given} M"),
                "displayName": format!("{given} the Mouse"),
            },
            "email": { "email": address(app, name), "isVerified": true },
            "phone": { "phone": format!("+4179{number}"), "isVerified": true },
            "password": { "password": PASSWORD },
        });
        let added = admin.ask(Operation::AddHumanUser, body).await.unwrap();
        added["userId"].as_str().unwrap().to_owned()
    };
    [
        register("mini", "Mini", 1_234_567).await,
        register("maxi", "Élodie", 7_654_321).await,
    ]
}

#[tokio::test]
async fn each_query_finds_whom_it_describes_in_each_protocol() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let [mini, maxi] = &two(&app, admin).await;
    let (email, name) = (address(&app, "mini"), app.login_name("mini"));
    let name = name.as_str();
    let both = &[mini, maxi][..];
    let (one, none) = (&[mini][..], &[][..]);
    let text = |query: &str, field: &str, text: &str, method: &str| {
        let method = format!("TEXT_QUERY_METHOD_{method}");
        json!({ query: { field: text, "method": method } })
    };
    let first = |name, method| text("firstNameQuery", "firstName", name, method);
    let state = |state: &str| json!({ "stateQuery": { "state": format!("USER_STATE_{state}") } });
    let kind = |kind: &str| json!({ "typeQuery": { "type": kind } });
    let of = |id: &str| json!({ "organizationIdQuery": { "organizationId": id } });
    let ours = "69629023906488334";
    let upper = name.to_uppercase();

    for (queries, want) in [
        (json!([]), both),
        (json!([{}]), none),
        (json!([by_ids(&[mini])]), one),
        (json!([by_ids(&[mini, maxi, mini, &"no".to_owned()])]), both),
        (json!([by_ids::<&str>(&[])]), none),
        (json!([by_name(name)]), one),
        (json!([by_name(&format!(" {upper}\n"))]), one),
        (json!([by_name("")]), none),
        (json!([by_name(&"m".repeat(300))]), none),
        (
            json!([text(
                "loginNameQuery",
                "loginName",
                &upper,
                "EQUALS_IGNORE_CASE"
            )]),
            one,
        ),
        (
            json!([text(
                "loginNameQuery",
                "loginName",
                &name[..6],
                "STARTS_WITH"
            )]),
            one,
        ),
        (
            json!([text("userNameQuery", "userName", &upper, "EQUALS")]),
            one,
        ),
        (
            json!([text(
                "userNameQuery",
                "userName",
                "MINI",
                "STARTS_WITH_IGNORE_CASE"
            )]),
            one,
        ),
        (
            json!([text("userNameQuery", "userName", "MINI", "STARTS_WITH")]),
            none,
        ),
        (json!([by_email(&email)]), one),
        (
            json!([by_email(&format!("{} ", email.to_uppercase()))]),
            one,
        ),
        (json!([by_email("")]), none),
        (json!([by_email("mini")]), none),
        (
            json!([text(
                "emailQuery",
                "emailAddress",
                &email,
                "EQUALS_IGNORE_CASE"
            )]),
            one,
        ),
        (
            json!([text(
                "emailQuery",
                "emailAddress",
                "@MOUSE",
                "CONTAINS_IGNORE_CASE"
            )]),
            both,
        ),
        (
            json!([text("emailQuery", "emailAddress", "@MOUSE", "CONTAINS")]),
            none,
        ),
        (
            json!([{ "inUserEmailsQuery": { "userEmails": ["x", email.to_uppercase()] } }]),
            one,
        ),
        (json!([{ "inUserEmailsQuery": {} }]), none),
        (json!([by_phone("+41 (79) 123-45.67")]), one),
        (json!([by_phone("mini@mouse.com")]), none),
        (json!([by_phone(&"+".repeat(30))]), none),
        (
            json!([text("phoneQuery", "number", "67", "ENDS_WITH")]),
            one,
        ),
        (json!([first("mini ", "EQUALS")]), one),
        (
            json!([first("e\u{301}LODIE", "EQUALS_IGNORE_CASE")]),
            &both[1..],
        ),
        (json!([first("in", "CONTAINS")]), one),
        (json!([first("IN", "CONTAINS")]), none),
        (json!([first("IN", "CONTAINS_IGNORE_CASE")]), one),
        (json!([first("NI", "ENDS_WITH_IGNORE_CASE")]), one),
        (json!([first("", "CONTAINS")]), none),
        (
            json!([text("lastNameQuery", "lastName", "Mou", "STARTS_WITH")]),
            both,
        ),
        (
            json!([text("nickNameQuery", "nickName", "mini m", "EQUALS")]),
            one,
        ),
        (
            json!([text(
                "displayNameQuery",
                "displayName",
                "Mini the",
                "STARTS_WITH"
            )]),
            one,
        ),
        (json!([state("ACTIVE")]), both),
        (json!([state("LOCKED")]), none),
        (json!([state("DELETED")]), none),
        (json!([kind("TYPE_HUMAN")]), both),
        (json!([kind("TYPE_MACHINE")]), none),
        (json!([of(ours)]), both),
        (json!([of("another")]), none),
        (json!([by_name(name), of(ours)]), one),
        (json!([by_name(name), of("another")]), none),
        (json!([by_name(name), state("LOCKED")]), none),
        (json!([by_name(name), by_ids(&[maxi])]), none),
        (
            json!([{ "notQuery": { "query": by_name(name) } }]),
            &both[1..],
        ),
        (json!([{ "notQuery": {} }]), none),
        (json!([{ "orQuery": {} }]), none),
        (json!([{ "andQuery": {} }]), none),
        (
            json!([{ "orQuery": { "queries": [by_email(&email), by_phone(&email)] } }]),
            one,
        ),
        (
            json!([{ "orQuery": { "queries": [by_ids(&[maxi]), by_name(name)] } }]),
            both,
        ),
        (
            json!([{ "andQuery": { "queries": [by_ids(both), first("mini", "EQUALS")] } }]),
            one,
        ),
    ] {
        for wire in Wire::ALL {
            let found = found(admin.by(wire), queries.clone()).await;
            let mut want: Vec<_> = want.iter().map(|&id| id.clone()).collect();
            want.sort_unstable();
            assert_eq!(found, Ok(want), "{wire:?} {queries}");
        }
    }
}

/// What ZITADEL's login sends while somebody types a name, as it was recorded.
#[tokio::test]
async fn the_queries_of_zitadels_login_find_the_user() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let [mini, _] = &two(&app, admin).await;
    let name = app.login_name("mini");
    let of = json!({ "organizationIdQuery": { "organizationId": "69629023906488334" } });
    let either = |typed: &str| {
        let method = "TEXT_QUERY_METHOD_EQUALS";
        json!({ "orQuery": { "queries": [
            { "emailQuery": { "emailAddress": typed, "method": method } },
            { "phoneQuery": { "number": typed, "method": method } },
        ] } })
    };
    let email = address(&app, "mini");

    for (queries, want) in [
        (json!([by_name(name.as_str())]), true),
        (json!([by_name(name.as_str()), of.clone()]), true),
        (json!([by_name("nobody@example.com"), of.clone()]), false),
        (json!([either(&email), of.clone()]), true),
        (json!([either(name.as_str())]), false),
        (json!([either("+41791234567"), of]), true),
        (json!([either("what ever\u{0} 漢字 \"quoted\"")]), false),
    ] {
        for wire in [Wire::Json, Wire::Grpc] {
            let listed = list(admin.by(wire), queries.clone()).await.unwrap();
            assert!(listed["details"]["timestamp"].is_string());
            let found = super::ids(&listed);
            // Other tests may use the same number in a database that they share.
            assert_eq!(found.contains(mini), want, "{queries}");
            if want {
                let user = listed["result"].as_array().unwrap().iter();
                let mut user = user.filter(|user| user["userId"] == **mini);
                let read = admin.ask(Operation::GetUserByID, json!({ "userId": mini }));
                assert_eq!(user.next(), Some(&read.await.unwrap()["user"]));
            }
        }
    }
}

/// Of himself, a user may ask everything. Of others, an answer would tell who exists.
#[tokio::test]
async fn a_user_finds_nobody_but_himself() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let [mini, maxi] = &two(&app, admin).await;
    let own = app.client().bearing(token(&app, mini, PASSWORD).await);
    let (himself, nobody) = (Ok(vec![mini.clone()]), Ok(vec![]));
    let contains = json!({ "firstNameQuery": { "firstName": "in", "method": 4 } });

    for (queries, want) in [
        (json!([]), &himself),
        (json!([by_ids(&[maxi, mini])]), &himself),
        (json!([by_ids(&[maxi])]), &nobody),
        (json!([by_name(app.login_name("maxi").as_str())]), &nobody),
        (json!([by_name(app.login_name("mini").as_str())]), &himself),
        (json!([contains]), &himself),
        (json!([{ "notQuery": { "query": contains } }]), &nobody),
        (
            json!([{ "notQuery": { "query": by_ids(&[maxi]) } }]),
            &himself,
        ),
    ] {
        app.faults.clear();
        assert_eq!(&found(own, queries.clone()).await, want, "{queries}");
        // His token, and by his id alone.
        let reads = ["BatchGetItem"; 3];
        assert_eq!(app.faults.actions(), reads, "{queries}");
    }
    let without = app
        .service(&[Permission::UserWrite, Permission::SessionRead])
        .await;
    for (client, want) in [(app.client(), "code 16"), (without, "AUTH-5mWD2")] {
        for wire in Wire::ALL {
            let listed = list(client.by(wire), json!([by_ids(&[mini])])).await;
            assert_eq!(outcome(&listed), want, "{wire:?}");
        }
    }
}

#[tokio::test]
async fn a_list_is_sorted_and_has_pages() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    for (name, email) in [("b", Some("z@x.io")), ("A", Some("Y@x.io")), ("c", None)] {
        insert(&app, name, email, None).await;
    }
    let users: Vec<_> = ["b", "A", "c"]
        .map(|name| app.user_id(name).to_string())
        .into();
    let by_ids = json!([by_ids(&users)]);
    for (column, asc, offset, limit, want) in [
        ("USER_NAME", true, 0, 0, &["A", "b", "c"][..]),
        ("USER_NAME", false, 0, 0, &["c", "b", "A"]),
        ("FIRST_NAME", true, 0, 2, &["A", "b"]),
        ("FIRST_NAME", true, 1, 2, &["b", "c"]),
        ("DISPLAY_NAME", true, 2, 2, &["c"]),
        ("DISPLAY_NAME", true, 3, 2, &[]),
        // Who has none comes first.
        ("EMAIL", true, 0, 0, &["c", "A", "b"]),
        // All are equal in these, so by id.
        ("UNSPECIFIED", true, 0, 0, &["A", "b", "c"]),
        ("CREATION_DATE", false, 0, 0, &["c", "b", "A"]),
        ("STATE", true, 0, 0, &["A", "b", "c"]),
        ("TYPE", true, 0, 0, &["A", "b", "c"]),
        ("LAST_NAME", true, 0, 0, &["A", "b", "c"]),
        ("NICK_NAME", true, 0, 0, &["A", "b", "c"]),
    ] {
        let column = format!("USER_FIELD_NAME_{column}");
        let query = json!({ "offset": offset, "limit": limit, "asc": asc });
        let message = json!({ "query": query, "sortingColumn": column, "queries": by_ids });
        let listed = admin.ask(Operation::ListUsers, message).await.unwrap();

        let result = listed["result"].as_array().cloned().unwrap_or_default();
        let found: Vec<_> = result.iter().map(|user| user["userId"].clone()).collect();
        let want: Vec<_> = want
            .iter()
            .map(|name| json!(app.user_id(name).as_str()))
            .collect();
        assert_eq!(found, want, "{column} {query}");
        assert_eq!(listed["details"]["totalResult"], "3");
        let sequence = if want.is_empty() {
            Value::Null
        } else {
            json!("1")
        };
        assert_eq!(listed["details"]["processedSequence"], sequence);
        if column != "USER_FIELD_NAME_UNSPECIFIED" {
            assert_eq!(listed["sortingColumn"], column);
        }
    }
}

#[test]
fn each_query_is_described() {
    let queries = include_str!("../../../../proto/zitadel/user/v2/query.proto");
    let fields = queries.split("oneof query {").nth(1).unwrap();
    let fields = fields.lines().take_while(|line| !line.contains('}'));
    let names = fields.filter_map(|line| line.split_whitespace().nth(1));
    let camel_case = |name: &str| {
        let mut words = name.split('_');
        let first = words.next().unwrap().to_owned();
        words.fold(first, |name, word| {
            name + &word[..1].to_uppercase() + &word[1..]
        })
    };
    let api = include_str!("../../../../docs/api.md");
    let table = api.split("| query | finds | by key |").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let described = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`'));
    let described = described.filter(|name| name.ends_with("Query"));

    let described: BTreeSet<_> = described.map(str::to_owned).collect();
    assert_eq!(described, names.map(camel_case).collect());
}
