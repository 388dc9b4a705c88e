//! The limit on failed logins from one address.

mod excess;
mod sets;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Permission, Timestamp, UserState};

use crate::support::administration::Administration as _;
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, by_id, by_name};
use crate::support::client::{Client, HOUR};
use crate::support::faults::Fault;

const COST: &str = include_str!("../../../docs/cost.md");

const WRONG: &str = "COMMAND-3M0fs";
const REFUSED: &str = "code 8";
const ADDRESS: &str = "203.0.113.7";
const ANOTHER: &str = "198.51.100.7";

/// What is stored of the failures from an address in the window of [`NOW`].
async fn count(app: &App, address: &str) -> Option<u64> {
    let item = failures(app, address, NOW).await?;
    item["failures"].as_n().unwrap().parse().ok()
}

async fn failures(
    app: &App,
    address: &str,
    now: Timestamp,
) -> Option<std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>> {
    use aws_sdk_dynamodb::types::AttributeValue;

    let window = now.as_millis() / 900_000 * 900;
    let key = format!("FAILURES#{address}#{window}");
    let get = app.dynamodb().get_item();
    let get = get.table_name(&app.store.tables().sessions);
    let got = get
        .key("session_id", AttributeValue::S(key))
        .consistent_read(true);
    got.send().await.unwrap().item
}

fn wrong(app: &App) -> Value {
    by_name(&app.login_name("nobody"), "wrong")
}

async fn fail(client: Client<'_>, times: usize) {
    for n in 0..times {
        let answer = client.create_json(&wrong(client.app)).await;
        assert_eq!(answer.outcome(), WRONG, "{n}");
    }
}

/// Creates of each kind, with their outcomes in the log. Those that name a user and fail count.
async fn logins(app: &App) -> Vec<(&'static str, Value, &'static str)> {
    let (known, other) = (app.user("known").await, app.user("other").await);
    let without = app.user_with_hash("without", None).await;
    let (inactive, guessed) = (app.user("inactive").await, app.user("guessed").await);
    let deactivated = app.store.set_user_state(&inactive, UserState::Inactive);
    deactivated.await.unwrap();
    let guess = by_name(&guessed.login_name, "wrong");
    app.client().create_json(&guess).await;
    let both = json!({ "checks": {
        "user": { "userId": other.user_id.as_str(), "loginName": known.login_name.as_str() },
        "password": { "password": PASSWORD },
    } });
    let no_user = json!({ "checks": { "password": { "password": "x" } } });
    let by_wrong_id = by_id(&app.user_id("nobody"), "wrong");
    vec![
        ("right", by_name(&known.login_name, PASSWORD), "ok"),
        ("unknown", wrong(app), "unknown_user"),
        ("unknown by id", by_wrong_id, "unknown_user"),
        ("another than named", both, "user_mismatch"),
        (
            "none set",
            by_name(&without.login_name, "wrong"),
            "no_password",
        ),
        (
            "not active",
            by_name(&inactive.login_name, PASSWORD),
            "not_active",
        ),
        ("locked", by_name(&guessed.login_name, PASSWORD), "locked"),
        (
            "wrong",
            by_name(&other.login_name, "wrong"),
            "wrong_password",
        ),
        ("no password", json!({}), "ok"),
        ("no user", no_user, "user_missing"),
    ]
}

fn retry_after(answer: &Answer) -> Option<&str> {
    Some(answer.headers.get("retry-after")?.to_str().unwrap())
}

/// ASVS V6.3.1: guesses at many users from one address meet a limit.
#[tokio::test]
async fn after_so_many_failures_no_password_from_the_address_is_tried() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let mini = app.user("mini").await;
    let right = by_name(&mini.login_name, PASSWORD);
    let client = app.client().from(ADDRESS);
    fail(client, 4).await;
    assert_eq!(client.create_json(&right).await.outcome(), "ok");
    fail(client, 1).await;
    app.logged();
    app.faults.clear();

    let refused = client.create_json(&right).await;

    assert_eq!(refused.outcome(), REFUSED);
    assert_eq!(refused.status, 429);
    // The window of `NOW` began 0.123 s before.
    assert_eq!(retry_after(&refused), Some("900"));
    assert!(app.faults.requests().is_empty());
    let line = app.logged().pop().unwrap();
    assert_eq!(line["outcome"], "too_many_failures");
    assert_eq!(line["client_ip"], ADDRESS);
    assert!(!line["hash_ms"].is_number());
    // Others are not kept out, nor is a call without a password.
    assert_eq!(
        app.client()
            .from(ANOTHER)
            .create_json(&right)
            .await
            .outcome(),
        "ok"
    );
    assert_eq!(client.create_json(&json!({})).await.outcome(), "ok");
    assert_eq!(app.client().create_json(&right).await.outcome(), "ok");
    let later = client.later(Duration::from_millis(899_877));
    assert_eq!(later.create_json(&right).await.outcome(), "ok");
    assert_eq!(count(&app, ADDRESS).await, Some(5));
}

/// `docs/cost.md` has a row for each call: requests, read units and write units. An item of the
/// count is far smaller than the kilobyte of a unit.
#[tokio::test]
async fn the_limit_adds_to_a_call_what_the_page_says() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let without = app.beside(&[("MAX_FAILURES_PER_ADDRESS", "none")]);
    let mini = app.user("mini").await;
    let calls = [
        ("login that succeeds", by_name(&mini.login_name, PASSWORD)),
        ("login that fails", by_name(&mini.login_name, "wrong")),
        ("call without a password", json!({})),
    ];
    for (call, body) in calls {
        let mut added = [0; 3];
        for (app, sign) in [(&app, 1), (&without, -1)] {
            app.faults.clear();
            app.client().from(ADDRESS).create_json(&body).await;
            for request in app.faults.requests() {
                let reads = ["GetItem", "BatchGetItem", "Query"].contains(&&*request.action);
                let units = [1, i32::from(reads), i32::from(!reads)];
                added = std::array::from_fn(|n| added[n] + sign * units[n]);
            }
        }
        let [requests, reads, writes] = added;
        let row = format!("| {call} | {requests} | {reads} | {writes} |");
        assert!(COST.contains(&row), "{row}");
    }
    let item = failures(&app, ADDRESS, NOW).await.unwrap();
    let mut names: Vec<_> = item.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["failures", "session_id", "ttl"]);
    let end = NOW.as_millis() / 900_000 * 900 + 900;
    assert_eq!(item["ttl"].as_n().unwrap(), &end.to_string());
}

#[tokio::test]
async fn each_kind_of_failed_login_counts_and_nothing_else_does() {
    let app = App::emulated(&[
        ("MAX_FAILURES_PER_ADDRESS", "1000"),
        ("MAX_PASSWORD_ATTEMPTS", "1"),
    ])
    .await;
    let client = app.client().from(ADDRESS);
    let mut expected = 0;
    for (kind, body, outcome) in logins(&app).await {
        client.create_json(&body).await;
        expected += u64::from(outcome != "ok" && body["checks"]["user"].is_object());
        let counted = count(&app, ADDRESS).await.unwrap_or_default();
        assert_eq!(counted, expected, "{kind}");
    }
    let known = app.login("known").await;
    // A fault of the database is none.
    app.faults.inject(
        Fault::Answer(400, "ValidationException")
            .once()
            .for_action("UpdateItem"),
    );
    let broken = client
        .create_json(&by_name(&known.login_name, "wrong"))
        .await;
    assert_eq!(broken.outcome(), "code 13");
    assert_eq!(count(&app, ADDRESS).await, Some(expected));
}

/// Whoever calls past `session.write` is one client; whoever has it vouches for others.
#[tokio::test]
async fn a_principal_with_session_write_vouches_for_its_clients() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let page = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let reader = app
        .service_account_named("reader", &[Permission::SessionRead], HOUR)
        .await;
    let of = |ip: Value| {
        let mut body = wrong(&app);
        body["userAgent"] = json!({ "ip": ip });
        body
    };
    for (token, body, counted) in [
        (Some(page.as_str()), of(ANOTHER.into()), Some(ANOTHER)),
        (
            Some(page.as_str()),
            of(" 2001:db8::9 ".into()),
            Some("2001:db8::/64"),
        ),
        (Some(page.as_str()), of("unknown".into()), None),
        (Some(page.as_str()), of("127.0.0.1".into()), None),
        (Some(page.as_str()), wrong(&app), None),
        (Some(reader.as_str()), of("192.0.2.9".into()), Some(ADDRESS)),
        (None, of("192.0.2.9".into()), Some(ADDRESS)),
    ] {
        let client = Client {
            token,
            ..app.client().from(ADDRESS)
        };
        let of = counted.unwrap_or("192.0.2.9");
        let before = count(&app, of).await.unwrap_or_default();
        client.create_json(&body).await;
        let after = count(&app, of).await.unwrap_or_default();
        assert_eq!(after, before + u64::from(counted.is_some()), "{body}");
        if counted.is_none() {
            // The last request was that for the attempt.
            let requests = app.faults.requests();
            let last = requests.last().unwrap().parts.first().unwrap();
            assert_eq!(last.table, app.store.tables().users, "{body}");
        }
    }
    assert_eq!(count(&app, "192.0.2.9").await, None);
}

#[tokio::test]
async fn loopback_and_unlimited_addresses_are_never_refused() {
    let app = App::emulated(&[
        ("MAX_FAILURES_PER_ADDRESS", "5"),
        ("UNLIMITED_ADDRESSES", "198.51.100.0/24"),
    ])
    .await;
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", ANOTHER] {
        fail(app.client().from(address), 6).await;
        assert_eq!(count(&app, address).await, None);
    }
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_client() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    for n in 0..5 {
        fail(app.client().from(&format!("2001:db8::{n}:1")), 1).await;
    }
    let refused = app
        .client()
        .from("2001:db8::ffff")
        .create_json(&wrong(&app))
        .await;
    assert_eq!(refused.outcome(), REFUSED);
    fail(app.client().from("2001:db8:0:1::1"), 1).await;
}

#[tokio::test]
async fn a_reported_limit_refuses_nobody() {
    let report = [
        ("MAX_FAILURES_PER_ADDRESS", "5"),
        ("ADDRESS_LIMIT", "report"),
        ("MAX_PASSWORD_ATTEMPTS", "1"),
    ];
    let app = App::emulated(&report).await;
    let client = app.client().from(ADDRESS);
    fail(client, 5).await;
    assert!(app.logged().iter().all(|line| line["over_limit"].is_null()));

    let (mut expected, kinds) = (5, logins(&app).await);
    for (kind, body, outcome) in kinds {
        client.create_json(&body).await;
        let line = app.logged().pop().unwrap();
        assert_eq!(line["outcome"], outcome, "{kind}");
        let has_password = body["checks"]["password"].is_object();
        assert_eq!(line["over_limit"] == true, has_password, "{kind}");
        expected += u64::from(outcome != "ok" && body["checks"]["user"].is_object());
        assert_eq!(count(&app, ADDRESS).await, Some(expected), "{kind}");
    }
}

/// On, off and on again, on tables that are in use.
#[tokio::test]
async fn the_limit_can_be_switched_off_and_on() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    fail(app.client().from(ADDRESS), 5).await;

    let off = app.beside(&[("MAX_FAILURES_PER_ADDRESS", "none")]);
    fail(off.client().from(ADDRESS), 6).await;
    assert_eq!(count(&app, ADDRESS).await, Some(5));

    let on = app.beside(&[("MAX_FAILURES_PER_ADDRESS", "6")]);
    fail(on.client().from(ADDRESS), 1).await;
    let refused = on.client().from(ADDRESS).create_json(&wrong(&app)).await;
    assert_eq!(refused.outcome(), REFUSED);
}
