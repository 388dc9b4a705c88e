use std::collections::BTreeMap;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn new() -> NewSession {
    NewSession {
        id: SessionId::from_uuid(uuid::Uuid::nil()),
        token_hash: TokenHash::new([0; 32]),
        user: None,
        password: None,
        metadata: Metadata::default(),
        user_agent: None,
        creator: "anonymous".into(),
        lifetime: Lifetime::Default(Duration::from_mins(1)),
        write: WriteId::from_uuid(uuid::Uuid::nil()),
        fingerprint: None,
    }
}

fn factor(id: &str, epoch: u128) -> UserFactor {
    UserFactor {
        user_id: UserId::parse(id.into()).unwrap(),
        login_name: LoginName::parse("mini".into()).unwrap(),
        display_name: DisplayName::default(),
        verified_at: NOW,
        epoch: Epoch::from_uuid(uuid::Uuid::from_u128(epoch)),
    }
}

#[test]
fn the_sequence_counts_facts() {
    let user = Some(factor("1", 0));
    let password = Some(PasswordFactor { verified_at: NOW });
    let metadata = Metadata::parse(BTreeMap::from([("a".into(), vec![1])])).unwrap();
    let default = Lifetime::Default(Duration::from_mins(1));
    let asked = Lifetime::Asked(Duration::from_mins(1));
    for (user, password, metadata, lifetime, sequence) in [
        (None, None, Metadata::default(), default, 2),
        (None, None, metadata.clone(), default, 3),
        (None, None, Metadata::default(), asked, 3),
        (user.clone(), None, Metadata::default(), default, 3),
        (user.clone(), password, Metadata::default(), default, 4),
        (user.clone(), password, metadata.clone(), default, 5),
        (user, password, metadata, asked, 6),
    ] {
        let session = Session::open(
            NewSession {
                user,
                password,
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
fn a_session_ends_at_the_very_instant() {
    let session = Session::open(new(), NOW);
    let end = NOW.plus(Duration::from_mins(1));

    assert!(session.is_live(end.minus(Duration::from_millis(1))));
    assert!(!session.is_live(end));
}

#[test]
fn a_lifetime_is_more_than_nothing_and_no_more_than_allowed() {
    let (default, most) = (Duration::from_hours(1), Duration::from_hours(2));
    let (nano, milli) = (Duration::from_nanos(1), Duration::from_millis(1));
    for (asked, want) in [
        (None, Some(Lifetime::Default(default))),
        (Some(milli), Some(Lifetime::Asked(milli))),
        (Some(default), Some(Lifetime::Asked(default))),
        (Some(most), Some(Lifetime::Asked(most))),
        (Some(most + nano), None),
        (Some(Duration::MAX), None),
        (Some(nano), Some(Lifetime::Asked(nano))),
        (Some(Duration::ZERO), None),
    ] {
        assert_eq!(
            Lifetime::parse(asked, default, most).ok(),
            want,
            "{asked:?}"
        );
    }
}

fn metadata(value: u8) -> MetadataChanges {
    MetadataChanges::parse(BTreeMap::from([("a".into(), vec![value])])).unwrap()
}

#[test]
fn a_change_counts_its_facts_and_leaves_the_rest() {
    let (hash, write) = (
        TokenHash::new([1; 32]),
        WriteId::from_uuid(uuid::Uuid::max()),
    );
    let later = NOW.plus(Duration::from_secs(1));
    let opened = Session::open(
        NewSession {
            metadata: Metadata::parse(BTreeMap::from([("a".into(), vec![1])])).unwrap(),
            ..new()
        },
        NOW,
    );
    let user = Some(factor("1", 0));
    let password = Some(PasswordFactor { verified_at: later });
    let minute = Some(Duration::from_mins(1));

    for (changes, facts, is_changed) in [
        (Changes::default(), 1, false),
        (
            Changes {
                metadata: metadata(1),
                ..Changes::default()
            },
            1,
            false,
        ),
        (
            Changes {
                metadata: metadata(2),
                ..Changes::default()
            },
            2,
            true,
        ),
        (
            Changes {
                user: user.clone(),
                ..Changes::default()
            },
            2,
            true,
        ),
        (
            Changes {
                lifetime: minute,
                ..Changes::default()
            },
            2,
            true,
        ),
        (
            Changes {
                user: user.clone(),
                password,
                metadata: metadata(2),
                lifetime: minute,
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
        let changed = opened.changed(&changes, hash, write, later).unwrap();

        assert_eq!(changed.sequence.0, opened.sequence.0 + facts, "{changes:?}");
        assert_eq!((changed.token_hash, changed.changed_at), (hash, later));
        assert_eq!(changed.created_at, NOW);
        let end = changes
            .lifetime
            .map_or(opened.expires_at, |_| later.plus(Duration::from_mins(1)));
        assert_eq!(changed.expires_at, end);
        assert_eq!(changed.user, changes.user);
        assert_eq!(changed.password, changes.password);
        let newest = changed.writes.newest().unwrap();
        assert_eq!((newest.seen, newest.id), (opened.sequence, write));
    }
}

#[test]
fn the_user_of_a_session_is_never_another() {
    let hash = TokenHash::new([1; 32]);
    let write = WriteId::from_uuid(uuid::Uuid::max());
    let opened = Session::open(
        NewSession {
            user: Some(factor("1", 7)),
            ..new()
        },
        NOW,
    );
    let change = |user| {
        let user = Some(user);
        opened.changed(
            &Changes {
                user,
                ..Changes::default()
            },
            hash,
            write,
            NOW,
        )
    };

    assert!(change(factor("2", 7)).is_err());
    let again = change(factor("1", 8)).unwrap();
    assert_eq!(
        again.user.map(|user| user.epoch),
        Some(factor("1", 7).epoch),
        "an epoch that has ended can't be left"
    );
}

#[test]
fn a_session_counts_until_it_is_ended_or_expires() {
    let epoch = |n| Some(Epoch::from_uuid(uuid::Uuid::from_u128(n)));
    let anonymous = Session::open(new(), NOW);
    let of_user = Session::open(
        NewSession {
            user: Some(factor("1", 7)),
            ..new()
        },
        NOW,
    );
    let deleted = Session {
        ended_at: Some(NOW),
        ..anonymous.clone()
    };
    let end = anonymous.expires_at;
    for (session, epoch, now, want) in [
        (&anonymous, None, NOW, State::Live),
        (&anonymous, None, end, State::Expired),
        (&of_user, epoch(7), NOW, State::Live),
        (&of_user, epoch(7), end, State::Expired),
        (&of_user, epoch(8), NOW, State::Ended),
        (&of_user, epoch(8), end, State::Ended),
        (&of_user, None, NOW, State::Ended),
        (&deleted, None, NOW, State::Ended),
        (&deleted, None, end, State::Ended),
    ] {
        assert_eq!(session.state(epoch, now), want, "{epoch:?}");
    }
    assert!(!deleted.is_live(NOW));
}
