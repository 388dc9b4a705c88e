use std::time::Duration;

use super::text::Invalid;
use super::{
    DisplayName, Epoch, LoginName, Metadata, MetadataChanges, SessionId, Timestamp, TokenHash,
    UserAgent, UserId, Write, WriteId, Writes,
};

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
    /// The one of the user's that the session counts in.
    pub epoch: Epoch,
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
    /// When somebody ended it. Then, nothing is left of what was proven.
    pub ended_at: Option<Timestamp>,
    pub user: Option<UserFactor>,
    pub password: Option<PasswordFactor>,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub token_hash: TokenHash,
    /// Who created it: [`Caller`](super::Caller) as text.
    pub creator: String,
    pub writes: Writes,
    /// The request that created it, if that one may be repeated.
    pub request: Option<KeyedRequest>,
}

/// What is kept of a create that had an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Of all that it asked for but the password.
    pub fingerprint: [u8; 32],
    /// The write that created the session: its first token is derived from this.
    pub write: WriteId,
}

/// Whether a session counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    /// It was deleted, or all of its user's were ended.
    Ended,
    Expired,
}

/// What a call changes of a session.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub user: Option<UserFactor>,
    pub password: Option<PasswordFactor>,
    pub metadata: MetadataChanges,
    pub lifetime: Option<Duration>,
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
    pub write: WriteId,
    /// The create may be repeated: the fingerprint of its request.
    pub fingerprint: Option<[u8; 32]>,
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
        let write = Write {
            seen: Sequence(0),
            id: new.write,
        };
        Self {
            id: new.id,
            sequence: Sequence(count(facts)),
            created_at: now,
            changed_at: now,
            expires_at: now.plus(at_least_a_moment(new.lifetime.span())),
            ended_at: None,
            user: new.user,
            password: new.password,
            metadata: new.metadata,
            user_agent: new.user_agent,
            token_hash: new.token_hash,
            creator: new.creator,
            writes: Writes::default().with(write),
            request: new.fingerprint.map(|fingerprint| KeyedRequest {
                fingerprint,
                write: new.write,
            }),
        }
    }

    /// Whether there is anything to write for `changes`. Whoever was checked again is a
    /// change: of the time.
    ///
    /// # Errors
    ///
    /// What they leave of the metadata breaks a limit.
    pub fn is_changed_by(&self, changes: &Changes) -> Result<bool, Invalid> {
        let Changes {
            user,
            password,
            metadata,
            lifetime,
        } = changes;
        let metadata = self.metadata.changed(metadata)? != self.metadata;
        Ok(user.is_some() || password.is_some() || metadata || lifetime.is_some())
    }

    /// The session with `changes` and another token. Its sequence counts, one each: user
    /// checked, password checked, metadata set, lifetime set, token set.
    ///
    /// # Errors
    ///
    /// Another user than the session's, or more metadata than there may be.
    pub fn changed(
        &self,
        changes: &Changes,
        token_hash: TokenHash,
        write: WriteId,
        now: Timestamp,
    ) -> Result<Self, Invalid> {
        let metadata = self.metadata.changed(&changes.metadata)?;
        let facts = [
            changes.user.is_some(),
            changes.password.is_some(),
            metadata != self.metadata,
            changes.lifetime.is_some(),
            true,
        ];
        let user = match (&self.user, &changes.user) {
            (stored, None) => stored.clone(),
            (None, checked) => checked.clone(),
            (Some(stored), Some(checked)) if stored.user_id == checked.user_id => {
                Some(UserFactor {
                    epoch: stored.epoch,
                    ..checked.clone()
                })
            }
            (Some(_), Some(_)) => {
                return Err(Invalid::new(
                    "checks.user",
                    "is not the user of the session, who can't be changed",
                ));
            }
        };
        let lifetime = changes.lifetime.map(at_least_a_moment);
        Ok(Self {
            sequence: Sequence(self.sequence.0 + count(facts)),
            changed_at: now,
            expires_at: lifetime.map_or(self.expires_at, |lifetime| now.plus(lifetime)),
            user,
            password: changes.password.or(self.password),
            metadata,
            token_hash,
            writes: self.writes.with(Write {
                seen: self.sequence,
                id: write,
            }),
            ..self.clone()
        })
    }

    /// Of what callers have noted on it, in bytes.
    pub fn size(&self) -> usize {
        self.metadata.size() + self.user_agent.as_ref().map_or(0, UserAgent::size)
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// Whether the session counts at `now`, if its user's epoch is `epoch` (None: there is
    /// no such user any more).
    pub fn state(&self, epoch: Option<Epoch>, now: Timestamp) -> State {
        let ended = self.user.as_ref().map(|user| Some(user.epoch) != epoch);
        if self.ended_at.is_some() || ended == Some(true) {
            State::Ended
        } else if self.is_live(now) {
            State::Live
        } else {
            State::Expired
        }
    }
}

fn count<const N: usize>(facts: [bool; N]) -> u64 {
    facts.into_iter().map(u64::from).sum()
}

/// Times are kept to the millisecond: no session ends before it begins.
fn at_least_a_moment(span: Duration) -> Duration {
    span.max(Duration::from_millis(1))
}

#[cfg(test)]
mod tests;
