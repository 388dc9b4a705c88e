use std::time::Duration;

use super::text::Invalid;
use super::{
    Metadata, MetadataChanges, PassedChecks, PasswordFactor, ReplacedToken, SessionGeneration,
    SessionId, Timestamp, TokenHash, TokenValidity, UserAgent, UserFactor, UserPointer, Write,
    WriteId, Writes,
};

/// How many facts are recorded of a session; moves on with each write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

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
    /// None: it has no grace.
    pub replaced: Option<ReplacedToken>,
    /// After the newest change that proved something, or after a create that did.
    pub proved_sequence: Option<Sequence>,
    /// Who created it: [`Principal`](super::Caller) as text.
    pub creator: String,
    pub writes: Writes,
    /// The request that created it, if that one may be repeated.
    pub request: Option<IdempotentCreate>,
}

/// What is kept of a create that had an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotentCreate {
    /// Of all that it asked for but the password.
    pub fingerprint: [u8; 32],
    /// The write that created the session: its first token is derived from this.
    pub write: WriteId,
}

/// Whether a session counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    Live,
    /// It was deleted, or all of its user's were ended.
    Ended,
    Expired,
}

/// What a call changes of a session.
#[derive(Clone, Debug, Default)]
pub struct SessionChanges {
    pub user: Option<UserFactor>,
    pub password: Option<PasswordFactor>,
    pub metadata: MetadataChanges,
    pub lifetime: Option<Duration>,
    /// What bounds `lifetime`: see [`Session::absolute_end`].
    pub max_lifetime: Duration,
}

impl SessionChanges {
    /// What they prove of the user of `session`.
    fn checks(&self, session: &Session) -> PassedChecks {
        PassedChecks {
            user: self.user.is_some(),
            added: self.user.is_some() && session.user.is_none(),
            password: self.password.is_some(),
        }
    }
}

/// How a change gives a session another token.
#[derive(Clone, Copy, Debug)]
pub struct TokenRotation {
    pub token_hash: TokenHash,
    pub write: WriteId,
    /// The instant from which the token that it replaces is void. None: at once.
    pub grace_until: Option<Timestamp>,
}

/// How long a session lives, and who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The deployment.
    Default(Duration),
    /// The caller: a fact of the session.
    Requested(Duration),
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
            Some(asked) if asked < MOMENT => Err(invalid("must be at least a millisecond")),
            Some(asked) if asked > most => Err(invalid("is longer than this deployment allows")),
            Some(asked) => Ok(Self::Requested(asked)),
        }
    }

    fn is_requested(self) -> bool {
        matches!(self, Self::Requested(_))
    }

    fn span(self) -> Duration {
        match self {
            Self::Default(span) | Self::Requested(span) => span,
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
            new.lifetime.is_requested(),
            true,
        ];
        let write = Write {
            seen: Sequence(0),
            id: new.write,
        };
        let sequence = Sequence(count(facts));
        let is_proved = new.user.is_some() || new.password.is_some();
        Self {
            id: new.id,
            sequence,
            created_at: now,
            changed_at: now,
            expires_at: now.plus(new.lifetime.span()),
            ended_at: None,
            user: new.user,
            password: new.password,
            metadata: new.metadata,
            user_agent: new.user_agent,
            token_hash: new.token_hash,
            replaced: None,
            proved_sequence: is_proved.then_some(sequence),
            creator: new.creator,
            writes: Writes::default().with(write),
            request: new.fingerprint.map(|fingerprint| IdempotentCreate {
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
    pub fn is_changed_by(&self, changes: &SessionChanges) -> Result<bool, Invalid> {
        let SessionChanges {
            user,
            password,
            metadata,
            lifetime,
            max_lifetime: _,
        } = changes;
        let metadata = self.metadata.changed(metadata)? != self.metadata;
        Ok(user.is_some() || password.is_some() || metadata || lifetime.is_some())
    }

    /// The instant that no lifetime reaches past: `max_lifetime` after the newest password
    /// check, or after the session was created if it has none. So nobody keeps a session
    /// alive for ever with nothing but its token.
    pub fn absolute_end(&self, changes: &SessionChanges) -> Timestamp {
        let password = self.newest_password(changes);
        let from = password.map_or(self.created_at, |password| password.verified_at);
        from.plus(changes.max_lifetime)
    }

    /// The newest password check of the session and `changes`. If two changes are made at once, the
    /// older one may be written last.
    fn newest_password(&self, changes: &SessionChanges) -> Option<PasswordFactor> {
        let checks = [self.password, changes.password];
        let checks = checks.into_iter().flatten();
        checks.max_by_key(|password| password.verified_at)
    }

    /// The session with `changes` and another token. Its sequence counts, one each: user
    /// checked, password checked, metadata set, lifetime set, token set.
    ///
    /// A lifetime that reaches past the absolute end is cut to it.
    ///
    /// # Errors
    ///
    /// Another user than the session's, or more metadata than there may be.
    pub fn changed(
        &self,
        changes: &SessionChanges,
        rotation: TokenRotation,
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
                    generation: stored.generation,
                    verified_at: stored.verified_at.max(checked.verified_at),
                    ..checked.clone()
                })
            }
            (Some(_), Some(_)) => return Err(Self::another_user()),
        };
        let sequence = Sequence(self.sequence.0 + count(facts));
        let expires_at = match changes.lifetime {
            Some(lifetime) => now.plus(lifetime).min(self.absolute_end(changes)),
            None => self.expires_at,
        };
        let checks = changes.checks(self);
        let replaced = rotation.grace_until.map(|until| ReplacedToken {
            hash: self.token_hash,
            until: until.min(expires_at),
            checks,
        });
        Ok(Self {
            sequence,
            changed_at: now,
            expires_at,
            user,
            password: self.newest_password(changes),
            metadata,
            token_hash: rotation.token_hash,
            replaced,
            proved_sequence: if checks.is_empty() {
                self.proved_sequence
            } else {
                Some(sequence)
            },
            writes: self.writes.with(Write {
                seen: self.sequence,
                id: rotation.write,
            }),
            ..self.clone()
        })
    }

    /// The error of a request that names another user than the session's.
    pub fn another_user() -> Invalid {
        Invalid::new(
            "checks.user",
            "is not the user of the session, who can't be changed",
        )
    }

    /// What a token with this hash is to the session at `now`.
    pub fn token_validity(&self, token: TokenHash, now: Timestamp) -> TokenValidity {
        if token == self.token_hash {
            return TokenValidity::Valid;
        }
        match self.replaced {
            Some(replaced) if replaced.hash == token && now < replaced.until => {
                if replaced.checks.is_empty() {
                    TokenValidity::Valid
                } else {
                    TokenValidity::ValidToRepeat(replaced.checks)
                }
            }
            _ => TokenValidity::Invalid,
        }
    }

    /// The session with what its user is called today: the name that was checked may be
    /// somebody else's by now.
    #[must_use]
    pub fn with_current_name(mut self, pointer: Option<&UserPointer>) -> Self {
        if let (Some(user), Some(pointer)) = (&mut self.user, pointer)
            && user.user_id == pointer.id
        {
            user.login_name.clone_from(&pointer.login_name);
        }
        self
    }

    /// Of what callers have noted on it, in bytes.
    pub fn size(&self) -> usize {
        self.metadata.size() + self.user_agent.as_ref().map_or(0, UserAgent::size)
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// Whether the session counts at `now`, if its user's epoch is `generation` (None: there is
    /// no such user any more).
    pub fn state(&self, generation: Option<SessionGeneration>, now: Timestamp) -> SessionState {
        let ended = self
            .user
            .as_ref()
            .map(|user| Some(user.generation) != generation);
        if self.ended_at.is_some() || ended == Some(true) {
            SessionState::Ended
        } else if self.is_live(now) {
            SessionState::Live
        } else {
            SessionState::Expired
        }
    }
}

fn count<const N: usize>(facts: [bool; N]) -> u64 {
    facts.into_iter().map(u64::from).sum()
}

/// Times are kept to the millisecond: with less, a session would end before it begins.
const MOMENT: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
