use super::*;
use crate::domain::{
    Attempts, DisplayName, Factor, FactorSet, LoginName, User, UserFactor, UserId, UserState,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn new() -> NewSession {
    NewSession {
        id: SessionId(uuid::Uuid::nil()),
        token_hash: TokenHash::new([0; 32]),
        factors: Factors::default(),
        challenges: Challenges::default(),
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
    let user = User {
        login_name: LoginName::parse("mini".into()).unwrap(),
        user_id: UserId::parse(id.into()).unwrap(),
        display_name: None,
        state: UserState::Active,
        password_hash: None,
        password_changed_at: None,
        change_required: false,
        attempts: Attempts::default(),
        generation: SessionGeneration(uuid::Uuid::from_u128(generation)),
    };
    let factors: FactorSet = factors.iter().copied().collect();
    Factors::passed(&factors, UserFactor::from(&user), at)
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
    assert!(change(passed(&[Factor::Password], "2", 7, NOW)).is_err());
    assert!(change(named("1", 7)).is_ok());
}

#[test]
fn a_session_has_the_generation_of_its_first_proof() {
    let by_user = &[Factor::User][..];
    let by_password = &[Factor::Password][..];
    let by_both = &[Factor::User, Factor::Password][..];
    for (stored, checked, want) in [
        (by_user, by_user, 8),
        (by_user, by_password, 8),
        (by_user, by_both, 8),
        (by_both, by_user, 7),
        (by_both, by_password, 7),
        (by_both, by_both, 7),
    ] {
        let stored = passed(stored, "1", 7, NOW);
        let unknown = Factors {
            unknown_proof: true,
            ..stored.clone()
        };
        for (stored, want) in [(stored, want), (unknown, 7)] {
            let changed = stored.changed(&passed(checked, "1", 8, NOW)).unwrap();
            let want = SessionGeneration(uuid::Uuid::from_u128(want));
            let user = changed.user().unwrap();
            assert_eq!(user.generation, want, "{stored:?} {checked:?}");
            assert_eq!(changed.unknown_proof, stored.unknown_proof);
        }
    }
}

/// A session shows the display name of the last check of its user, and a password alone is none.
#[test]
fn a_password_leaves_the_display_name() {
    let shown = |factors: &[Factor], name: &str| {
        let mut passed = passed(factors, "1", 7, NOW);
        let user = passed.user.as_mut().unwrap();
        user.display_name = DisplayName::parse(name.to_owned()).unwrap();
        passed
    };
    let stored = shown(&[Factor::User], "Mini");
    for (checked, want) in [
        (&[Factor::Password][..], "Mini"),
        (&[Factor::User], "Minnie"),
        (&[Factor::User, Factor::Password], "Minnie"),
    ] {
        let changed = stored.changed(&shown(checked, "Minnie")).unwrap();
        let name = changed.user().and_then(|user| user.display_name.as_ref());
        assert_eq!(name.map(DisplayName::as_str), Some(want), "{checked:?}");
    }
}

#[test]
fn a_session_is_valid_until_it_ends_or_expires() {
    let generation = |n| Some(SessionGeneration(uuid::Uuid::from_u128(n)));
    let anonymous = Session::open(new(), NOW);
    let with = |factors| Session::open(NewSession { factors, ..new() }, NOW);
    let naming = with(named("1", 7));
    let proved = with(passed(&[Factor::User, Factor::Password], "1", 7, NOW));
    let proved_otherwise = with(Factors {
        unknown_proof: true,
        ..named("1", 7)
    });
    let deleted = Session {
        ended_at: Some(NOW),
        ..anonymous.clone()
    };
    let end = anonymous.expires_at;
    for (session, generation, now, want) in [
        (&anonymous, None, NOW, SessionState::Live),
        (&anonymous, None, end, SessionState::Expired),
        (&naming, generation(7), NOW, SessionState::Live),
        (&naming, generation(8), NOW, SessionState::Live),
        (&naming, generation(8), end, SessionState::Expired),
        (&naming, None, NOW, SessionState::Ended),
        (&proved, generation(7), NOW, SessionState::Live),
        (&proved, generation(7), end, SessionState::Expired),
        (&proved, generation(8), NOW, SessionState::Ended),
        (&proved, generation(8), end, SessionState::Ended),
        (&proved, None, NOW, SessionState::Ended),
        (&proved_otherwise, generation(7), NOW, SessionState::Live),
        (&proved_otherwise, generation(8), NOW, SessionState::Ended),
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
