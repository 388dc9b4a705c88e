//! How many requests a login by passkey makes, and which.

use serde_json::json;
use sesame::domain::{CredentialKind, Operation};

use super::{Opened, answering, keys, opening, page};
use crate::support::keys::{ORIGIN, asking};

const READ: &str = "GetItem";
/// The session and its user.
const SESSION: &str = "BatchGetItem";

#[tokio::test]
async fn a_login_by_passkey_makes_a_fixed_number_of_requests() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let key = app.key(&mini, CredentialKind::Passkey).await;
    let page = page(&app).await;
    // The account is read by its first call.
    page.create_json(&json!({})).await;

    // The user and the credentials, one after the other; by id, the pointer beside the credentials.
    let by_name = opening(&mini, "REQUIRED");
    let mut by_id = by_name.clone();
    by_id["checks"]["user"] = json!({ "userId": mini.user_id.as_str() });
    let of_nobody = json!({ "challenges": asking("REQUIRED") });
    // The credential is read beside the session, then the user.
    let of_user = [SESSION, READ, READ];
    // The same, and the user's pointer. The session has no user yet who could be read with it.
    let of_anybody = [READ; 4];
    for (what, message, to_create, to_set) in [
        (
            "by name",
            by_name,
            &[READ, READ, "PutItem"][..],
            &of_user[..],
        ),
        ("by id", by_id, &[READ, READ, READ, "PutItem"], &of_user),
        ("of nobody", of_nobody, &["PutItem"], &of_anybody),
    ] {
        for is_right in [true, false] {
            app.faults.clear();
            let mut opened = Opened::create(page, message.clone()).await;
            assert_eq!(app.faults.actions(), to_create, "{what}");
            let mut key = key.clone();
            key.sign_count = app.credential(&key).await.sign_count.0;
            key.bad_signature = !is_right;
            let answer = answering(&key.assert(&opened.options, ORIGIN));
            app.faults.clear();

            let answered = opened.change(page, answer).await;

            assert_eq!(answered.is_ok(), is_right, "{what} {answered:?}");
            let write = if is_right {
                "TransactWriteItems"
            } else {
                "UpdateItem"
            };
            let want: Vec<_> = to_set.iter().copied().chain([write]).collect();
            let mut got = app.faults.actions();
            // The first two are sent at once.
            got[..2].sort_unstable();
            assert_eq!(got, want, "{what} {is_right}");
        }
    }
}

/// The challenge of a session that has its user already.
#[tokio::test]
async fn a_challenge_makes_one_request_more() {
    let app = keys().await;
    let mini = app.user("mini").await;
    app.key(&mini, CredentialKind::Passkey).await;
    let page = page(&app).await;
    let mut opened = Opened::of(page, &mini, "REQUIRED").await;
    app.faults.clear();

    let more = json!({ "challenges": asking("REQUIRED") });
    opened.change(page, more).await.unwrap();

    assert_eq!(app.faults.actions(), [SESSION, READ, "UpdateItem"]);
}

#[tokio::test]
async fn an_answer_that_names_no_challenge_writes_nothing() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    let page = page(&app).await;
    let other = Opened::of(page, &mini, "REQUIRED").await;
    let opened = Opened::of(page, &mini, "REQUIRED").await;
    let message = opened.set(answering(&key.assert(&other.options, ORIGIN)));
    app.faults.clear();

    page.ask(Operation::SetSession, message).await.unwrap_err();

    let mut got = app.faults.actions();
    got.sort_unstable();
    assert_eq!(got, [SESSION, READ]);
}
