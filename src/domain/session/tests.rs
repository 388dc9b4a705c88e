use std::collections::BTreeMap;

use super::*;
use crate::domain::{Factor, FactorSet, UserFactor, UserId};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn new() -> NewSession {
    NewSession {
        id: SessionId::from_uuid(uuid::Uuid::nil()),
        token_hash: TokenHash::new([0; 32]),
        factors: Factors::default(),
        metadata: Metadata::default(),
        user_agent: None,
        creator: "anonymous".into(),
        lifetime: Lifetime::Default(Duration::from_mins(1)),
        write: WriteId::from_uuid(uuid::Uuid::nil()),
        fingerprint: None,
    }
}

/// What a user of this id and generation has passed at `at`.
fn passed(factors: &[Factor], id: &str, generation: u128, at: Timestamp) -> Factors {
    let user = UserFactor {
        user_id: UserId::parse(id.into()).unwrap(),
        display_name: None,
        generation: SessionGeneration::from_uuid(uuid::Uuid::from_u128(generation)),
    };
    let factors: FactorSet = factors.iter().copied().collect();
    Factors::passed(&factors, user, at)
}

/// Whose user was checked at [`NOW`], and no more than that.
fn named(id: &str, generation: u128) -> Factors {
    passed(&[Factor::User], id, generation, NOW)
}

fn rotation(hash: u8, grace: Duration) -> TokenRotation {
    TokenRotation {
        token_hash: TokenHash::new([hash; 32]),
        write: WriteId::from_uuid(uuid::Uuid::max()),
        grace_until: (!grace.is_zero()).then(|| NOW.plus(grace)),
    }
}

#[test]
fn a_new_sessions_sequence_is_the_number_of_its_facts() {
    let (none, user) = (Factors::default(), named("1", 0));
    let both = passed(&[Factor::User, Factor::Password], "1", 0, NOW);
    let metadata = Metadata::parse(BTreeMap::from([("a".into(), vec![1])])).unwrap();
    let default = Lifetime::Default(Duration::from_mins(1));
    let requested = Lifetime::Requested(Duration::from_mins(1));
    for (factors, metadata, lifetime, sequence) in [
        (&none, Metadata::default(), default, 2),
        (&none, metadata.clone(), default, 3),
        (&none, Metadata::default(), requested, 3),
        (&user, Metadata::default(), default, 3),
        (&both, Metadata::default(), default, 4),
        (&both, metadata.clone(), default, 5),
        (&both, metadata, requested, 6),
    ] {
        let session = Session::open(
            NewSession {
                factors: factors.clone(),
                metadata,
                lifetime,
                ..new()
            },
            NOW,
        );
        assert_eq!(session.sequence, Sequence(sequence));
    }
}

#[test]
fn a_session_is_valid_until_the_millisecond_it_expires() {
    let session = Session::open(new(), NOW);
    let end = NOW.plus(Duration::from_mins(1));

    assert!(session.is_live(end.minus(Duration::from_millis(1))));
    assert!(!session.is_live(end));
}

#[test]
fn a_lifetime_is_a_millisecond_to_the_maximum() {
    let (default, max) = (Duration::from_hours(1), Duration::from_hours(2));
    let (nano, milli) = (Duration::from_nanos(1), Duration::from_millis(1));
    for (requested, want) in [
        (None, Some(Lifetime::Default(default))),
        (Some(milli), Some(Lifetime::Requested(milli))),
        (Some(default), Some(Lifetime::Requested(default))),
        (Some(max), Some(Lifetime::Requested(max))),
        (Some(max + nano), None),
        (Some(Duration::MAX), None),
        (Some(Duration::from_nanos(999_999)), None),
        (Some(nano), None),
        (Some(Duration::ZERO), None),
    ] {
        assert_eq!(
            Lifetime::parse(requested, default, max).ok(),
            want,
            "{requested:?}"
        );
    }
}

fn metadata(value: u8) -> MetadataChanges {
    MetadataChanges::parse(BTreeMap::from([("a".into(), vec![value])])).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_change_adds_its_facts_to_the_sequence_and_leaves_the_rest() {
    let rotation = rotation(1, Duration::ZERO);
    let (hash, write) = (rotation.token_hash, rotation.write);
    let later = NOW.plus(Duration::from_secs(1));
    let opened = Session::open(
        NewSession {
            metadata: Metadata::parse(BTreeMap::from([("a".into(), vec![1])])).unwrap(),
            ..new()
        },
        NOW,
    );
    let user = named("1", 0);
    let both = passed(&[Factor::User, Factor::Password], "1", 0, later);
    let minute = Some(Duration::from_mins(1));

    for (changes, facts, is_changed) in [
        (SessionChanges::default(), 1, false),
        (
            SessionChanges {
                metadata: metadata(1),
                ..SessionChanges::default()
            },
            1,
            false,
        ),
        (
            SessionChanges {
                metadata: metadata(2),
                ..SessionChanges::default()
            },
            2,
            true,
        ),
        (
            SessionChanges {
                factors: user,
                ..SessionChanges::default()
            },
            2,
            true,
        ),
        (
            SessionChanges {
                lifetime: minute,
                max_lifetime: Duration::from_hours(1),
                ..SessionChanges::default()
            },
            2,
            true,
        ),
        (
            SessionChanges {
                factors: both,
                metadata: metadata(2),
                lifetime: minute,
                max_lifetime: Duration::from_hours(1),
            },
            5,
            true,
        ),
    ] {
        assert_eq!(
            opened.is_changed_by(&changes),
            Ok(is_changed),
            "{changes:?}"
        );
        let changed = opened.changed(&changes, rotation, later).unwrap();

        assert_eq!(changed.sequence.0, opened.sequence.0 + facts, "{changes:?}");
        assert_eq!((changed.token_hash, changed.changed_at), (hash, later));
        assert_eq!(changed.created_at, NOW);
        let end = changes
            .lifetime
            .map_or(opened.expires_at, |_| later.plus(Duration::from_mins(1)));
        assert_eq!(changed.expires_at, end);
        assert_eq!(changed.factors, changes.factors);
        let newest = changed.writes.newest().unwrap();
        assert_eq!((newest.seen, newest.id), (opened.sequence, write));
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
    let generation = |n| Some(SessionGeneration::from_uuid(uuid::Uuid::from_u128(n)));
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

#[test]
fn a_replaced_token_is_valid_for_its_grace() {
    use TokenValidity::{Invalid, Valid, ValidToRepeat};

    let milli = Duration::from_millis(1);
    let grace = Duration::from_secs(10);
    let end = NOW.plus(grace);
    let opened = Session::open(new(), NOW);
    let first = opened.token_hash;
    let note = SessionChanges {
        metadata: metadata(1),
        ..SessionChanges::default()
    };
    let prove = SessionChanges {
        factors: passed(&[Factor::User, Factor::Password], "1", 7, NOW),
        ..SessionChanges::default()
    };
    let checks = PassedChecks {
        factors: prove.factors.set(),
        added_user: true,
        unknown: false,
    };
    let short = SessionChanges {
        lifetime: Some(Duration::from_secs(5)),
        max_lifetime: Duration::from_hours(1),
        ..SessionChanges::default()
    };
    let noted = opened.changed(&note, rotation(1, grace), NOW).unwrap();
    let twice = noted.changed(&short, rotation(2, grace), NOW).unwrap();
    let proved = opened.changed(&prove, rotation(3, grace), NOW).unwrap();
    let after_proof = proved.changed(&note, rotation(4, grace), NOW).unwrap();
    let at_once = opened
        .changed(&note, rotation(5, Duration::ZERO), NOW)
        .unwrap();

    for (what, session, token, now, want) in [
        ("its own", &noted, noted.token_hash, end, Valid),
        ("just replaced", &noted, first, NOW, Valid),
        ("in the last moment", &noted, first, end.minus(milli), Valid),
        ("after its grace", &noted, first, end, Invalid),
        ("replaced before", &twice, first, NOW, Invalid),
        ("the second one", &twice, noted.token_hash, NOW, Valid),
        (
            "outliving the session",
            &twice,
            noted.token_hash,
            NOW.plus(Duration::from_secs(5)),
            Invalid,
        ),
        ("proved", &proved, first, NOW, ValidToRepeat(checks)),
        ("proved, after its grace", &proved, first, end, Invalid),
        ("older than a proof", &after_proof, first, NOW, Invalid),
        (
            "replaced after a proof",
            &after_proof,
            proved.token_hash,
            NOW,
            Valid,
        ),
        ("without a grace", &at_once, first, NOW, Invalid),
    ] {
        assert_eq!(session.token_validity(token, now), want, "{what}");
    }
    assert_eq!(noted.proved_sequence, None);
    assert_eq!(proved.proved_sequence, Some(proved.sequence));
    assert_eq!(after_proof.proved_sequence, Some(proved.sequence));
}
