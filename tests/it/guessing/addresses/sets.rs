//! Failed logins by a Set.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use super::{ADDRESS, ANOTHER, REFUSED, count, fail};
use crate::support::app::{App, PASSWORD};
use crate::support::client::{Client, HOUR};

const NOT_THE_TOKEN: &str = "COMMAND-sGr42";

async fn set(client: Client<'_>, session: &Value, login_name: &str, password: &str) -> String {
    let body = json!({
        "sessionId": session["sessionId"],
        "sessionToken": session["sessionToken"],
        "checks": {
            "user": { "loginName": login_name },
            "password": { "password": password },
        },
    });
    let request = client.json(Operation::SetSession, body);
    client.send(request).await.outcome()
}

/// Who has planted a session on somebody may repeat the login for a moment, and must not learn by it
/// whose it was.
#[tokio::test]
async fn a_replaced_token_tells_by_no_limit_who_logged_in() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "6")]).await;
    let (victim, other) = (app.user("victim").await, app.user("other").await);
    let (own, others) = (victim.login_name.as_str(), other.login_name.as_str());
    let planter = app.client().from(ADDRESS);
    let session = planter.create_json(&json!({})).await.result().unwrap();
    let login = app.client().from(ANOTHER);
    assert_eq!(set(login, &session, own, PASSWORD).await, "ok");

    for (n, name) in [own, others, own, others].into_iter().enumerate() {
        assert_eq!(set(planter, &session, name, "wrong").await, NOT_THE_TOKEN);
        assert_eq!(count(&app, ADDRESS).await, Some(n as u64 + 1), "{name}");
    }
    fail(planter, 2).await;
    for name in [own, others] {
        assert_eq!(set(planter, &session, name, "wrong").await, REFUSED);
    }
}

/// In a Set it is the stored address of a session that the principal created itself.
#[tokio::test]
async fn a_set_is_counted_by_the_address_of_its_own_session() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let mini = app.user("mini").await;
    let page = app.service_account(&[Permission::SessionWrite], HOUR).await;
    let other = app
        .service_account_named("other", &[Permission::SessionWrite], HOUR)
        .await;
    let client = app.client().from(ADDRESS).bearing(page.as_str());
    let named = json!({
        "checks": { "user": { "userId": mini.user_id.as_str() } },
        "userAgent": { "ip": ANOTHER },
    });
    let created = client.create_json(&named).await.result().unwrap();
    let set = json!({
        "sessionId": created["sessionId"],
        "checks": { "password": { "password": "wrong" } },
    });
    for (client, want) in [
        (client, 1),
        (client, 2),
        (client.bearing(other.as_str()), 2),
    ] {
        app.logged();
        let request = client.json(Operation::SetSession, set.clone());
        client.send(request).await;
        assert_eq!(count(&app, ANOTHER).await, Some(want));
    }
    assert_eq!(app.logged()[0]["login_ip"], Value::Null);
    assert_eq!(count(&app, ADDRESS).await, None);
}
