//! Takes steps in the service and in the model, and holds each against the other.

mod reads;
mod world;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use sesame::api::Version;
use sesame::domain::Operation;
use sesame::domain::{self, SessionId, UserState};

use self::world::{assert_details, assert_refused, hashes};
use super::SERVICES;
use super::reference::{Caller, Created, MAX_LIFETIME, Model, Refused, Session};
use super::steps::{self, IfMatch, Slot, Step, Token, USERS, What, Who};
use super::users::{MAX_ATTEMPTS, User};
use crate::support::answer::{Outcome, is_unknown};
use crate::support::app::{App, NOW};
use crate::support::client::{JsonCall, Wire};
use crate::support::faults::Fault;

/// In milliseconds, as the settings have it.
const GRACE: i64 = 10_000;
/// After it, no request is under way.
const LATEST: Duration = Duration::from_secs(1);

pub struct Run {
    app: App,
    model: Model,
    /// The sessions' places in the model.
    slots: BTreeMap<Slot, usize>,
    /// The users, those that don't exist at the moment included.
    logins: Vec<domain::User>,
    services: Vec<String>,
    hashes: [String; 2],
    /// The last call.
    ended_at: Cell<i64>,
}

/// A call under way.
struct Asked {
    wire: Wire,
    version: Version,
    call: JsonCall,
    caller: Result<Caller, Refused>,
    session: Option<usize>,
    token: Option<String>,
    /// So few faults that each request gets through.
    gets_through: bool,
}

/// How it ended.
struct Answered {
    outcome: Outcome,
    /// By which time.
    by: i64,
}

impl Run {
    pub async fn start(is_public: bool) -> Self {
        let (attempts, lifetime) = (MAX_ATTEMPTS.to_string(), MAX_LIFETIME.to_string());
        let app = App::emulated(&[
            ("ACCESS", if is_public { "public" } else { "token" }),
            ("MAX_PASSWORD_ATTEMPTS", &attempts),
            ("SESSION_LIFETIME_SECONDS", &lifetime),
            ("MAX_SESSION_LIFETIME_SECONDS", &lifetime),
            ("SERVER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
        ])
        .await;
        let hashes = hashes(&app).await;
        let mut logins = Vec::new();
        for (name, hash) in [("n0", Some(hashes[0].as_str())), ("n1", None)] {
            logins.push(app.user_with_hash(name, hash).await);
        }
        let nobody = app.user_id("n2");
        logins.push(domain::User {
            user_id: nobody,
            login_name: app.login_name("n2"),
            ..logins[1].clone()
        });
        let user = |(n, login): (usize, &domain::User)| User {
            id: login.user_id.to_string(),
            name: login.login_name.to_string(),
            exists: n + 1 < USERS,
            state: UserState::Active,
            password: login.password_hash.as_ref().map(|_| 0),
            failures: 0,
            last_at: 0,
            generation: 0,
        };
        let mut services = Vec::new();
        for (name, permissions) in SERVICES {
            let year = Duration::from_hours(365 * 24);
            let token = app.caller_named(name, permissions, year).await;
            services.push(token.as_str().to_owned());
        }
        Self {
            model: Model {
                now: NOW.as_millis(),
                tried_at: NOW.as_millis(),
                is_public,
                users: logins.iter().enumerate().map(user).collect(),
                sessions: Vec::new(),
            },
            app,
            slots: BTreeMap::new(),
            logins,
            services,
            hashes,
            ended_at: Cell::new(0),
        }
    }

    pub async fn take(&mut self, step: &Step) {
        match step {
            Step::Pass(pass) => self.pass(*pass),
            Step::Administer(user, deed) => self.administer(*user, *deed).await,
            Step::Call {
                what,
                who,
                wire,
                version,
                faults,
            } => {
                for (fault, times) in faults {
                    self.app.faults.inject(fault.times(*times));
                }
                let errors = faults
                    .iter()
                    .filter(|(fault, _)| !matches!(fault, Fault::Delay(_)));
                let gets_through = errors.map(|(_, times)| times).sum::<usize>() < 3;
                self.call(what, *who, (*wire, *version), gets_through).await;
                self.app.forget();
                self.model.now = self.ended_at.get();
            }
        }
        for session in &self.model.sessions {
            assert_eq!(self.stored(session).await.as_ref(), Some(session));
        }
    }

    async fn call(
        &mut self,
        what: &What,
        who: Who,
        (wire, version): (Wire, Version),
        gets_through: bool,
    ) {
        let (bearer, caller) = self.caller(who);
        let (slot, token) = match what {
            What::Create { slot, .. } => (Some(*slot), Token::None),
            What::Set { slot, token, .. }
            | What::Get { slot, token }
            | What::Delete { slot, token } => (Some(*slot), *token),
            What::List { .. } => (None, Token::None),
        };
        let session = slot.and_then(|slot| self.session_in(slot));
        let token = self.token(session, token);
        let nobody = "00000000-0000-4000-8000-000000000000";
        let id = session.map_or(nobody, |session| &self.model.sessions[session].id);
        let asked = Asked {
            wire,
            version,
            call: JsonCall {
                session_id: slot.map(|_| id.to_owned()),
                session_token: token.clone(),
                bearer,
                ..JsonCall::default()
            },
            caller,
            session,
            token,
            gets_through,
        };
        match what {
            What::Create { slot, message, key } => self.create(asked, *slot, message, *key).await,
            What::Set {
                message, if_match, ..
            } => self.set(asked, message, *if_match).await,
            What::Get { .. } => self.get(asked).await,
            What::Delete { .. } => self.delete(asked).await,
            What::List {
                filters,
                offset,
                limit,
                ascending,
            } => {
                let page = (*offset, *limit, *ascending);
                self.list(asked, filters, page).await;
            }
        }
    }

    /// Nothing in this slot yet: whatever was created last.
    pub(super) fn session_in(&self, slot: Slot) -> Option<usize> {
        let last = self.model.sessions.len().checked_sub(1);
        self.slots.get(&slot).copied().or(last)
    }

    async fn create(
        &mut self,
        mut asked: Asked,
        slot: Slot,
        message: &steps::Message,
        key: Option<u8>,
    ) {
        let (message, body) = self.message(message, asked.version);
        let key = key.map(|key| format!("key-{key}"));
        asked.call.session_id = None;
        asked.call.body = body;
        asked.call.idempotency_key.clone_from(&key);
        let answered = self.send(Operation::CreateSession, &asked).await;
        self.find_attempt(&answered).await;
        let mut after = self.model.clone();
        let want = asked
            .caller
            .clone()
            .and_then(|caller| after.create(&caller, &message, key.as_deref()));
        self.settle(&mut after, &asked).await;

        let known = |id: &SessionId| after.sessions.iter().any(|one| one.id == id.to_string());
        let mut added = self.app.session_ids().await;
        added.retain(|id| !known(id));
        match (want, answered.outcome) {
            (Ok(Created::New(new)), outcome) if outcome.is_ok() || is_unknown(&outcome) => {
                assert!(outcome.is_ok() || !asked.gets_through, "{outcome:?}");
                assert!(added.len() <= 1, "one create, one session");
                let id = added.first().map(SessionId::to_string);
                let token = outcome
                    .as_ref()
                    .ok()
                    .map(|body| body["sessionToken"].as_str().unwrap());
                if let Ok(body) = &outcome {
                    assert_details(body, new.sequence, new.created_at);
                    assert_eq!(body["sessionId"].as_str(), id.as_deref());
                }
                if let Some(id) = id {
                    self.slots.insert(slot, after.sessions.len());
                    after.sessions.push(Session {
                        id,
                        tokens: vec![token.map(str::to_owned)],
                        ..*new
                    });
                }
            }
            (
                Ok(Created::Again {
                    session,
                    sequence,
                    own,
                }),
                Ok(body),
            ) => {
                assert_eq!(added, []);
                let stored = &mut after.sessions[session];
                assert_details(&body, sequence, stored.created_at);
                assert_eq!(body["sessionId"], stored.id);
                let token = body["sessionToken"].as_str().unwrap().to_owned();
                if own {
                    let first = stored.tokens[0].get_or_insert(token.clone());
                    assert_eq!(*first, token);
                }
                self.slots.insert(slot, session);
            }
            (want, outcome) => {
                assert_eq!(added, []);
                assert_refused(want.map(|_| ()), &outcome, &asked);
            }
        }
        self.model = after;
    }

    async fn set(&mut self, mut asked: Asked, message: &steps::Message, if_match: Option<IfMatch>) {
        let version = asked.version;
        let (message, body) = self.message(message, version);
        let stored = asked
            .session
            .map(|session| self.model.sessions[session].clone());
        let sequence = stored.as_ref().map_or(2, |stored| stored.sequence);
        let if_match = if_match.map(|wanted| match wanted {
            IfMatch::Current => Some(sequence),
            IfMatch::Former => Some(sequence - 1),
            IfMatch::Any => None,
        });
        asked.call.body = body;
        asked.call.if_match =
            if_match.map(|at| at.map_or_else(|| "*".to_owned(), |at| format!("\"{at}\"")));
        let answered = self.send(Operation::SetSession, &asked).await;
        self.find_attempt(&answered).await;
        let left = match &stored {
            Some(stored) => self.stored(stored).await,
            None => None,
        };
        let grace_until = |changed: &mut Session| {
            let until = left.as_ref().and_then(|left| left.grace).unwrap().until;
            let times = [self.model.now, answered.by];
            let [from, to] = times.map(|at| (at + GRACE).min(changed.expires_at));
            assert!((from..=to).contains(&until), "{until}, not {from} to {to}");
            changed.grace.as_mut().unwrap().until = until;
        };
        // Each try has its time, in which the session may have expired.
        let at = match &answered.outcome {
            Err(error) if error == "COMMAND-Hkl3d" => answered.by,
            _ => self.model.now,
        };
        let mut after = self.model.clone();
        let want = asked.caller.clone().and_then(|caller| {
            if asked.token.is_none() && version < Version::V2 {
                let known = !matches!(caller, Caller::Anonymous) || after.is_public;
                return Err(if known { "code 3" } else { "code 16" });
            }
            let token = asked.token.as_deref();
            after.set(
                asked.session,
                &caller,
                token,
                &message,
                if_match.flatten(),
                at,
            )
        });
        self.settle(&mut after, &asked).await;
        match (want, answered.outcome.clone()) {
            (Ok(mut want), Ok(body)) => {
                let changed = Some(&want) != stored.as_ref();
                let token = body["sessionToken"].as_str().map(str::to_owned);
                if changed {
                    grace_until(&mut want);
                    assert!(!want.tokens.contains(&token), "another token");
                    *want.tokens.last_mut().unwrap() = token;
                } else {
                    assert_eq!(token, asked.token);
                }
                assert_details(&body, want.sequence, want.changed_at);
                after.sessions[asked.session.unwrap()] = want;
            }
            (Ok(mut want), outcome) if is_unknown(&outcome) => {
                assert!(!asked.gets_through, "{outcome:?}");
                if left != stored {
                    grace_until(&mut want);
                    after.sessions[asked.session.unwrap()] = want;
                }
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &asked),
        }
        self.model = after;
    }

    async fn delete(&mut self, asked: Asked) {
        let answered = self.send(Operation::DeleteSession, &asked).await;
        let model = &self.model;
        let want = asked
            .caller
            .clone()
            .and_then(|caller| model.delete(asked.session, &caller, asked.token.as_deref()));
        match (want, answered.outcome) {
            (Ok(None), Ok(body)) => assert!(body["details"].get("sequence").is_none()),
            (Ok(Some(want)), Ok(body)) => {
                assert_details(&body, want.sequence, want.changed_at);
                self.model.sessions[asked.session.unwrap()] = want;
            }
            (Ok(Some(want)), outcome) if is_unknown(&outcome) => {
                assert!(!asked.gets_through, "{outcome:?}");
                if self.stored(&want).await.as_ref() == Some(&want) {
                    self.model.sessions[asked.session.unwrap()] = want;
                }
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &asked),
        }
    }
}
