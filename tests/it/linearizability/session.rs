//! The sequential behaviour of one session: what each step may answer.
//!
//! A call is one step, but for two. A Set is two: it is authorised by what it reads, and
//! carried out on what others have left by then. The token that was just replaced is accepted
//! for as long as the session is valid. A create for a user is two steps as well: it reads the
//! login, and puts a session that is valid until the login's session generation changes.

use std::collections::BTreeMap;

use super::checker::SequentialModel;

/// The stored session and the state of its user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct World {
    /// The session generation: how often all sessions of the user were ended.
    generation: u32,
    /// The session generations that creates have read, by their calls.
    logins: BTreeMap<usize, u32>,
    session: Option<Session>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    sequence: u64,
    token: Token,
    replaced: Option<Token>,
    metadata: BTreeMap<String, String>,
    expires_at: i64,
    generation: u32,
    ended: bool,
    /// The token that its create answered.
    first: (u64, Token),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Seen(String),
    /// The token in the lost answer to this call.
    Lost(usize),
}

/// What authorises a call.
#[derive(Clone, Debug)]
pub enum Permit {
    Permission,
    Token(String),
}

#[derive(Clone, Debug)]
pub enum Step {
    /// A call read the login.
    Login {
        call: usize,
    },
    /// The create put the session, or found it there.
    Created {
        call: usize,
        answer: Option<(u64, String)>,
        expires_at: i64,
    },
    /// A Set read a session that it may change.
    Admitted {
        claim: Permit,
        now: i64,
        at_sequence: Option<u64>,
    },
    /// The Set changed the session.
    Changed(Change),
    /// A Set read a session whose token it has, whether the session is valid or not.
    Held {
        claim: Permit,
        now: i64,
    },
    /// The Set found the session ended.
    Over,
    /// The Set found the session expired.
    Expired {
        by: i64,
    },
    /// The Set found the session at another sequence.
    Elsewhere {
        at_sequence: u64,
    },
    Seen {
        claim: Permit,
        now: i64,
        sequence: u64,
        metadata: BTreeMap<String, String>,
        expires_at: i64,
    },
    NotFound {
        now: i64,
    },
    /// A call was refused because of its token.
    Refused {
        claim: Permit,
        now: i64,
        by: Refusal,
    },
    Deleted {
        claim: Permit,
        now: i64,
        answer: Option<u64>,
    },
    /// All sessions of the user were ended.
    Ended,
}

/// The call that refused a token, which decides in which states of a session it is checked.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    Set,
    /// A Get checks the token of a valid session.
    Get,
    /// A Delete checks the token of a session that was not deleted.
    Delete,
}

#[derive(Clone, Debug)]
pub struct Change {
    pub call: usize,
    pub key: String,
    pub value: String,
    pub at_sequence: Option<u64>,
    /// When the call began.
    pub now: i64,
    /// The lifetime that it sets, in milliseconds.
    pub lifetime: Option<i64>,
    pub answer: Option<(u64, String)>,
}

impl Permit {
    fn holds(&self, session: &Session, now: i64) -> bool {
        let Self::Token(text) = self else {
            return true;
        };
        let token = Token::Seen(text.clone());
        let is_graced = session.replaced.as_ref() == Some(&token);
        session.token == token || is_graced && now < session.expires_at && !session.ended
    }
}

impl World {
    fn is_over(&self, session: &Session) -> bool {
        session.ended || session.generation != self.generation
    }

    fn is_live(&self, session: &Session, now: i64) -> bool {
        !self.is_over(session) && now < session.expires_at
    }

    fn with(&self, session: Session) -> Self {
        Self {
            session: Some(session),
            ..self.clone()
        }
    }

    fn created(
        &self,
        call: usize,
        answer: Option<&(u64, String)>,
        expires_at: i64,
    ) -> Option<Self> {
        let token = answer.map_or(Token::Lost(call), |(_, token)| Token::Seen(token.clone()));
        let Some(stored) = &self.session else {
            // The session was added, its user checked, its lifetime and its token set.
            let sequence = 4;
            let as_told = answer.is_none_or(|(told, _)| *told == sequence);
            return as_told.then(|| {
                self.with(Session {
                    sequence,
                    token: token.clone(),
                    replaced: None,
                    metadata: BTreeMap::new(),
                    expires_at,
                    generation: self.logins[&call],
                    ended: false,
                    first: (sequence, token),
                })
            });
        };
        let (told, text) = answer?;
        let mut session = stored.clone();
        if let (_, lost @ Token::Lost(_)) = &stored.first {
            if session.token == *lost {
                session.token = token.clone();
            }
            if session.replaced.as_ref() == Some(lost) {
                session.replaced = Some(token.clone());
            }
            session.first.1 = token;
        }
        (session.first == (*told, Token::Seen(text.clone()))).then(|| self.with(session))
    }
}

impl Session {
    fn changed(&self, change: &Change) -> Option<Self> {
        let mut session = self.clone();
        let before = session
            .metadata
            .insert(change.key.clone(), change.value.clone());
        // A Set that changes nothing writes nothing, but here no value is set twice.
        assert_ne!(before.as_ref(), Some(&change.value));
        session.sequence += 2 + u64::from(change.lifetime.is_some());
        if let Some(lifetime) = change.lifetime {
            session.expires_at = change.now + lifetime;
        }
        session.replaced = Some(session.token);
        session.token = Token::Lost(change.call);
        if let Some((sequence, token)) = &change.answer {
            session.token = Token::Seen(token.clone());
            if *sequence != session.sequence {
                return None;
            }
        }
        Some(session)
    }
}

impl SequentialModel for World {
    type Step = Step;

    fn after(&self, step: &Step) -> Option<Self> {
        let as_it_was = |so: bool| so.then(|| self.clone());
        match (step, &self.session) {
            (Step::Login { call }, _) => {
                let mut world = self.clone();
                world.logins.insert(*call, self.generation);
                Some(world)
            }
            (
                Step::Created {
                    call,
                    answer,
                    expires_at,
                },
                _,
            ) => self.created(*call, answer.as_ref(), *expires_at),
            (Step::Ended, _) => Some(Self {
                generation: self.generation + 1,
                ..self.clone()
            }),
            (Step::NotFound { now }, stored) => as_it_was(
                stored
                    .as_ref()
                    .is_none_or(|stored| self.is_over(stored) || *now >= stored.expires_at),
            ),
            // A client that has the id has seen the session; otherwise it sends an id of no session.
            (Step::Deleted { answer, .. }, None) => as_it_was(*answer == Some(0)),
            (_, None) => None,
            (
                Step::Admitted {
                    claim,
                    now,
                    at_sequence,
                },
                Some(stored),
            ) => as_it_was(
                claim.holds(stored, *now)
                    && self.is_live(stored, *now)
                    && at_sequence.is_none_or(|at| at == stored.sequence),
            ),
            (Step::Changed(change), Some(stored)) => {
                let may = !stored.ended
                    && change.now < stored.expires_at
                    && change.at_sequence.is_none_or(|at| at == stored.sequence);
                let changed = may.then(|| stored.changed(change)).flatten()?;
                Some(self.with(changed))
            }
            (Step::Held { claim, now }, Some(stored)) => as_it_was(claim.holds(stored, *now)),
            (Step::Over, Some(stored)) => as_it_was(self.is_over(stored)),
            (Step::Expired { by }, Some(stored)) => {
                as_it_was(!stored.ended && *by >= stored.expires_at)
            }
            (Step::Elsewhere { at_sequence }, Some(stored)) => {
                as_it_was(!stored.ended && stored.sequence != *at_sequence)
            }
            (
                Step::Seen {
                    claim,
                    now,
                    sequence,
                    metadata,
                    expires_at,
                },
                Some(stored),
            ) => {
                let seen = claim.holds(stored, *now)
                    && self.is_live(stored, *now)
                    && (*sequence, metadata) == (stored.sequence, &stored.metadata)
                    && *expires_at == stored.expires_at;
                as_it_was(seen)
            }
            (Step::Refused { claim, now, by }, Some(stored)) => as_it_was(
                !claim.holds(stored, *now)
                    && match by {
                        Refusal::Set => true,
                        Refusal::Get => self.is_live(stored, *now),
                        Refusal::Delete => !stored.ended,
                    },
            ),
            (Step::Deleted { answer, .. }, Some(stored)) if stored.ended => {
                as_it_was(answer.is_none_or(|told| told == stored.sequence))
            }
            (Step::Deleted { claim, now, answer }, Some(stored)) => {
                let sequence = stored.sequence + 1;
                let may = claim.holds(stored, *now) && answer.is_none_or(|told| told == sequence);
                may.then(|| {
                    self.with(Session {
                        sequence,
                        ended: true,
                        replaced: None,
                        ..stored.clone()
                    })
                })
            }
        }
    }
}
