use std::time::Duration;

use super::{DisplayName, LoginName, Metadata, SessionId, Timestamp, TokenHash, UserId};

/// How many facts are recorded of a session; moves on with each write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// The user whom a session is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFactor {
    pub user_id: UserId,
    pub login_name: LoginName,
    pub display_name: DisplayName,
    pub verified_at: Timestamp,
}

/// That user's password was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFactor {
    pub verified_at: Timestamp,
}

/// What has been proven of somebody, and until when it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub sequence: Sequence,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// The instant from which the session is void.
    pub expires_at: Timestamp,
    pub user: Option<UserFactor>,
    pub password: Option<PasswordFactor>,
    pub metadata: Metadata,
    pub token_hash: TokenHash,
    /// Who created it: [`Caller`](super::Caller) as text.
    pub creator: String,
}

/// A session before it is opened: what was checked, and what goes with it.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub token_hash: TokenHash,
    pub user: Option<UserFactor>,
    pub password: Option<PasswordFactor>,
    pub metadata: Metadata,
    pub creator: String,
    pub lifetime: Duration,
}

impl Session {
    /// Opens a session at `now`. Its sequence counts, one each: session added, user
    /// checked, password checked, metadata set, token set.
    pub fn open(new: NewSession, now: Timestamp) -> Self {
        let facts = [
            true,
            new.user.is_some(),
            new.password.is_some(),
            !new.metadata.is_empty(),
            true,
        ];
        Self {
            id: new.id,
            sequence: Sequence(facts.into_iter().map(u64::from).sum()),
            created_at: now,
            changed_at: now,
            expires_at: now.plus(new.lifetime),
            user: new.user,
            password: new.password,
            metadata: new.metadata,
            token_hash: new.token_hash,
            creator: new.creator,
        }
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
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
            creator: "anonymous".into(),
            lifetime: Duration::from_mins(1),
        }
    }

    #[test]
    fn the_sequence_counts_facts() {
        let user = Some(UserFactor {
            user_id: UserId::parse("1".into()).unwrap(),
            login_name: LoginName::parse("mini".into()).unwrap(),
            display_name: DisplayName::default(),
            verified_at: NOW,
        });
        let password = Some(PasswordFactor { verified_at: NOW });
        let metadata = Metadata::parse(BTreeMap::from([("a".into(), vec![1])])).unwrap();
        for (user, password, metadata, sequence) in [
            (None, None, Metadata::default(), 2),
            (None, None, metadata.clone(), 3),
            (user.clone(), None, Metadata::default(), 3),
            (user.clone(), password, Metadata::default(), 4),
            (user, password, metadata, 5),
        ] {
            let session = Session::open(
                NewSession {
                    user,
                    password,
                    metadata,
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
}
