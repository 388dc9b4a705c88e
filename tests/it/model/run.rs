//! Takes each step in the service and in the model, and compares the two.

mod call;
mod reads;
mod world;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use sesame::api::Version;
use sesame::domain::Operation;
use sesame::domain::{self, Password, SessionId, UserState};
use tokio::sync::OnceCell;

use self::call::{PendingCall, assert_details, assert_refused};
use super::reference::{CreateOutcome, MAX_LIFETIME, Model, Principal, Session};
use super::steps::{self, IfMatch, PASSWORDS, SERVICES, Slot, Step, Token, USERS, What, Who};
use super::users::{MAX_ATTEMPTS, User};
use crate::support::answer::is_unknown;
use crate::support::app::{App, NOW};
use crate::support::client::{JsonCall, Wire};
use crate::support::faults::Fault;

/// The grace of a replaced token in milliseconds, as the settings have it.
const GRACE: i64 = 10_000;

pub struct Run {
    app: App,
    model: Model,
    /// The index of each slot's session in the model.
    slots: BTreeMap<Slot, usize>,
    /// The users, including those that don't exist at the moment.
    logins: Vec<domain::User>,
    services: Vec<String>,
    hashes: [String; 2],
    /// The time at which the last call ended, in milliseconds.
    ended_at: Cell<i64>,
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
        let hash = Some(hashes[0].as_str());
        logins.push(app.user_shown_as("n0", None, hash).await);
        logins.push(app.user_with_hash("n1", None).await);
        let nobody = app.user_id("n2");
        logins.push(domain::User {
            user_id: nobody,
            login_name: app.login_name("n2"),
            ..logins[1].clone()
        });
        let user = |(n, login): (usize, &domain::User)| User {
            id: login.user_id.to_string(),
            name: login.login_name.to_string(),
            display_name: login
                .display_name
                .as_ref()
                .map(|name| name.as_str().to_owned()),
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
            let token = app.service_account_named(name, permissions, year).await;
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
        let (bearer, principal) = self.principal(who);
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
        let pending = PendingCall {
            wire,
            version,
            call: JsonCall {
                session_id: slot.map(|_| id.to_owned()),
                session_token: token.clone(),
                bearer,
                ..JsonCall::default()
            },
            principal,
            session,
            token,
            gets_through,
        };
        match what {
            What::Create { slot, message, key } => self.create(pending, *slot, message, *key).await,
            What::Set {
                message, if_match, ..
            } => self.set(pending, message, *if_match).await,
            What::Get { .. } => self.get(pending).await,
            What::Delete { .. } => self.delete(pending).await,
            What::List {
                filters,
                offset,
                limit,
                ascending,
            } => {
                let page = (*offset, *limit, *ascending);
                self.list(pending, filters, page).await;
            }
        }
    }

    /// The index of the session in this slot, or else of the one created last.
    pub(super) fn session_in(&self, slot: Slot) -> Option<usize> {
        let last = self.model.sessions.len().checked_sub(1);
        self.slots.get(&slot).copied().or(last)
    }

    async fn create(
        &mut self,
        mut pending: PendingCall,
        slot: Slot,
        message: &steps::Message,
        key: Option<u8>,
    ) {
        let (message, body) = self.message(message, pending.version);
        let key = key.map(|key| format!("key-{key}"));
        pending.call.session_id = None;
        pending.call.body = body;
        pending.call.idempotency_key.clone_from(&key);
        let finished = self.send(Operation::CreateSession, &pending).await;
        self.find_attempt(&finished).await;
        let mut after = self.model.clone();
        let want = pending
            .principal
            .clone()
            .and_then(|principal| after.create(&principal, &message, key.as_deref()));
        self.settle(&mut after, &pending).await;

        let known = |id: &SessionId| after.sessions.iter().any(|one| one.id == id.to_string());
        let mut added = self.app.session_ids().await;
        added.retain(|id| !known(id));
        match (want, finished.outcome) {
            (Ok(CreateOutcome::New(new)), outcome) if outcome.is_ok() || is_unknown(&outcome) => {
                assert!(outcome.is_ok() || !pending.gets_through, "{outcome:?}");
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
                Ok(CreateOutcome::Again {
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
                assert_refused(want.map(|_| ()), &outcome, &pending);
            }
        }
        self.model = after;
    }

    async fn set(
        &mut self,
        mut pending: PendingCall,
        message: &steps::Message,
        if_match: Option<IfMatch>,
    ) {
        let version = pending.version;
        let (message, body) = self.message(message, version);
        let stored = pending
            .session
            .map(|session| self.model.sessions[session].clone());
        let sequence = stored.as_ref().map_or(2, |stored| stored.sequence);
        let if_match = if_match.map(|wanted| match wanted {
            IfMatch::Current => Some(sequence),
            IfMatch::Former => Some(sequence - 1),
            IfMatch::Any => None,
        });
        pending.call.body = body;
        pending.call.if_match =
            if_match.map(|at| at.map_or_else(|| "*".to_owned(), |at| format!("\"{at}\"")));
        let finished = self.send(Operation::SetSession, &pending).await;
        self.find_attempt(&finished).await;
        let left = match &stored {
            Some(stored) => self.stored(stored).await,
            None => None,
        };
        let grace_until = |changed: &mut Session| {
            let until = left.as_ref().and_then(|left| left.grace).unwrap().until;
            let times = [self.model.now, finished.by];
            let [from, to] = times.map(|at| (at + GRACE).min(changed.expires_at));
            assert!((from..=to).contains(&until), "{until}, not {from} to {to}");
            changed.grace.as_mut().unwrap().until = until;
        };
        // The session may have expired between the tries.
        let at = match &finished.outcome {
            Err(error) if error == "COMMAND-Hkl3d" => finished.by,
            _ => self.model.now,
        };
        let mut after = self.model.clone();
        let want = pending.principal.clone().and_then(|principal| {
            if pending.token.is_none() && version < Version::V2 {
                let known = !matches!(principal, Principal::Anonymous) || after.is_public;
                return Err(if known { "code 3" } else { "code 16" });
            }
            let token = pending.token.as_deref();
            after.set(
                pending.session,
                &principal,
                token,
                &message,
                if_match.flatten(),
                at,
            )
        });
        self.settle(&mut after, &pending).await;
        match (want, finished.outcome.clone()) {
            (Ok(mut want), Ok(body)) => {
                let changed = Some(&want) != stored.as_ref();
                let token = body["sessionToken"].as_str().map(str::to_owned);
                if changed {
                    grace_until(&mut want);
                    assert!(!want.tokens.contains(&token), "another token");
                    *want.tokens.last_mut().unwrap() = token;
                } else {
                    assert_eq!(token, pending.token);
                }
                assert_details(&body, want.sequence, want.changed_at);
                after.sessions[pending.session.unwrap()] = want;
            }
            (Ok(mut want), outcome) if is_unknown(&outcome) => {
                assert!(!pending.gets_through, "{outcome:?}");
                if left != stored {
                    grace_until(&mut want);
                    after.sessions[pending.session.unwrap()] = want;
                }
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &pending),
        }
        self.model = after;
    }

    async fn delete(&mut self, pending: PendingCall) {
        let finished = self.send(Operation::DeleteSession, &pending).await;
        let model = &self.model;
        let want = pending.principal.clone().and_then(|principal| {
            model.delete(pending.session, &principal, pending.token.as_deref())
        });
        match (want, finished.outcome) {
            (Ok(None), Ok(body)) => assert!(body["details"].get("sequence").is_none()),
            (Ok(Some(want)), Ok(body)) => {
                assert_details(&body, want.sequence, want.changed_at);
                self.model.sessions[pending.session.unwrap()] = want;
            }
            (Ok(Some(want)), outcome) if is_unknown(&outcome) => {
                assert!(!pending.gets_through, "{outcome:?}");
                if self.stored(&want).await.as_ref() == Some(&want) {
                    self.model.sessions[pending.session.unwrap()] = want;
                }
            }
            (want, outcome) => assert_refused(want.map(|_| ()), &outcome, &pending),
        }
    }
}

async fn hashes(app: &App) -> [String; 2] {
    static HASHES: OnceCell<[String; 2]> = OnceCell::const_new();
    let hashes = HASHES.get_or_init(async || {
        let pool = app.password_pool();
        let hash = async |n: usize| {
            let hash = pool.hash(Password::new(PASSWORDS[n].to_owned())).await;
            hash.unwrap().as_str().to_owned()
        };
        [hash(0).await, hash(1).await]
    });
    hashes.await.clone()
}
