//! Each condition of the writes of second factors, by itself: what it refuses, the others allow.

mod accounts;
mod counts;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{
    Account, AttemptPolicy, Attempts, FactorKind, OtpMethod, SecondFactors, Session,
    SessionChanges, SessionScope, User, UserRef, WriteId,
};
use sesame::store::{
    FactorPutOutcome, PutOutcome, ReservedFactors, UsedFactors, UsedProofs, UsedTotp,
};

use super::uses::{Code, Login, login_page};
use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW, rotation};
use crate::support::second::{RECOVERY_CODES, SECOND, recovery_hash, sealed};

const STEP: u64 = 60_000_000;

/// A user with factors of all kinds, and a session in which the password was checked.
struct Place {
    app: App,
    mini: User,
    session: Session,
}

fn of(used: &UsedFactors) -> UsedProofs<'_> {
    UsedProofs {
        factors: Some(used),
        credential: None,
    }
}

impl Place {
    async fn new() -> Self {
        let app = App::emulated(&SECOND).await;
        let mini = app.user_with("mini", &FactorKind::ALL).await;
        let login = Login::new(login_page(&app).await, &mini, Code::Totp).await;
        let id = login.id.parse().unwrap();
        let session = app.store.get_session(id).await.unwrap().unwrap();
        Self { app, mini, session }
    }

    async fn factors(&self) -> SecondFactors {
        self.app.factors_of(&self.mini.user_id).await
    }

    async fn attempts(&self) -> (u64, u32) {
        let Attempts { made, failures, .. } = self.factors().await.attempts;
        (made, failures)
    }

    /// Reserves an attempt. `None`: it is refused.
    async fn try_reserve(&self, kinds: &[FactorKind]) -> Option<UsedFactors> {
        let (user, write) = (&self.mini.user_id, WriteId::generate());
        let policy = AttemptPolicy::default();
        let store = &self.app.store;
        let reserved = store.reserve_factor_attempt(user, kinds, policy, write, NOW);
        match reserved.await.unwrap() {
            ReservedFactors::Reserved(seen) => Some(UsedFactors {
                write,
                ..UsedFactors::new(user.clone(), &seen)
            }),
            ReservedFactors::Refused(_) => None,
        }
    }

    async fn reserve(&self) -> UsedFactors {
        self.try_reserve(&[FactorKind::Totp]).await.unwrap()
    }

    /// Writes the session as it is changed since it was `seen`.
    async fn put_over(&self, seen: &Session, used: &UsedFactors) -> FactorPutOutcome {
        let token = rotation(seen.token_hash);
        let next = seen.changed(&SessionChanges::default(), token, NOW);
        let (store, next) = (&self.app.store, next.unwrap());
        let put = store.put_session_with_factors(Some(seen), &next, of(used));
        put.await.unwrap()
    }

    async fn put(&self, used: &UsedFactors) -> FactorPutOutcome {
        let stored = self.app.store.get_session(self.session.id).await;
        self.put_over(&stored.unwrap().unwrap(), used).await
    }

    async fn add_again(&self) {
        let login = self.app.login("mini").await;
        assert!(self.app.store.delete_user(&login).await.unwrap());
        self.app.user_with("mini", &FactorKind::ALL).await;
    }
}

fn with_totp(used: UsedFactors, step: u64) -> UsedFactors {
    let totp = Some(UsedTotp {
        step,
        resealed: None,
    });
    UsedFactors { totp, ..used }
}

fn with_email(used: UsedFactors) -> UsedFactors {
    let sent = vec![(OtpMethod::Email, NOW)];
    UsedFactors { sent, ..used }
}

fn is_done(outcome: &FactorPutOutcome) -> bool {
    matches!(outcome, FactorPutOutcome::Done)
}

fn is_of_factors(outcome: &FactorPutOutcome) -> bool {
    matches!(outcome, FactorPutOutcome::Factors(_))
}

#[tokio::test]
async fn failures_that_another_check_has_forgiven_are_not_counted_again() {
    let place = Place::new().await;
    let (first, second) = (place.reserve().await, place.reserve().await);
    assert!(is_done(&place.put(&with_email(second)).await));
    assert_eq!(place.attempts().await, (2, 0));

    let put = place.put(&with_email(first)).await;

    assert!(is_of_factors(&put), "{put:?}");
    assert_eq!(place.attempts().await, (2, 0));
}

#[tokio::test]
async fn an_attempt_of_a_user_who_was_added_again_is_none_of_the_new_one() {
    let place = Place::new().await;
    let used = with_email(place.reserve().await);
    place.add_again().await;

    let put = place.put(&used).await;

    assert!(is_of_factors(&put), "{put:?}");
    assert_eq!(place.attempts().await, (0, 0));
}

#[tokio::test]
async fn a_code_of_a_former_app_is_not_used() {
    let place = Place::new().await;
    let used = with_totp(place.reserve().await, STEP);
    let (id, key) = (&place.mini.user_id, place.app.server_key());
    place
        .app
        .change_user(id, |account| {
            let totp = account.factors.totp.as_mut().unwrap();
            totp.secret = sealed(id, &key);
        })
        .await;

    let put = place.put(&used).await;

    assert!(is_of_factors(&put), "{put:?}");
    assert_eq!(place.factors().await.totp.unwrap().last_step, 0);
}

/// Both were judged by the factors as they are but for the last step.
#[tokio::test]
async fn a_step_is_used_once_and_none_before_it() {
    for (step, may) in [(STEP - 1, false), (STEP, false), (STEP + 1, true)] {
        let place = Place::new().await;
        let first = with_totp(place.reserve().await, STEP);
        assert!(is_done(&place.put(&first).await));

        let used = with_totp(place.reserve().await, step);
        let put = place.put(&used).await;

        assert_eq!(is_done(&put), may, "{step} {put:?}");
        assert!(may || is_of_factors(&put), "{step} {put:?}");
        let last = place.factors().await.totp.unwrap().last_step;
        assert_eq!(last, step.max(STEP), "{step}");
    }
}

/// The second is judged by the codes before the first was used, and by all else as it is.
#[tokio::test]
async fn a_recovery_code_is_used_once() {
    let place = Place::new().await;
    let code = recovery_hash(&place.mini.user_id, RECOVERY_CODES[0]);
    let other = recovery_hash(&place.mini.user_id, RECOVERY_CODES[1]);
    for (code, may) in [(code, true), (code, false), (other, false)] {
        let mut used = place.reserve().await;
        used.recovery_code = Some(code);
        for code in RECOVERY_CODES {
            let code = recovery_hash(&place.mini.user_id, code);
            used.seen.recovery_codes.insert(code);
        }

        let put = place.put(&used).await;

        assert_eq!(is_done(&put), may, "{put:?}");
        assert_eq!(place.factors().await.recovery_codes.len(), 2);
    }
}

#[tokio::test]
async fn a_code_by_a_method_that_was_removed_is_not_used() {
    let place = Place::new().await;
    let used = with_email(place.reserve().await);
    let id = &place.mini.user_id;
    let remove = |account: &mut Account| account.factors.otp_email = None;
    place.app.change_user(id, remove).await;

    let put = place.put(&used).await;

    assert!(is_of_factors(&put), "{put:?}");
}

#[tokio::test]
async fn a_code_to_a_former_address_is_not_used() {
    let place = Place::new().await;
    for (method, code) in [(OtpMethod::Email, "email"), (OtpMethod::Sms, "phone")] {
        let used = UsedFactors {
            sent: vec![(method, NOW)],
            ..place.reserve().await
        };
        let id = &place.mini.user_id;
        let later = NOW.plus(Duration::from_secs(1));
        let verify = |account: &mut Account| match method {
            OtpMethod::Email => account.profile.email.as_mut().unwrap().verified_at = Some(later),
            OtpMethod::Sms => account.profile.phone.as_mut().unwrap().verified_at = Some(later),
        };
        place.app.change_user(id, verify).await;

        let put = place.put(&used).await;

        let is_address = matches!(put, FactorPutOutcome::Address(of) if of == method);
        assert!(is_address, "{code} {put:?}");
    }
}

/// What a restore may leave: no pointer, and factors.
#[tokio::test]
async fn the_last_recovery_code_makes_no_pointer() {
    let place = Place::new().await;
    let id = &place.mini.user_id;
    let last = recovery_hash(id, RECOVERY_CODES[0]);
    let keep = |account: &mut Account| account.factors.recovery_codes = [last].into();
    place.app.change_user(id, keep).await;
    let mut used = place.reserve().await;
    used.recovery_code = Some(last);
    let key = AttributeValue::S(format!("USER#{}", UserRef::from(id)));
    let tables = place.app.store.tables().users.clone();
    let (client, pk) = (place.app.dynamodb(), "pk");
    let delete = client
        .delete_item()
        .table_name(&tables)
        .key(pk, key.clone());
    delete.send().await.unwrap();

    let put = place.put(&used).await;

    assert!(is_of_factors(&put), "{put:?}");
    let get = client.get_item().table_name(&tables).key(pk, key);
    assert_eq!(get.send().await.unwrap().item, None);
}

#[tokio::test]
async fn a_session_is_written_once_and_not_after_its_end() {
    let place = Place::new().await;
    let used = with_totp(place.reserve().await, STEP);
    let store = &place.app.store;
    let taken = store.put_session_with_factors(None, &place.session, of(&used));
    let taken = taken.await.unwrap();
    let is_conflict = |outcome: &FactorPutOutcome| {
        matches!(outcome, FactorPutOutcome::Session(PutOutcome::Conflict(_)))
    };
    assert!(is_conflict(&taken), "{taken:?}");

    let other = store
        .put_session(
            &place.session,
            &place
                .session
                .changed(
                    &SessionChanges::default(),
                    rotation(place.session.token_hash),
                    NOW,
                )
                .unwrap(),
        )
        .await;
    assert!(matches!(other.unwrap(), PutOutcome::Done));
    let stale = place.put_over(&place.session, &used).await;
    assert!(is_conflict(&stale), "{stale:?}");

    store
        .end_session(place.session.id, &SessionScope::All, NOW)
        .await
        .unwrap();
    let ended = store.get_session(place.session.id).await.unwrap().unwrap();
    let revived = Session {
        ended_at: None,
        ..ended
    };
    let late = place.put_over(&revived, &used).await;
    assert!(is_conflict(&late), "{late:?}");
    assert_eq!(place.factors().await.totp.unwrap().last_step, 0);
}
