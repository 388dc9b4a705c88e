//! The list of organizations, of which there is one.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::{OWN, ask};
use crate::support::app::App;

const NAME: &str = "Acme Ünion";

async fn app() -> App {
    App::with(&[("ORGANIZATION_NAME", NAME)]).await
}

fn text(name: &str, method: &str) -> Value {
    json!({ "nameQuery": { "name": name, "method": format!("TEXT_QUERY_METHOD_{method}") } })
}

#[tokio::test]
async fn the_organization_is_listed_with_its_name() {
    let app = app().await;
    let client = app.service(&[]).await;

    let answer = ask(client, Operation::ListOrganizations, &json!({})).await;
    let organization = json!({
        "id": OWN,
        "details": { "resourceOwner": OWN },
        "state": "ORGANIZATION_STATE_ACTIVE",
        "name": NAME,
    });
    let details = json!({ "totalResult": "1", "timestamp": "2027-01-15T08:00:00.123Z" });
    let want = json!({ "details": details, "result": [organization] });
    assert_eq!(answer, Ok(want));
}

#[tokio::test]
async fn the_name_is_sesame_where_nobody_has_set_one() {
    let app = App::start().await;
    let client = app.service(&[]).await;
    let list = ask(client, Operation::ListOrganizations, &json!({})).await;
    assert_eq!(list.unwrap()["result"][0]["name"], "Sesame");
}

#[tokio::test]
async fn all_queries_have_to_hold() {
    let app = app().await;
    let client = app.service(&[]).await;
    let default = json!({ "defaultQuery": {} });
    let own = json!({ "idQuery": { "id": OWN } });
    let other = json!({ "idQuery": { "id": "1" } });
    let state = |state: &str| {
        let state = format!("ORGANIZATION_STATE_{state}");
        json!({ "stateQuery": { "state": state } })
    };
    let domain = |method: &str| {
        let method = format!("TEXT_QUERY_METHOD_{method}");
        json!({ "domainQuery": { "domain": "acme.example", "method": method } })
    };
    for (queries, holds) in [
        (vec![], true),
        (vec![default.clone()], true),
        (vec![own.clone()], true),
        (vec![state("ACTIVE")], true),
        (vec![text(NAME, "EQUALS")], true),
        (
            vec![
                default.clone(),
                own.clone(),
                state("ACTIVE"),
                text(NAME, "EQUALS"),
            ],
            true,
        ),
        (vec![other.clone()], false),
        (vec![default.clone(), other.clone()], false),
        (vec![other, default.clone()], false),
        (vec![state("INACTIVE")], false),
        (vec![state("REMOVED")], false),
        (vec![state("UNSPECIFIED")], false),
        (vec![json!({ "stateQuery": {} })], false),
        (vec![domain("EQUALS")], false),
        (vec![domain("CONTAINS")], false),
        (
            vec![default.clone(), domain("ENDS_WITH_IGNORE_CASE")],
            false,
        ),
        (vec![json!({})], false),
        (vec![default, json!({})], false),
    ] {
        let request = json!({ "queries": queries });
        let list = ask(client, Operation::ListOrganizations, &request).await;
        let list = list.unwrap();
        let result = list["result"].as_array().map_or(0, Vec::len);
        assert_eq!(result, usize::from(holds), "{request}");
        let total = list["details"]["totalResult"].as_str();
        assert_eq!(total, holds.then_some("1"), "{request}");
    }
}

#[tokio::test]
async fn a_name_is_compared_by_its_method() {
    let app = app().await;
    let client = app.service(&[]).await;
    for (name, method, holds) in [
        ("Acme Ünion", "EQUALS", true),
        ("acme ünion", "EQUALS", false),
        ("Acme", "EQUALS", false),
        ("acme üNION", "EQUALS_IGNORE_CASE", true),
        ("acme", "EQUALS_IGNORE_CASE", false),
        ("Acme", "STARTS_WITH", true),
        ("acme", "STARTS_WITH", false),
        ("Ünion", "STARTS_WITH", false),
        ("ACME", "STARTS_WITH_IGNORE_CASE", true),
        ("ünion", "STARTS_WITH_IGNORE_CASE", false),
        ("e Ü", "CONTAINS", true),
        ("e ü", "CONTAINS", false),
        ("E ü", "CONTAINS_IGNORE_CASE", true),
        ("x", "CONTAINS_IGNORE_CASE", false),
        ("nion", "ENDS_WITH", true),
        ("NION", "ENDS_WITH", false),
        ("ÜNION", "ENDS_WITH_IGNORE_CASE", true),
        ("acme", "ENDS_WITH_IGNORE_CASE", false),
    ] {
        let request = json!({ "queries": [text(name, method)] });
        let list = ask(client, Operation::ListOrganizations, &request).await;
        let found = list.unwrap().get("result").is_some();
        assert_eq!(found, holds, "{name} {method}");
    }
}

#[tokio::test]
async fn the_page_and_the_order_are_those_of_other_lists() {
    let app = app().await;
    let client = app.service(&[]).await;
    for (request, want) in [
        (json!({ "query": { "limit": 1 } }), Ok(1)),
        (json!({ "query": { "limit": 1000, "asc": true } }), Ok(1)),
        (json!({ "query": { "offset": "1" } }), Ok(0)),
        (
            json!({ "query": { "offset": "18446744073709551615" } }),
            Ok(0),
        ),
        (json!({ "query": { "limit": 1001 } }), Err("QUERY-4M0fs")),
    ] {
        let list = ask(client, Operation::ListOrganizations, &request).await;
        let listed = list.map(|list| {
            // All that match are counted, whatever the page has.
            assert_eq!(list["details"]["totalResult"], "1", "{request}");
            list["result"].as_array().map_or(0, Vec::len)
        });
        assert_eq!(listed, want.map_err(str::to_owned), "{request}");
    }
    let column = "ORGANIZATION_FIELD_NAME_NAME";
    let request = json!({ "sortingColumn": column });
    let list = ask(client, Operation::ListOrganizations, &request).await;
    assert_eq!(list.unwrap()["sortingColumn"], column);
}

#[tokio::test]
async fn a_query_that_cannot_be_one_is_refused() {
    let app = app().await;
    let client = app.service(&[]).await;
    let query = |name: &str, value: Value| json!({ "queries": [{ name: value }] });
    let long = "a".repeat(201);
    for request in [
        json!({ "sortingColumn": 2 }),
        query("stateQuery", json!({ "state": 4 })),
        query("nameQuery", json!({})),
        query("nameQuery", json!({ "name": long })),
        query("nameQuery", json!({ "name": "a", "method": 8 })),
        query("domainQuery", json!({ "domain": "" })),
        query("domainQuery", json!({ "domain": long })),
        query("domainQuery", json!({ "domain": "a", "method": 8 })),
        query("idQuery", json!({})),
        query("idQuery", json!({ "id": long })),
    ] {
        let list = ask(client, Operation::ListOrganizations, &request).await;
        assert_eq!(list, Err("code 3".to_owned()), "{request}");
    }
}
