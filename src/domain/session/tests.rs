use super::*;
use crate::domain::{Factor, FactorSet, LoginName, NewUser, User, UserId};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn new() -> NewSession {
    NewSession {
        id: SessionId(uuid::Uuid::nil()),
        token_hash: TokenHash::new([0; 32]),
        factors: Factors::default(),
        metadata: Metadata::default(),
        user_agent: None,
        creator: "anonymous".into(),
        lifetime: None,
        default_lifetime: Duration::from_mins(1),
        write: WriteId(uuid::Uuid::nil()),
        fingerprint: None,
    }
}

/// What a user of this id and generation has passed at `at`.
fn passed(factors: &[Factor], id: &str, generation: u128, at: Timestamp) -> Factors {
    let user = NewUser {
        login_name: LoginName::parse("mini".into()).unwrap(),
        user_id: UserId::parse(id.into()).unwrap(),
        display_name: None,
        password_hash: None,
    };
    let user = User {
        generation: SessionGeneration(uuid::Uuid::from_u128(generation)),
        ..User::from(user)
    };
    let factors: FactorSet = factors.iter().copied().collect();
    Factors::passed(&factors, &user, at)
}

/// Whose user was checked at [`NOW`], and no more than that.
fn named(id: &str, generation: u128) -> Factors {
    passed(&[Factor::User], id, generation, NOW)
}

fn rotation(hash: u8, grace: Duration) -> TokenRotation {
    TokenRotation {
        token_hash: TokenHash::new([hash; 32]),
        write: WriteId(uuid::Uuid::max()),
        grace_until: (!grace.is_zero()).then(|| NOW.plus(grace)),
    }
}

#[test]
fn a_lifetime_is_a_millisecond_to_the_maximum() {
    let max = Duration::from_hours(2);
    let (nano, milli) = (Duration::from_nanos(1), Duration::from_millis(1));
    for (requested, want) in [
        (None, true),
        (Some(milli), true),
        (Some(max), true),
        (Some(max + nano), false),
        (Some(Duration::MAX), false),
        (Some(Duration::from_nanos(999_999)), false),
        (Some(nano), false),
        (Some(Duration::ZERO), false),
    ] {
        assert_eq!(
            check_lifetime(requested, max).is_ok(),
            want,
            "{requested:?}"
        );
    }
}

#[test]
fn the_user_of_a_session_cant_be_changed() {
    let opened = Session::open(
        NewSession {
            factors: named("1", 7),
            ..new()
        },
        NOW,
    );
    let change = |factors| {
        opened.changed(
            &SessionChanges {
                factors,
                ..SessionChanges::default()
            },
            rotation(1, Duration::ZERO),
            NOW,
        )
    };

    assert!(change(named("2", 7)).is_err());
    let again = change(named("1", 8)).unwrap();
    assert_eq!(
        again.factors,
        named("1", 7),
        "a session can't move to another generation of its user"
    );
}

#[test]
fn a_session_is_valid_until_it_ends_or_expires() {
    let generation = |n| Some(SessionGeneration(uuid::Uuid::from_u128(n)));
    let anonymous = Session::open(new(), NOW);
    let of_user = Session::open(
        NewSession {
            factors: named("1", 7),
            ..new()
        },
        NOW,
    );
    let deleted = Session {
        ended_at: Some(NOW),
        ..anonymous.clone()
    };
    let end = anonymous.expires_at;
    for (session, generation, now, want) in [
        (&anonymous, None, NOW, SessionState::Live),
        (&anonymous, None, end, SessionState::Expired),
        (&of_user, generation(7), NOW, SessionState::Live),
        (&of_user, generation(7), end, SessionState::Expired),
        (&of_user, generation(8), NOW, SessionState::Ended),
        (&of_user, generation(8), end, SessionState::Ended),
        (&of_user, None, NOW, SessionState::Ended),
        (&deleted, None, NOW, SessionState::Ended),
        (&deleted, None, end, SessionState::Ended),
    ] {
        assert_eq!(session.state(generation, now), want, "{generation:?}");
    }
    assert!(!deleted.is_live(NOW));
}

#[test]
fn no_lifetime_reaches_past_the_absolute_end() {
    let seconds = Duration::from_secs;
    let at = |span: u64| NOW.plus(seconds(span));
    let checked_at = |at| passed(&[Factor::Password], "1", 7, at);
    let none = Factors::default;
    // The session was created at 0, and no lifetime may be over 100 s.
    for (stored, checked, now, lifetime, want) in [
        (none(), none(), 10, 20, 30),
        (none(), none(), 10, 90, 100),
        (none(), none(), 10, 91, 100),
        (none(), none(), 99, 100, 100),
        (named("1", 7), none(), 10, 91, 100),
        (checked_at(at(50)), none(), 60, 90, 150),
        (checked_at(at(50)), none(), 60, 100, 150),
        (checked_at(at(50)), checked_at(at(60)), 60, 100, 160),
        (none(), checked_at(at(60)), 60, 100, 160),
        // Another check was made later, and written first.
        (checked_at(at(60)), checked_at(at(50)), 70, 100, 160),
    ] {
        let session = Session::open(
            NewSession {
                factors: stored.clone(),
                ..new()
            },
            NOW,
        );
        let changes = SessionChanges {
            factors: checked.clone(),
            lifetime: Some(seconds(lifetime)),
            max_lifetime: seconds(100),
            ..SessionChanges::default()
        };
        let after = session
            .changed(&changes, rotation(1, Duration::ZERO), at(now))
            .unwrap();
        assert_eq!(after.expires_at, at(want), "{changes:?} at {now}");
        let newest = stored.proved_at().max(checked.proved_at());
        assert_eq!(after.factors.proved_at(), newest, "{changes:?}");
    }
}
