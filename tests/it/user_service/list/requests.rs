//! What a list costs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::administrator;
use super::{by_email, by_ids, by_name, by_phone, insert, list};
use crate::support::app::App;
use crate::support::faults::Fault;

const COST: &str = include_str!("../../../../docs/cost.md");

/// The rows of the table of lists: what is asked, requests, and those in sequence.
fn documented() -> Vec<[String; 3]> {
    let table = COST.split("| list of users |").nth(1).unwrap();
    let rows = table.lines().skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split('|');
        let cells: Vec<_> = cells.map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().unwrap()
    };
    rows.map(cells).collect()
}

/// Each request takes a second, so the time tells how many there are in sequence.
#[tokio::test(start_paused = true)]
async fn each_list_makes_as_many_requests_as_documented() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let mut ids = Vec::new();
    for n in 0..78 {
        ids.push(insert(&app, &format!("mini{n}"), None, None).await);
    }
    for n in 0..20 {
        insert(&app, &format!("maxi{n}"), Some("all@mouse.example"), None).await;
    }
    let phone = Some("+41791234567");
    insert(&app, "both", Some("one@mouse.example"), phone).await;
    insert(&app, "last", None, Some("+41797654321")).await;
    let name = |name: &str| by_name(app.login_name(name).as_str());
    let or = |queries: Vec<Value>| json!({ "orQuery": { "queries": queries } });
    let unknown: Vec<_> = (0..100).map(|n| format!("nobody{n}")).collect();
    let typed = || {
        or(vec![
            by_email("one@mouse.example"),
            by_phone("one@mouse.example"),
        ])
    };
    let all = or(vec![
        by_ids(&[&ids[..], &unknown[..22]].concat()),
        name("both"),
        name("last"),
        by_email("all@mouse.example"),
        by_phone("+41791234567"),
    ]);
    let everybody = json!({ "stateQuery": { "state": "USER_STATE_ACTIVE" } });

    let mut got = Vec::new();
    for (what, query) in [
        ("of up to 50 ids", by_ids(&ids[..50])),
        ("of 51 to 100 ids", by_ids(&ids)),
        ("of a login name or user name", name("both")),
        (
            "of an e-mail address or a phone number",
            by_email("one@mouse.example"),
        ),
        ("of an address or a number, whatever was typed", typed()),
        ("of all of these at once, who are 100 users", all),
        ("of ids or names that nobody has", by_ids(&unknown)),
        ("of what nobody can have", by_phone("one@mouse.example")),
        (
            "a search that finds nobody",
            json!({ "firstNameQuery": { "firstName": "x" } }),
        ),
        ("a search, with a page of 100 users", everybody),
    ] {
        // The principal is known from here on.
        list(admin, json!([by_ids::<&str>(&[])])).await.unwrap();
        app.faults.clear();
        app.faults
            .inject(Fault::Delay(Duration::from_millis(100)).times(20));
        let started = Instant::now();
        let listed = list(admin, json!([query])).await;
        assert!(listed.is_ok(), "{what}: {listed:?}");
        let steps = started.elapsed().as_millis() / 100;
        let requests = app.faults.actions().len();
        got.push([what.to_owned(), requests.to_string(), steps.to_string()]);
    }
    assert_eq!(documented(), got);
}
