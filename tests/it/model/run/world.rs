//! What is around the calls: time, administrators, principals, and what is stored.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::{self, Attempts, HashString, LoginName, Timestamp, UserState};
use sesame::domain::{Operation, SessionGeneration};
use sesame::store::InsertOutcome;
use tokio::time::Instant;

use super::Run;
use super::call::{FinishedCall, PendingCall};
use crate::model::reference::{Message, Model, Principal, Session};
use crate::model::steps::{self, Deed, PASSWORDS, Pass, SERVICES, Search, Token, USERS, Who};
use crate::model::stored::{encoded, read};
use crate::model::users::{NamedUser, Refusal};
use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::client::Client;

/// The time after a call in which late requests arrive.
const LATEST: Duration = Duration::from_secs(1);

impl Run {
    pub(super) fn pass(&mut self, pass: Pass) {
        let at = match pass {
            Pass::Millis(millis) => self.model.now + millis,
            Pass::ToEnd(slot, before) => match self.session_in(slot) {
                Some(session) => self.model.sessions[session].expires_at - i64::from(before),
                None => return,
            },
            Pass::ToGraceEnd(slot, before) => match self.session_in(slot) {
                Some(session) => match self.model.sessions[session].grace {
                    Some(grace) => grace.until - i64::from(before),
                    None => return,
                },
                None => return,
            },
            Pass::ToUnlock(user, before) => {
                self.model.users[user].unlocked_at().max(0) - i64::from(before)
            }
        };
        self.model.now = self.model.now.max(at);
    }

    pub(super) async fn administer(&mut self, user: usize, deed: Deed) {
        let store = &self.app.store;
        let model = &self.model.users[user];
        let name = LoginName::parse(model.name.clone()).unwrap();
        let named = |name: &str| {
            let mut users = self.model.users.iter().enumerate();
            users.any(|(n, other)| n != user && other.exists && other.name == name)
        };
        if user + 1 == USERS || model.exists == matches!(deed, Deed::Add) {
            return;
        }
        let read = async || {
            let login = store.get_user(&name.folded()).await.unwrap().unwrap();
            assert_eq!(login.user_id.as_str(), model.id);
            login
        };
        match deed {
            Deed::Add => {
                let login = domain::User {
                    login_name: name.clone(),
                    state: UserState::Active,
                    attempts: Attempts::default(),
                    generation: SessionGeneration::generate(),
                    ..self.logins[user].clone()
                };
                let added = store.insert_user(&login).await.unwrap();
                let is_taken = named(&model.name);
                assert_eq!(
                    matches!(added, InsertOutcome::Inserted),
                    !is_taken,
                    "{added:?}"
                );
                if is_taken {
                    return;
                }
            }
            Deed::EndSessions => assert!(store.end_sessions(&read().await).await.unwrap()),
            Deed::State(state) => {
                assert!(store.set_user_state(&read().await, state).await.unwrap());
            }
            Deed::Unlock => {
                let unlocked = store.unlock_user(&read().await).await.unwrap();
                assert_eq!(unlocked, model.state != UserState::Inactive);
            }
            Deed::Password(password, kept) => {
                let hash = HashString::new(self.hashes[password].clone());
                let kept = kept.and_then(|slot| self.session_in(slot));
                let id = kept.map(|kept| self.model.sessions[kept].id.parse().unwrap());
                let set = store.set_password_hash(&read().await, &hash, id).await;
                let want = if self.model.set_password(user, password, kept) {
                    SetPasswordOutcome::Done
                } else {
                    SetPasswordOutcome::SessionEnded
                };
                assert_eq!(set.unwrap(), want);
                return;
            }
            Deed::Delete => assert!(store.delete_user(&read().await).await.unwrap()),
            Deed::Rename(to) => {
                let to = self.app.login_name(&format!("n{to}"));
                let renamed = store.rename_user(&read().await, to.clone()).await.unwrap();
                let is_taken = named(to.as_str());
                assert_eq!(renamed, !is_taken);
                if renamed {
                    self.model.users[user].name = to.to_string();
                }
                return;
            }
        }
        let password = self.logins[user].password_hash.as_ref().map(|_| 0);
        let user = &mut self.model.users[user];
        match deed {
            Deed::Add => {
                (user.exists, user.state, user.failures) = (true, UserState::Active, 0);
                user.last_at = 0;
                (user.password, user.generation) = (password, user.generation + 1);
            }
            Deed::EndSessions => user.generation += 1,
            Deed::State(state) => {
                user.state = state;
                user.generation += u32::from(state != UserState::Active);
            }
            Deed::Unlock if user.state == UserState::Inactive => {}
            Deed::Unlock => (user.state, user.failures) = (UserState::Active, 0),
            Deed::Delete => user.exists = false,
            Deed::Password(..) | Deed::Rename(_) => {}
        }
    }

    /// The bearer token, and the principal that it belongs to.
    pub(super) fn principal(&self, who: Who) -> (Option<String>, Result<Principal, Refusal>) {
        let of = |slot, token| {
            let session = self.session_in(slot);
            let token = self.token(session, token).unwrap_or_default();
            let principal = self.model.bearer(&token);
            (Some(token), principal)
        };
        match who {
            Who::Anonymous => (None, Ok(Principal::Anonymous)),
            Who::Service(n) => {
                let (name, permissions) = SERVICES[n];
                let principal = Principal::Service(name, permissions);
                (Some(self.services[n].clone()), Ok(principal))
            }
            Who::Session(slot) => of(slot, Token::Current),
            Who::Former(slot) => of(slot, Token::Former),
            Who::Stranger => (Some("stub-pat".to_owned()), Err("code 16")),
        }
    }

    /// The session token to send; garbage, if it is unknown or doesn't exist.
    pub(super) fn token(&self, session: Option<usize>, token: Token) -> Option<String> {
        let tokens = |session: usize| self.model.sessions[session].tokens.iter().rev();
        let found = match token {
            Token::None => return None,
            Token::Current => session.and_then(|session| tokens(session).next()),
            Token::Former => session.and_then(|session| tokens(session).nth(1)),
            Token::Of(slot) => self.session_in(slot).and_then(|other| tokens(other).next()),
            Token::Garbage => None,
        };
        Some(
            found
                .cloned()
                .flatten()
                .unwrap_or_else(|| "garbage".to_owned()),
        )
    }

    /// The message in the model's form, and in JSON.
    pub(super) fn message(&self, message: &steps::Message, version: Version) -> (Message, Value) {
        let id = |user: usize| Some(self.model.users[user].id.clone());
        let name = |user: usize| Some(self.model.users[user].name.clone());
        let (id, name) = match message.user {
            None => (None, None),
            Some(Search::Id(user)) => (id(user), None),
            Some(Search::Name(user)) => (None, name(user)),
            Some(Search::Shouted(user)) => (None, name(user).map(|name| name.to_uppercase())),
            Some(Search::SomeName(n)) => (
                None,
                Some(self.app.login_name(&format!("n{n}")).to_string()),
            ),
            Some(Search::Both(one, other)) => (id(one), name(other)),
        };
        let mut body = json!({ "metadata": encoded(&message.metadata) });
        if message.user.is_some() {
            body["checks"]["user"] = json!({ "userId": id, "loginName": name });
        }
        if let Some(password) = message.password {
            body["checks"]["password"] = json!({ "password": PASSWORDS[password] });
        }
        if let Some(seconds) = message.lifetime {
            body["lifetime"] = json!(format!("{seconds}s"));
        }
        let message = Message {
            user: message.user.map(|_| NamedUser { id, name }),
            password: message.password,
            metadata: message.metadata.clone(),
            // v2alpha has no such field.
            lifetime: message.lifetime.filter(|_| version > Version::V2alpha),
        };
        (message, body)
    }

    pub(super) async fn send(&self, rpc: Operation, pending: &PendingCall) -> FinishedCall {
        let client = Client::new(&self.app).over(pending.wire, pending.version);
        let request = pending.call.request(client, rpc);
        let started = Instant::now();
        let now = Timestamp::from_millis(self.model.now);
        let answer = self.app.answer(request, now).await;
        let took = i64::try_from(started.elapsed().as_millis()).unwrap();
        tokio::time::sleep(LATEST).await;
        let by = self.model.now + took;
        self.ended_at.set(by);
        FinishedCall {
            outcome: answer.result(),
            by,
        }
    }

    /// Finds the time at which the call counted an attempt, which may be later than it began.
    pub(super) async fn find_attempt(&mut self, finished: &FinishedCall) {
        self.model.tried_at = self.model.now;
        for user in self.model.users.iter().filter(|user| user.exists) {
            let name = LoginName::parse(user.name.clone()).unwrap();
            let login = self.app.store.get_user(&name.folded()).await.unwrap();
            let last_at = login.unwrap().attempts.last_at.map(Timestamp::as_millis);
            if let Some(at) = last_at.filter(|at| *at != user.last_at) {
                assert!((self.model.now..=finished.by).contains(&at));
                self.model.tried_at = at;
            }
        }
    }

    /// Compares the stored failures with those of `after`. A call that met many faults may have
    /// counted its attempt or not, and reset the count or not.
    pub(super) async fn settle(&self, after: &mut Model, pending: &PendingCall) {
        for (before, user) in self.model.users.iter().zip(&mut after.users) {
            if !user.exists {
                continue;
            }
            let name = LoginName::parse(user.name.clone()).unwrap();
            let login = self.app.store.get_user(&name.folded()).await.unwrap();
            let attempts = login.unwrap().attempts;
            let failures = attempts.failures;
            let mut may_be = vec![user.failures];
            if !pending.gets_through {
                may_be.extend([before.failures, before.failures + 1]);
            }
            assert!(may_be.contains(&failures), "{failures}, not of {may_be:?}");
            user.failures = failures;
            user.last_at = attempts.last_at.map_or(user.last_at, Timestamp::as_millis);
        }
    }

    /// The stored session in the model's form.
    pub(super) async fn stored(&self, like: &Session) -> Option<Session> {
        let id = like.id.parse().unwrap();
        let stored = self.app.store.get_session(id).await.unwrap()?;
        Some(read(&stored, like, &self.model))
    }
}
