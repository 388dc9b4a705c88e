use std::time::Duration;

use super::text::Invalid;
use super::{DisplayName, LoginName, Metadata, SessionId, Timestamp, TokenHash, UserAgent, UserId};

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
    pub user_agent: Option<UserAgent>,
    pub token_hash: TokenHash,
    /// Who created it: [`Caller`](super::Caller) as text.
    pub creator: String,
}

/// How long a session lives, and who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The deployment.
    Default(Duration),
    /// The caller: a fact of the session.
    Asked(Duration),
}

impl Lifetime {
    /// What the caller asked for, if anything: more than nothing, and no more than
    /// `most`.
    pub fn parse(
        asked: Option<Duration>,
        default: Duration,
        most: Duration,
    ) -> Result<Self, Invalid> {
        let invalid = |reason| Invalid::new("lifetime", reason);
        match asked {
            None => Ok(Self::Default(default)),
            Some(asked) if asked.is_zero() => Err(invalid("must be more than nothing")),
            Some(asked) if asked > most => Err(invalid("is longer than this deployment allows")),
            Some(asked) => Ok(Self::Asked(asked)),
        }
    }

    fn is_asked(self) -> bool {
        matches!(self, Self::Asked(_))
    }

    fn span(self) -> Duration {
        match self {
            Self::Default(span) | Self::Asked(span) => span,
        }
    }
}

/// A session before it is opened: what was checked, and what goes with it.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub token_hash: TokenHash,
    pub user: Option<UserFactor>,
    pub password: Option<PasswordFactor>,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub creator: String,
    pub lifetime: Lifetime,
}

impl Session {
    /// Opens a session at `now`. Its sequence counts, one each: session added, user
    /// checked, password checked, metadata set, lifetime set, token set.
    pub fn open(new: NewSession, now: Timestamp) -> Self {
        let facts = [
            true,
            new.user.is_some(),
            new.password.is_some(),
            !new.metadata.is_empty(),
            new.lifetime.is_asked(),
            true,
        ];
        Self {
            id: new.id,
            sequence: Sequence(facts.into_iter().map(u64::from).sum()),
            created_at: now,
            changed_at: now,
            // Times are kept to the millisecond: no session ends before it begins.
            expires_at: now.plus(new.lifetime.span().max(Duration::from_millis(1))),
            user: new.user,
            password: new.password,
            metadata: new.metadata,
            user_agent: new.user_agent,
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
            user_agent: None,
            creator: "anonymous".into(),
            lifetime: Lifetime::Default(Duration::from_mins(1)),
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
}
