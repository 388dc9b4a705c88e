//! The token that a change of second factors replaces.

use std::time::Duration;

use serde_json::json;
use sesame::domain::Operation;

use super::check::{Check, RECOVERY};
use super::{ALL, MINUTE, SECOND_1, asked, open, outcome, second};
use crate::support::app::{NOW, PASSWORD};
use crate::support::second::{RECOVERY_CODES, SECONDS_30, totp};

const DEAD_IN_GET: &str = "QUERY-dsfr3";
const DEAD_IN_SET: &str = "COMMAND-sGr42";

/// Whoever planted a session must not get the login that follows: the token before it is good for the
/// same checks alone, with another code.
#[tokio::test(start_paused = true)]
async fn a_proof_kills_the_token_before_it() {
    let app = second().await;
    let client = app.client().later(SECOND_1);
    for check in Check::ALL {
        let mini = app.user_with(&format!("{check:?}"), &ALL).await;
        let old = check.open(app.client(), &mini).await;
        let code = check.right(&app, &mini, client.now);
        let mut new = old.clone();
        new.change(client, check.with(&code)).await.unwrap();
        let sequence = new.stored(&app).await.sequence;

        let got = client.ask(Operation::GetSession, old.set(json!({}))).await;
        assert_eq!(outcome(&got), DEAD_IN_GET, "{check:?}");
        let other = match check {
            Check::RecoveryCode => Check::Totp.with(&totp(&mini.user_id, client.now)),
            _ => Check::RecoveryCode.with(RECOVERY),
        };
        for more in [
            json!({ "metadata": { "a": "MQ==" } }),
            json!({ "challenges": asked(&["otpSms"]) }),
            json!({ "checks": { "password": { "password": PASSWORD } } }),
            other,
            // A used code is a wrong one, and the answer doesn't say so.
            check.with(&code),
            check.with(&check.wrong_code(&app, &mini, client.now)),
        ] {
            let mut old = old.clone();
            let set = old.change(client, more.clone()).await;
            assert_eq!(outcome(&set), DEAD_IN_SET, "{check:?} {more}");
        }
        assert_eq!(new.stored(&app).await.sequence, sequence);
        let got = client.ask(Operation::GetSession, new.set(json!({}))).await;
        assert_eq!(outcome(&got), "ok", "{check:?}");
        // The codes that were tried on a repetition count.
        assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 2);
    }
}

/// The answer was lost, so the client repeats the call with the next code.
#[tokio::test(start_paused = true)]
async fn a_proof_is_repeated_with_another_code() {
    let app = second().await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    let next = totp(&mini.user_id, NOW.plus(SECONDS_30));
    for (first, again) in [
        (
            Check::Totp.with(&totp(&mini.user_id, NOW)),
            Check::Totp.with(&next),
        ),
        (
            Check::RecoveryCode.with(RECOVERY_CODES[0]),
            Check::RecoveryCode.with(RECOVERY_CODES[1]),
        ),
    ] {
        let mut lost = open(client, &mini).await;
        let mut own = lost.clone();
        lost.change(client, first).await.unwrap();

        own.change(client.later(SECOND_1), again).await.unwrap();

        for (session, want) in [(&own, "ok"), (&lost, DEAD_IN_GET)] {
            let got = client
                .ask(Operation::GetSession, session.set(json!({})))
                .await;
            assert_eq!(outcome(&got), want);
        }
        let late = client.later(Duration::from_secs(11));
        let got = late.ask(Operation::GetSession, own.set(json!({}))).await;
        assert_eq!(outcome(&got), "ok");
    }
    // After the grace no repetition is accepted.
    let mut lost = open(client, &mini).await;
    let mut own = lost.clone();
    let late = client.later(MINUTE * 2);
    let codes = [60, 90].map(|s| totp(&mini.user_id, NOW.plus(MINUTE + Duration::from_secs(s))));
    lost.change(late, Check::Totp.with(&codes[0]))
        .await
        .unwrap();
    let later = client.later(MINUTE * 2 + Duration::from_secs(10));
    let repeated = own.change(later, Check::Totp.with(&codes[1])).await;
    assert_eq!(outcome(&repeated), DEAD_IN_SET);
}

/// A challenge proves nothing, so two calls with one token are both carried out.
#[tokio::test(start_paused = true)]
async fn a_challenge_leaves_the_token_before_it_its_grace() {
    let app = second().await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    let mut old = open(client, &mini).await;
    let mut new = old.clone();
    let more = json!({ "challenges": asked(&["otpEmail"]) });
    new.change(client, more).await.unwrap();
    assert_ne!(new.token, old.token);
    let code = Check::OtpEmail.right(&app, &mini, NOW);
    old.change(client, Check::OtpEmail.with(&code))
        .await
        .unwrap();
    let got = client.ask(Operation::GetSession, new.set(json!({}))).await;
    assert_eq!(outcome(&got), DEAD_IN_GET);
}
