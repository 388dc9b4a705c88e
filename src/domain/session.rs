use std::time::Duration;

use super::text::Invalid;
use super::{
    Challenge, Challenges, CodeId, Factors, Metadata, MetadataChanges, PassedChecks, Sequence,
    SessionGeneration, SessionId, Timestamp, TokenHash, UserAgent, Write, WriteId, Writes,
};

/// A session: which user was checked and how, until when that is valid, and what clients store
/// with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub sequence: Sequence,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// The instant from which the session is invalid.
    pub expires_at: Timestamp,
    /// When it was ended. An ended session keeps no factors, no metadata and no user agent.
    pub ended_at: Option<Timestamp>,
    pub factors: Factors,
    /// The codes that its user was sent, and what authenticators are to sign.
    pub challenges: Challenges,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub token_hash: TokenHash,
    /// The token that the newest change replaced, if it has a grace.
    pub replaced: Option<ReplacedToken>,
    /// The sequence after the newest create or change that passed a check.
    pub proved_sequence: Option<Sequence>,
    /// The [`Principal`](super::Principal) that created it, as text.
    pub creator: String,
    pub writes: Writes,
    /// The create request, if it had an idempotency key.
    pub request: Option<IdempotentCreate>,
}

/// The facts about a create request with an idempotency key that its session keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotentCreate {
    /// The fingerprint of everything in the request except the password.
    pub fingerprint: [u8; 32],
    /// The write that created the session. The session's first token is derived from its id.
    pub write: WriteId,
}

/// The token that the newest change of a session replaced.
///
/// It stays valid for a grace period, for clients that share a token and for a client whose
/// response was lost. But if the change passed a check, the replaced token only authorizes a
/// repetition of that change. Otherwise an attacker who lets a user log in to a session that the
/// attacker created could use the login during the grace period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedToken {
    pub hash: TokenHash,
    /// The instant from which it is invalid: the end of its grace, or that of the session if
    /// that is earlier.
    pub until: Timestamp,
    /// The checks that the change that replaced it passed.
    pub checks: PassedChecks,
}

/// Whether a presented token, or another permit, is valid for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenValidity {
    /// It is the session's current token, or the one that was replaced last and is within its
    /// grace.
    Valid,
    /// It is the token that was replaced by a change that passed these checks. It authorizes a
    /// Set that passes the same checks again, and nothing else.
    ValidToRepeat(PassedChecks),
    Invalid,
}

/// Whether a session is valid, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    Live,
    /// It was deleted, or the sessions of its user were ended.
    Ended,
    Expired,
}

/// The changes that a call makes to a session.
#[derive(Clone, Debug, Default)]
pub struct SessionChanges {
    pub factors: Factors,
    /// The challenges that are made.
    pub challenges: Challenges,
    /// The codes that were right, by the ids of their challenges.
    pub used_codes: Vec<CodeId>,
    /// The challenge of WebAuthn that was answered.
    pub answered: Option<Challenge>,
    pub metadata: MetadataChanges,
    pub lifetime: Option<Duration>,
    /// The maximum that bounds `lifetime`: see [`Session::absolute_end`].
    pub max_lifetime: Duration,
}

/// The replacement of a session's token, which every change makes.
#[derive(Clone, Copy, Debug)]
pub struct TokenRotation {
    pub token_hash: TokenHash,
    pub write: WriteId,
    /// The instant from which the replaced token is invalid, if it has a grace.
    pub grace_until: Option<Timestamp>,
}

/// Checks the lifetime that a request asks for, if it does.
///
/// # Errors
///
/// It is shorter than a millisecond or longer than `max`.
pub fn check_lifetime(requested: Option<Duration>, max: Duration) -> Result<(), Invalid> {
    let invalid = |reason| Err(Invalid::new("lifetime", reason));
    match requested {
        Some(span) if span < MIN_LIFETIME => invalid("must be at least a millisecond"),
        Some(span) if span > max => invalid("is longer than this deployment allows"),
        _ => Ok(()),
    }
}

/// The content of a session that is to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub token_hash: TokenHash,
    pub factors: Factors,
    pub challenges: Challenges,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub creator: String,
    /// The lifetime that the client chose. The choice is a fact in the session's sequence.
    pub lifetime: Option<Duration>,
    /// The lifetime of a session whose client chose none.
    pub default_lifetime: Duration,
    pub write: WriteId,
    /// The fingerprint of the create request, if that had an idempotency key.
    pub fingerprint: Option<[u8; 32]>,
}

impl Session {
    /// Opens a session at `now`. Its sequence is the number of these facts: session added, each factor
    /// checked, each challenge made, metadata set, lifetime set, token set.
    pub fn open(new: NewSession, now: Timestamp) -> Self {
        let write = Write {
            seen: Sequence(0),
            id: new.write,
        };
        let facts = new.factors.count() + new.challenges.count();
        let has_metadata = !new.metadata.is_empty();
        let sequence = Self::first_sequence(facts, has_metadata, new.lifetime.is_some());
        let is_checked = !new.factors.is_empty();
        Self {
            id: new.id,
            sequence,
            created_at: now,
            changed_at: now,
            expires_at: now.plus(new.lifetime.unwrap_or(new.default_lifetime)),
            ended_at: None,
            factors: new.factors,
            challenges: new.challenges,
            metadata: new.metadata,
            user_agent: new.user_agent,
            token_hash: new.token_hash,
            replaced: None,
            proved_sequence: is_checked.then_some(sequence),
            creator: new.creator,
            writes: Writes::default().with(write),
            request: new.fingerprint.map(|fingerprint| IdempotentCreate {
                fingerprint,
                write: new.write,
            }),
        }
    }

    /// The sequence of a session that is opened with so many `facts`: factors checked and challenges
    /// made.
    pub fn first_sequence(facts: u64, has_metadata: bool, has_lifetime: bool) -> Sequence {
        Sequence(2 + facts + u64::from(has_metadata) + u64::from(has_lifetime))
    }

    /// Whether `changes` make a difference. Another check of the same user does: it changes the
    /// time of the check.
    ///
    /// # Errors
    ///
    /// The changed metadata would exceed a limit.
    pub fn is_changed_by(&self, changes: &SessionChanges) -> Result<bool, Invalid> {
        let metadata = self.metadata.changed(&changes.metadata)? != self.metadata;
        let is_checked = !changes.factors.is_empty() || changes.challenges.count() > 0;
        Ok(is_checked || metadata || changes.lifetime.is_some())
    }

    /// The latest instant at which the session may expire: `max_lifetime` after the newest proof of
    /// the user, or after the creation without one. So a token alone can't prolong a session for
    /// ever.
    pub fn absolute_end(&self, changes: &SessionChanges) -> Timestamp {
        let proved_at = self.factors.proved_at().max(changes.factors.proved_at());
        let from = proved_at.unwrap_or(self.created_at);
        from.plus(changes.max_lifetime)
    }

    /// The session with `changes` and another token. Its sequence grows by the number of these
    /// facts: each factor checked, each challenge made, metadata set, lifetime set, token set.
    ///
    /// A lifetime that reaches past the absolute end is cut to it.
    ///
    /// # Errors
    ///
    /// The changes are of another user than the session's, or the metadata would exceed a limit.
    pub fn changed(
        &self,
        changes: &SessionChanges,
        rotation: TokenRotation,
        now: Timestamp,
    ) -> Result<Self, Invalid> {
        let metadata = self.metadata.changed(&changes.metadata)?;
        let factors = self.factors.changed(&changes.factors)?;
        let facts =
            1 + u64::from(metadata != self.metadata) + u64::from(changes.lifetime.is_some());
        let facts = facts + changes.factors.count() + changes.challenges.count();
        let sequence = Sequence(self.sequence.0 + facts);
        let mut challenges = self.challenges.clone();
        if let Some(answered) = &changes.answered {
            challenges = challenges.answered(answered);
        }
        let challenges = challenges.changed(&changes.challenges, &changes.used_codes);
        let expires_at = match changes.lifetime {
            Some(lifetime) => now.plus(lifetime).min(self.absolute_end(changes)),
            None => self.expires_at,
        };
        let checks = PassedChecks {
            factors: changes.factors.set(),
            added_user: changes.factors.user().is_some() && self.factors.user().is_none(),
            unknown: false,
        };
        let proved_sequence = (!checks.is_empty()).then_some(sequence);
        let replaced = rotation.grace_until.map(|until| ReplacedToken {
            hash: self.token_hash,
            until: until.min(expires_at),
            checks,
        });
        Ok(Self {
            sequence,
            changed_at: now,
            expires_at,
            factors,
            challenges,
            metadata,
            token_hash: rotation.token_hash,
            replaced,
            proved_sequence: proved_sequence.or(self.proved_sequence),
            writes: self.writes.with(Write {
                seen: self.sequence,
                id: rotation.write,
            }),
            ..self.clone()
        })
    }

    /// The session after a wrong answer to a challenge of WebAuthn: no other answer to it counts. Its
    /// token stays, since whoever gave the answer is told nothing.
    #[must_use]
    pub fn after_wrong_answer(&self, to: &Challenge, write: WriteId, now: Timestamp) -> Self {
        let write = Write {
            seen: self.sequence,
            id: write,
        };
        Self {
            sequence: Sequence(self.sequence.0 + 1),
            changed_at: now,
            challenges: self.challenges.clone().answered(to),
            writes: self.writes.with(write),
            ..self.clone()
        }
    }

    /// Whether the token with this hash is valid for the session at `now`.
    pub fn token_validity(&self, token: TokenHash, now: Timestamp) -> TokenValidity {
        if token == self.token_hash {
            return TokenValidity::Valid;
        }
        let replaced = self.replaced.as_ref();
        match replaced.filter(|replaced| replaced.hash == token && now < replaced.until) {
            // Nobody can repeat checks that aren't known, but whoever planted the session may hold
            // the token.
            Some(replaced) if replaced.checks.unknown => TokenValidity::Invalid,
            Some(replaced) if replaced.checks.is_empty() => TokenValidity::Valid,
            Some(replaced) => TokenValidity::ValidToRepeat(replaced.checks.clone()),
            None => TokenValidity::Invalid,
        }
    }

    /// The size of the metadata and the user agent, in bytes.
    pub fn size(&self) -> usize {
        self.metadata.size() + self.user_agent.as_ref().map_or(0, UserAgent::size)
    }

    /// Whether the session has neither ended nor expired. [`Self::state`] also checks the
    /// session generation.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// The state of the session at `now`, if `generation` is its user's session generation
    /// (None: the user doesn't exist).
    ///
    /// Another generation ends it only if the user was proved in it: a session that only names the
    /// user holds nothing of a former password, and a login page checks a new one in it.
    pub fn state(&self, generation: Option<SessionGeneration>, now: Timestamp) -> SessionState {
        let is_outdated = self.factors.user().is_some_and(|user| match generation {
            Some(generation) => self.factors.is_proved() && user.generation != generation,
            None => true,
        });
        if self.ended_at.is_some() || is_outdated {
            SessionState::Ended
        } else if self.is_live(now) {
            SessionState::Live
        } else {
            SessionState::Expired
        }
    }
}

/// Times are stored in milliseconds, so a session with a shorter lifetime would end when it
/// begins.
const MIN_LIFETIME: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
