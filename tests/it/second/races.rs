//! What happens to a user, his factors and his session between the check of a code and its use.

use std::time::Duration;

use serde_json::json;
use sesame::domain::{FactorKind, Operation, User};

use super::check::{Check, RECOVERY};
use super::{ALL, Opened, SECOND_1, open_with, outcome, second};
use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW};
use crate::support::second::{RECOVERY_CODES, SECOND, SECONDS_30, give, totp};

/// What another call does meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    /// Both addresses are verified anew.
    AddressesVerified,
    PhoneVerified,
    Removed,
    /// The factor is removed and set up again.
    Replaced,
    /// Somebody tries a wrong code.
    Guess,
    /// Another session uses a code of each kind.
    OtherCodeUsed,
    SessionChanged,
    SessionEnded,
    SessionsEnded,
    Deleted,
}

async fn happen(meanwhile: Meanwhile, app: &App, user: &User, session: &Opened, check: Check) {
    let id = &user.user_id;
    let key = app.server_key();
    let later = Some(NOW.plus(SECOND_1));
    let client = app.client();
    match meanwhile {
        Meanwhile::AddressesVerified | Meanwhile::PhoneVerified => {
            app.change_user(id, |account| {
                let profile = &mut account.profile;
                profile.phone.as_mut().unwrap().verified_at = later;
                if meanwhile == Meanwhile::AddressesVerified {
                    profile.email.as_mut().unwrap().verified_at = later;
                }
            })
            .await;
        }
        Meanwhile::Removed | Meanwhile::Replaced => {
            app.change_user(id, |account| {
                account.factors = std::mem::take(&mut account.factors).removed();
                let others = |kind: &FactorKind| *kind != check.kind();
                for kind in ALL.into_iter().filter(others) {
                    give(&mut account.factors, kind, id, &key);
                }
            })
            .await;
            if meanwhile == Meanwhile::Replaced {
                app.change_user(id, |account| {
                    give(&mut account.factors, check.kind(), id, &key);
                    if let Some(totp) = &mut account.factors.totp {
                        totp.added_at = NOW.plus(SECOND_1);
                    }
                })
                .await;
            }
        }
        Meanwhile::Guess => {
            let wrong = Check::RecoveryCode.wrong_code(app, user, NOW);
            let tried = session
                .attempt(client, Check::RecoveryCode.with(&wrong))
                .await;
            assert!(tried.is_err());
        }
        Meanwhile::OtherCodeUsed => {
            let mut other = super::open(client, user).await;
            let mut more = Check::RecoveryCode.with(RECOVERY_CODES[2]);
            let code = totp(id, NOW.minus(SECONDS_30));
            more["checks"]["totp"] = json!({ "code": code });
            other.change(client, more).await.unwrap();
        }
        Meanwhile::SessionChanged => {
            let more = json!({ "metadata": { "a": "MQ==" } });
            session.attempt(client, more).await.unwrap();
        }
        Meanwhile::SessionEnded => {
            let message = session.set(json!({}));
            client.ask(Operation::DeleteSession, message).await.unwrap();
        }
        Meanwhile::SessionsEnded => assert!(app.store.end_sessions(user).await.unwrap()),
        Meanwhile::Deleted => assert!(app.store.delete_user(user).await.unwrap()),
    }
}

const GONE: &str = "COMMAND-Hewfq";

/// Each condition of the transaction that uses up a code: the answers by check.
#[tokio::test(start_paused = true)]
async fn a_code_is_used_only_if_all_is_as_it_was_checked() {
    let not_set_up = [
        "COMMAND-3Mif9s",
        "COMMAND-d2r52",
        "COMMAND-d2r52",
        "DOMAIN-6uvh0",
    ];
    for (meanwhile, wants) in [
        (
            Meanwhile::AddressesVerified,
            ["ok", "CODE-woT0xc", "CODE-woT0xc", "ok"],
        ),
        (Meanwhile::PhoneVerified, ["ok", "CODE-woT0xc", "ok", "ok"]),
        (Meanwhile::Removed, not_set_up),
        (Meanwhile::Replaced, ["EVENT-8isk2", "ok", "ok", "ok"]),
        (Meanwhile::Guess, ["ok", "ok", "ok", "ok"]),
        (Meanwhile::OtherCodeUsed, ["ok", "ok", "ok", "ok"]),
        (Meanwhile::SessionChanged, ["ok", "ok", "ok", "ok"]),
        (Meanwhile::SessionEnded, [GONE, GONE, GONE, GONE]),
        // It is written, into a session that has ended.
        (Meanwhile::SessionsEnded, ["ok", "ok", "ok", "ok"]),
        (
            Meanwhile::Deleted,
            [
                "COMMAND-3Mif9s",
                "COMMAND-d2r52",
                "COMMAND-d2r52",
                "DOMAIN-6uvh0",
            ],
        ),
    ] {
        for (check, want) in Check::ALL.into_iter().zip(wants) {
            let about = format!("{check:?} {meanwhile:?}");
            let app = second().await;
            let client = app.client();
            let mini = app.user_with("mini", &ALL).await;
            let message = super::challenging(&mini, &["otpSms", "otpEmail"]);
            let session = open_with(client, message).await;
            let code = check.right(&app, &mini, NOW);
            app.faults.clear();
            app.faults
                .delay("TransactWriteItems", 1, Duration::from_millis(200));

            let mut own = session.clone();
            let (checked, ()) = tokio::join!(own.change(client, check.with(&code)), async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                // Its own transactions wait for nothing.
                let beside = app.beside(&SECOND);
                happen(meanwhile, &beside, &mini, &session, check).await;
            });

            assert_eq!(outcome(&checked), want, "{about}");
            let failures = app.factors_of(&mini.user_id).await.attempts.failures;
            let is_wrong = want == check.wrong() && meanwhile != Meanwhile::Deleted;
            // What others tried after the code was checked stays counted.
            let counted = u32::from(is_wrong) + u32::from(meanwhile == Meanwhile::Guess);
            assert_eq!(failures, counted, "{about}");
            let stored = own.stored(&app).await;
            let is_written = stored.factors.verified_at.len() > 2;
            assert_eq!(is_written, want == "ok", "{about}");
            if meanwhile == Meanwhile::SessionsEnded {
                let got = client.ask(Operation::GetSession, own.set(json!({}))).await;
                assert_eq!(outcome(&got), "QUERY-SFeaa", "{about}");
            }
        }
    }
}

/// Codes of both methods are of one profile.
#[tokio::test(start_paused = true)]
async fn of_two_codes_that_are_used_together_the_void_one_is_wrong() {
    let app = second().await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    let message = super::challenging(&mini, &["otpSms", "otpEmail"]);
    let session = open_with(client, message).await;
    let codes = [Check::OtpSms, Check::OtpEmail].map(|check| check.right(&app, &mini, NOW));
    let checks = json!({ "checks": {
        "otpSms": { "code": codes[0] }, "otpEmail": { "code": codes[1] },
        "recoveryCode": { "code": RECOVERY },
    } });
    app.faults.clear();
    app.faults
        .delay("TransactWriteItems", 1, Duration::from_millis(200));
    let mut own = session.clone();
    let (checked, ()) = tokio::join!(own.change(client, checks), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        happen(
            Meanwhile::PhoneVerified,
            &app,
            &mini,
            &session,
            Check::OtpSms,
        )
        .await;
    });
    assert_eq!(outcome(&checked), "CODE-woT0xc");
    let factors = app.factors_of(&mini.user_id).await;
    assert_eq!(
        (factors.attempts.failures, factors.recovery_codes.len()),
        (1, 3)
    );
    // The other one is still good.
    own.change(client, Check::OtpEmail.with(&codes[1]))
        .await
        .unwrap();
}
