//! What one list may ask for.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::super::{administrator, outcome};
use super::{by_ids, by_name, by_phone, found, insert};
use crate::support::app::App;

fn nested(depth: usize, query: &Value, kind: &str) -> Value {
    (0..depth).fold(query.clone(), |query, _| match kind {
        "notQuery" => json!({ kind: { "query": query } }),
        kind => json!({ kind: { "queries": [query] } }),
    })
}

#[tokio::test]
async fn a_list_that_asks_for_too_much_is_refused() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let mini = insert(&app, "mini", None, None).await;
    let one = by_ids(&[&mini]);
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let emails = |count| json!({ "inUserEmailsQuery": { "userEmails": many(count) } });
    let names = |count: usize| json!({ "orQuery": { "queries": vec![by_name("x"); count] } });
    let refused = Err("code 3".to_owned());
    let ok = || Ok(vec![]);

    for kind in ["andQuery", "orQuery"] {
        assert_eq!(
            found(admin, json!([nested(5, &one, kind)])).await,
            Ok(vec![mini.clone()])
        );
        assert_eq!(found(admin, json!([nested(6, &one, kind)])).await, refused);
    }
    // With a key beside them, so that these are no searches.
    for (depth, want) in [(4, Ok(vec![mini.clone()])), (5, ok()), (6, refused.clone())] {
        let queries = json!([nested(depth, &one, "notQuery"), one]);
        assert_eq!(found(admin, queries).await, want, "{depth}");
    }
    for (queries, want) in [
        (json!([by_ids(&many(100))]), ok()),
        (json!([by_ids(&many(101))]), refused.clone()),
        (
            json!([by_ids(&many(50)), by_ids(&many(51))]),
            refused.clone(),
        ),
        (json!([emails(20)]), ok()),
        (json!([emails(21)]), refused.clone()),
        (json!([names(20)]), ok()),
        (json!([names(21)]), refused.clone()),
        (json!([names(10), emails(11)]), refused.clone()),
        (
            json!([names(10), emails(9), by_phone("x"), by_phone("x")]),
            refused.clone(),
        ),
        (json!([{ "stateQuery": { "state": 7 } }]), refused.clone()),
        (json!([{ "typeQuery": { "type": 3 } }]), refused.clone()),
        (
            json!([{ "userNameQuery": { "userName": "x", "method": 8 } }]),
            refused.clone(),
        ),
    ] {
        app.faults.clear();
        assert_eq!(found(admin, queries.clone()).await, want, "{queries}");
        if want.is_err() {
            assert_eq!(app.faults.actions(), [""; 0], "{queries}");
        }
    }
    for (message, want) in [
        (
            json!({ "query": { "limit": 1001 }, "queries": [one] }),
            "QUERY-4M0fs",
        ),
        (json!({ "sortingColumn": 10, "queries": [one] }), "code 3"),
    ] {
        let listed = admin.ask(Operation::ListUsers, message).await;
        assert_eq!(outcome(&listed), want);
    }
}
