//! What happens to a credential, its user and its session while an answer is judged.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{
    CredentialId, CredentialKind, Operation, Permission, Session, SessionState, SignCount, User,
};

use super::{open, outcome, pause, set, slow};
use crate::support::administration::Administration as _;
use crate::support::answer::Outcome;
use crate::support::app::{App, NOW};
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::keys::{DOMAIN, ORIGIN};
use crate::web_authn::sessions::{NOT_ACTIVE, NOT_HIS, WRONG, answering, keys, page};

/// What another call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Removed,
    Locked,
    Deactivated,
    Deleted,
}

impl Meanwhile {
    /// How an answer to a challenge of the user is refused afterwards.
    fn refusal(self) -> &'static str {
        match self {
            Self::Removed => NOT_HIS,
            Self::Locked | Self::Deactivated => NOT_ACTIVE,
            Self::Deleted => "COMMAND-Hewfq",
        }
    }

    /// The same, if it happens after the session was read, and after the user was.
    fn late_refusals(self) -> [&'static str; 2] {
        match self {
            // The login name leads nowhere, as it does while a user is renamed: try again.
            Self::Deleted => ["code 14", NOT_HIS],
            other => [other.refusal(); 2],
        }
    }

    async fn happen(self, admin: Client<'_>, user: &User, passkey: &str) -> Outcome {
        let mut message = json!({ "userId": user.user_id.as_str() });
        let operation = match self {
            Self::Removed => {
                message["passkeyId"] = json!(passkey);
                Operation::RemovePasskey
            }
            Self::Locked => Operation::LockUser,
            Self::Deactivated => Operation::DeactivateUser,
            Self::Deleted => Operation::DeleteUser,
        };
        admin.ask(operation, message).await
    }
}

/// Those of the user's sessions that are good for anything vouch for him as he is.
async fn assert_nothing_outlives(app: &App, user: &User, session: &Session, about: &str) {
    let name = user.login_name.folded();
    let stored = app.store.get_user(&name).await.unwrap();
    let generation = stored.map(|user| user.generation);
    if session.factors.is_proved() {
        let state = session.state(generation, NOW);
        assert_eq!(state, SessionState::Ended, "{about}");
    }
}

/// Whatever happens at once with an answer: afterwards no session proves the user as he was before, and
/// what was removed is gone.
#[tokio::test(start_paused = true)]
async fn nothing_outlives_a_removal_a_lock_and_a_deletion() {
    use Meanwhile::{Deactivated, Deleted, Locked, Removed};

    for meanwhile in [Removed, Locked, Deactivated, Deleted] {
        for of_user in [true, false] {
            let app = keys().await;
            let (mut right, mut refused) = (0, 0);
            for offset in (0..44).step_by(2) {
                let is_right = meet(&app, meanwhile, of_user, offset).await;
                right += usize::from(is_right);
                refused += usize::from(!is_right);
            }
            let about = format!("{meanwhile:?} {of_user} {right} {refused}");
            assert!(right > 0 && refused > 0, "{about}");
            let scanned = app.store.scan_users().await.unwrap();
            assert_eq!(scanned.faults(), [], "{about}");
        }
    }
}

/// Lets an answer meet another call. Returns whether it was right.
async fn meet(app: &App, meanwhile: Meanwhile, of_user: bool, offset: u64) -> bool {
    let page = page(app).await;
    let admin = app
        .service(&[Permission::UserWrite, Permission::UserDelete])
        .await;
    let mini = app.user_with_hash(&format!("{offset}"), None).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    let listed = app.store.get_credentials(&mini.user_id).await.unwrap();
    let passkey = listed.listed[0].registration.to_string();
    let opened = open(page, of_user.then_some(&mini)).await;
    let before = opened.stored(app).await;
    let answer = answering(&key.assert(&opened.options, ORIGIN));
    slow(app);
    let given = async {
        pause(20).await;
        set(page, &opened, answer).await
    };
    let other = async {
        pause(offset).await;
        meanwhile.happen(admin, &mini, &passkey).await
    };

    let (given, other) = tokio::join!(given, other);

    app.faults.clear();
    let about = format!("{meanwhile:?} {of_user} {offset} {given:?} {other:?}");
    assert!(other.is_ok(), "{about}");
    let after = opened.stored(app).await;
    assert_nothing_outlives(app, &mini, &after, &about).await;
    let id = CredentialId::new(key.id.clone()).unwrap();
    let stored = app.store.get_credential(id.hash()).await.unwrap();
    let is_gone = matches!(meanwhile, Meanwhile::Removed | Meanwhile::Deleted);
    assert_eq!(stored.is_none(), is_gone, "{about}");
    if given.is_ok() {
        assert!(after.factors.is_proved(), "{about}");
        return true;
    }
    let refused = outcome(&given);
    let is_known = if of_user {
        refused == meanwhile.refusal() || meanwhile.late_refusals().contains(&refused)
    } else {
        refused == WRONG
    };
    assert!(is_known, "{about}");
    assert_eq!(after.factors, before.factors, "{about}");
    if let Some(stored) = stored {
        assert_eq!(stored.used_at, None, "{about}");
    }
    false
}

/// The condition that a credential is still the user's.
#[tokio::test(start_paused = true)]
async fn a_credential_that_became_anothers_is_not_used() {
    for of_user in [true, false] {
        let app = keys().await;
        let page = page(&app).await;
        let mini = app.user_with_hash("mini", None).await;
        let other = app.user_with_hash("other", None).await;
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let opened = open(page, of_user.then_some(&mini)).await;
        let before = opened.stored(&app).await;
        let moved = key.clone();
        let answer = answering(&key.assert(&opened.options, ORIGIN));
        app.faults
            .delay("TransactWriteItems", 1, Duration::from_millis(50));
        let given = set(page, &opened, answer);
        let change = async {
            pause(20).await;
            app.change_user(&mini.user_id, |account| {
                account.credentials = account.credentials.clone().without(|_| true);
            })
            .await;
            app.register(&other, CredentialKind::Passkey, moved, DOMAIN)
                .await
        };

        let (given, moved) = tokio::join!(given, change);

        let want = if of_user { NOT_HIS } else { WRONG };
        assert_eq!(outcome(&given), want, "{of_user}");
        let stored = app.credential(&moved).await;
        assert_eq!(stored.user, other.user_id, "{of_user}");
        assert_eq!((stored.sign_count, stored.used_at), (SignCount(0), None));
        let after = opened.stored(&app).await;
        assert_eq!(after.factors, before.factors, "{of_user}");
        assert_eq!(after.challenges.web_authn, [], "{of_user}");
    }
}

/// A wrong answer is consumed on top of what others write, and they are carried out.
#[tokio::test(start_paused = true)]
async fn a_wrong_answer_meets_a_change_of_the_session() {
    let app = keys().await;
    let page = page(&app).await;
    for offset in 0..24 {
        for is_right in [true, false] {
            let about = format!("{offset} {is_right}");
            let mini = app.user_with_hash(&about.replace(' ', "-"), None).await;
            let mut key = app.key(&mini, CredentialKind::Passkey).await;
            key.bad_signature = !is_right;
            let opened = open(page, Some(&mini)).await;
            let before = opened.stored(&app).await;
            let answer = answering(&key.assert(&opened.options, ORIGIN));
            slow(&app);
            let given = async {
                pause(8).await;
                set(page, &opened, answer).await
            };
            let change = async {
                pause(offset).await;
                set(page, &opened, note()).await
            };

            let (given, changed) = tokio::join!(given, change);

            app.faults.clear();
            let want = if is_right { "ok" } else { WRONG };
            assert_eq!(outcome(&given), want, "{about}");
            assert!(changed.is_ok(), "{about} {changed:?}");
            let after = opened.stored(&app).await;
            assert_eq!(after.challenges.web_authn, [], "{about}");
            assert_eq!(after.metadata.iter().count(), 1, "{about}");
            // The metadata and the token, and those of the answer.
            let steps = if is_right { 4 } else { 3 };
            assert_eq!(after.sequence.0, before.sequence.0 + steps, "{about}");
        }
    }
}

fn note() -> Value {
    json!({ "metadata": { "a": "MQ==" } })
}

/// A session that ends while its answer is judged proves nothing, and the credential is not used.
#[tokio::test(start_paused = true)]
async fn an_answer_meets_the_end_of_its_session() {
    let app = keys().await;
    let page = app
        .service(&[Permission::SessionWrite, Permission::SessionDelete])
        .await;
    let mut met = 0;
    for offset in 0..24 {
        let mini = app.user_with_hash(&offset.to_string(), None).await;
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let opened = open(page, Some(&mini)).await;
        let answer = answering(&key.assert(&opened.options, ORIGIN));
        slow(&app);
        let given = async {
            pause(8).await;
            set(page, &opened, answer).await
        };
        let end = async {
            pause(offset).await;
            let message = json!({ "sessionId": opened.id });
            page.ask(Operation::DeleteSession, message).await
        };

        let (given, ended) = tokio::join!(given, end);

        app.faults.clear();
        assert!(ended.is_ok(), "{offset} {ended:?}");
        let stored = opened.stored(&app).await;
        assert!(stored.ended_at.is_some(), "{offset}");
        let is_used = app.credential(&key).await.used_at.is_some();
        assert_eq!(is_used, given.is_ok(), "{offset}");
        assert!(given.is_ok() || !stored.factors.is_proved(), "{offset}");
        if given.is_err() {
            assert_eq!(outcome(&given), "COMMAND-Hewfq", "{offset}");
            met += 1;
        }
    }
    assert!(met > 0);
}

/// Two who have read the same credential: the one that writes later judges the count anew.
#[tokio::test(start_paused = true)]
async fn an_answer_between_reading_and_writing_leaves_the_larger_count() {
    let app = keys().await;
    let page = page(&app).await;
    let mini = app.user_with_hash("mini", None).await;
    let key = app.key(&mini, CredentialKind::Passkey).await;
    let [mut one, mut other] = [key.clone(), key.clone()];
    other.sign_count = 4;
    let first = open(page, Some(&mini)).await;
    let second = open(page, Some(&mini)).await;
    let small = answering(&one.assert(&first.options, ORIGIN));
    let large = answering(&other.assert(&second.options, ORIGIN));
    let late = Fault::Delay(Duration::from_millis(50)).once();
    app.faults.inject(late.for_action("TransactWriteItems"));
    let given = set(page, &first, small);
    let between = async {
        pause(20).await;
        set(page, &second, large).await
    };

    let (given, between) = tokio::join!(given, between);

    assert_eq!(outcome(&given), "WEBAU-4M90s");
    assert!(between.is_ok(), "{between:?}");
    assert_eq!(app.credential(&key).await.sign_count, SignCount(5));
    let stored = first.stored(&app).await;
    assert!(!stored.factors.is_proved());
}

/// The user's login name becomes another's between two reads: the answer proves neither of them.
#[tokio::test(start_paused = true)]
async fn a_login_name_that_became_anothers_logs_nobody_in() {
    // What is read before the user: the credential, and without a user in the session that and the
    // pointer, too.
    for (of_user, reads, want) in [(true, 1, "code 14"), (false, 3, WRONG)] {
        let app = keys().await;
        let page = page(&app).await;
        // The account is read by its first call.
        page.create_json(&json!({})).await;
        let mini = app.user_with_hash("mini", None).await;
        let other = app.user_with_hash("other", None).await;
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let opened = open(page, of_user.then_some(&mini)).await;
        let before = opened.stored(&app).await;
        let answer = answering(&key.assert(&opened.options, ORIGIN));
        app.faults.clear();
        let late = Fault::Delay(Duration::from_millis(50)).once();
        app.faults.inject(late.for_action("GetItem").after(reads));
        let given = page.ask(Operation::SetSession, opened.set(answer));
        let change = async {
            pause(20).await;
            let store = &app.store;
            let name = app.login_name("renamed");
            assert!(store.rename_user(&mini, name).await.unwrap());
            let name = mini.login_name.clone();
            assert!(store.rename_user(&other, name).await.unwrap());
        };

        let (given, ()) = tokio::join!(given, change);

        assert_eq!(outcome(&given), want, "{of_user}");
        let after = opened.stored(&app).await;
        assert_eq!(after.factors, before.factors, "{of_user}");
        assert_eq!(app.credential(&key).await.used_at, None, "{of_user}");
    }
}
