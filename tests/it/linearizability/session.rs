//! The sequential behaviour of one session: what each step may answer.
//!
//! A call is one step, but for two. A Set is two: it is authorised by what it reads, and
//! carried out on what others have left by then. The token that was just replaced is accepted
//! for as long as the session is valid, unless its replacement passed a check. A Set of the password
//! checks it in between, in the session generation of then: it proves the user in a session without a
//! proof, or in one of that generation. A recovery code is used up by the Set that it is right for. A change of the password is two steps as well: it is made
//! only in the generation in which the user was read, and it may take the session along.

use std::collections::{BTreeMap, BTreeSet};

use super::checker::SequentialModel;
use super::steps::{Change, Checks, Permit, Refusal, Step};
use crate::support::administration::SetPasswordOutcome;

/// The stored session and the state of its user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct World {
    /// The session generation: how often the sessions of the user with a proof were ended.
    generation: u32,
    /// The index of the user's password.
    password: usize,
    /// The session generations that calls have read, by the calls.
    logins: BTreeMap<usize, u32>,
    session: Option<Session>,
    /// The recovery codes that are used up.
    used: BTreeSet<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    sequence: u64,
    token: Token,
    /// The token that was just replaced, and the checks of the Set that did it.
    replaced: Option<(Token, Checks)>,
    metadata: BTreeMap<String, String>,
    expires_at: i64,
    /// The generation in which the user was proved.
    proved: Option<u32>,
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

impl Permit {
    fn holds(&self, session: &Session, now: i64) -> bool {
        self.holds_for(Checks::Nothing, session, now)
    }

    /// Whether it authorises a Set. That of a token which a Set with checks replaced has to have these
    /// checks too.
    fn holds_for(&self, checks: Checks, session: &Session, now: i64) -> bool {
        let Self::Token(text) = self else {
            return true;
        };
        let token = Token::Seen(text.clone());
        let is_graced = session
            .replaced
            .as_ref()
            .is_some_and(|(replaced, passed)| *replaced == token && checks >= *passed);
        session.token == token || is_graced && now < session.expires_at && !session.ended
    }
}

impl World {
    fn is_over(&self, session: &Session) -> bool {
        let is_outdated = |generation| generation != self.generation;
        session.ended || session.proved.is_some_and(is_outdated)
    }

    fn is_live(&self, session: &Session, now: i64) -> bool {
        !self.is_over(session) && now < session.expires_at
    }

    /// A call reads the user.
    fn read(&self, call: usize) -> Self {
        let mut world = self.clone();
        world.logins.insert(call, self.generation);
        world
    }

    fn new_password(
        &self,
        call: usize,
        password: usize,
        keeps: bool,
        outcome: SetPasswordOutcome,
    ) -> Option<Self> {
        let is_of_read = self.logins.get(&call) == Some(&self.generation);
        let kept = self
            .session
            .as_ref()
            .filter(|session| keeps && !session.ended && session.proved == Some(self.generation));
        let would_be = match (is_of_read, keeps == kept.is_some()) {
            (false, _) => SetPasswordOutcome::UserChanged,
            (true, false) => SetPasswordOutcome::SessionEnded,
            (true, true) => SetPasswordOutcome::Done,
        };
        if would_be != outcome {
            return None;
        }
        let mut world = self.clone();
        if outcome == SetPasswordOutcome::Done {
            world.generation += 1;
            world.password = password;
            world.session = match kept {
                None => world.session,
                Some(kept) => Some(Session {
                    sequence: kept.sequence + 1,
                    proved: Some(world.generation),
                    ..kept.clone()
                }),
            };
        }
        Some(world)
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
                    proved: None,
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
            if let Some((replaced, _)) = &mut session.replaced
                && replaced == lost
            {
                *replaced = token.clone();
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
        session.sequence += 2 + u64::from(change.lifetime.is_some()) + change.checks as u64;
        if let Some(lifetime) = change.lifetime {
            session.expires_at = change.now + lifetime;
        }
        session.replaced = Some((session.token, change.checks));
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
            (Step::Read { call }, _) => Some(self.read(*call)),
            (Step::Checked { call, password }, _) => {
                (self.password == *password).then(|| self.read(*call))
            }
            (Step::Wrong { password }, _) => as_it_was(self.password != *password),
            (Step::Used { code }, _) => as_it_was(self.used.contains(code)),
            (Step::MayBeChecked { call, password }, _) => Some(if self.password == *password {
                self.read(*call)
            } else {
                self.clone()
            }),
            (
                Step::NewPassword {
                    call,
                    password,
                    keeps,
                    outcome,
                },
                _,
            ) => self.new_password(*call, *password, *keeps, *outcome),
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
                    checks,
                },
                Some(stored),
            ) => as_it_was(
                claim.holds_for(*checks, stored, *now)
                    && self.is_live(stored, *now)
                    && at_sequence.is_none_or(|at| at == stored.sequence),
            ),
            (Step::Changed(change), Some(stored)) => {
                let may = !stored.ended
                    && change.now < stored.expires_at
                    && change.at_sequence.is_none_or(|at| at == stored.sequence);
                let mut changed = may.then(|| stored.changed(change)).flatten()?;
                let mut world = self.clone();
                if change.code.is_some_and(|code| !world.used.insert(code)) {
                    return None;
                }
                if change.checks >= Checks::Password {
                    let checked = self.logins[&change.call];
                    if stored.proved.is_some_and(|proved| proved != checked) {
                        return None;
                    }
                    changed.proved = Some(checked);
                }
                Some(world.with(changed))
            }
            (Step::Held { claim, now, checks }, Some(stored)) => {
                as_it_was(claim.holds_for(*checks, stored, *now))
            }
            (Step::Over { call }, Some(stored)) => {
                let proofs = stored.proved.zip(self.logins.get(call));
                let is_of_another = proofs.is_some_and(|(proved, checked)| proved != *checked);
                as_it_was(self.is_over(stored) || is_of_another)
            }
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
