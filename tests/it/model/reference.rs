//! A model of the service as a map of sessions: what each call must answer and store.

mod session;
mod set;

use std::collections::BTreeMap;

use sesame::domain::Permission;

pub use self::session::{
    Grace, IdempotentCreate, Message, Principal, Proof, Session, Standing, UserFactor,
};
use super::users::{Attempt, NamedUser, Refusal, User, VerifiedUser, check};

/// The maximum and the default lifetime, in seconds.
pub const MAX_LIFETIME: u32 = 120;

#[derive(Clone, Debug)]
pub struct Model {
    pub now: i64,
    /// The time at which the current call counted its password attempt, if it did.
    pub tried_at: i64,
    /// Whether anyone may create sessions, or only principals with `session.write`.
    pub is_public: bool,
    pub users: Vec<User>,
    pub sessions: Vec<Session>,
}

/// The outcome of a create.
#[derive(Debug)]
pub enum CreateOutcome {
    New(Box<Session>),
    /// The first answer again; with its token, unless that is another user's.
    Again {
        session: usize,
        sequence: u64,
        own: bool,
    },
}

/// A session's token, as it was presented.
pub type Presented<'a> = Option<&'a str>;

impl Model {
    pub fn is_ended(&self, session: &Session) -> bool {
        let of_another_generation = session.user.as_ref().is_some_and(|factor| {
            let user = &self.users[factor.user];
            let is_proved = session.password.is_some();
            !user.exists || is_proved && user.generation != factor.generation
        });
        session.is_deleted || of_another_generation
    }

    pub fn is_live(&self, session: &Session) -> bool {
        !self.is_ended(session) && self.now < session.expires_at
    }

    /// The principal that presents this session token as a bearer token.
    pub fn bearer(&self, token: &str) -> Result<Principal, Refusal> {
        let of = |session: &&Session| {
            session.standing(token, self.now) == Standing::All && self.is_live(session)
        };
        let session = self.sessions.iter().find(of).ok_or("code 16")?;
        let user = session.password.and(session.user.as_ref());
        user.map(|factor| Principal::User(factor.user))
            .ok_or("code 16")
    }

    /// An anonymous principal needs the session token.
    fn let_in(&self, principal: &Principal, token: Presented<'_>) -> Result<(), Refusal> {
        let may = principal.is_known() || self.is_public && token.is_some();
        if may { Ok(()) } else { Err("code 16") }
    }

    /// Whether the principal may log a user in to a session without one.
    fn may_check(&self, principal: &Principal, by_password: bool) -> Result<(), Refusal> {
        if by_password && self.is_public || principal.may(Permission::SessionWrite) {
            return Ok(());
        }
        Err(if principal.is_known() {
            "AUTH-5mWD2"
        } else {
            "code 16"
        })
    }

    pub fn create(
        &mut self,
        principal: &Principal,
        message: &Message,
        key: Option<&str>,
    ) -> Result<CreateOutcome, Refusal> {
        if !self.is_public {
            self.let_in(principal, None)?;
            if !principal.may(Permission::SessionWrite) {
                return Err("AUTH-5mWD2");
            }
        }
        lifetime(message)?;
        if key.is_some()
            && !principal.is_known()
            && (message.user.is_none() || message.password.is_none())
        {
            return Err("code 3");
        }
        if message.user.is_some() {
            self.may_check(principal, message.password.is_some())?;
        }
        let checked = self.check(message.user.as_ref(), message.password, principal)?;
        self.settle(checked);
        let mut metadata = message.metadata.clone();
        metadata.retain(|_, value| !value.is_empty());
        let user = checked.map(|checked| checked.user);
        let password = checked
            .filter(|checked| checked.by_password)
            .map(|_| self.now);
        let facts = [
            user.is_some(),
            password.is_some(),
            !metadata.is_empty(),
            message.lifetime.is_some(),
        ];
        let sequence = 2 + count(&facts);
        let keyed = key.map(|key| {
            let name = match user {
                Some(user) if !principal.is_known() => format!("login:{}", self.users[user].id),
                _ => principal.name(&self.users),
            };
            let (named, with) = (&message.user, message.password.is_some());
            IdempotentCreate {
                scope: format!("{name} {key}"),
                request: format!("{named:?} {with} {metadata:?} {:?}", message.lifetime),
                user,
                sequence,
            }
        });
        if let Some(keyed) = &keyed {
            let same = |session: &Session| {
                session
                    .keyed
                    .as_ref()
                    .is_some_and(|first| first.scope == keyed.scope)
            };
            if let Some(session) = self.sessions.iter().position(same) {
                return self.again(session, keyed);
            }
        }
        let seconds = i64::from(message.lifetime.unwrap_or(MAX_LIFETIME));
        Ok(CreateOutcome::New(Box::new(Session {
            id: String::new(),
            sequence,
            created_at: self.now,
            changed_at: self.now,
            expires_at: self.now + seconds * 1000,
            is_deleted: false,
            user: user.map(|user| self.factor(user)),
            password,
            metadata,
            creator: principal.name(&self.users),
            tokens: Vec::new(),
            grace: None,
            keyed,
        })))
    }

    fn again(&self, session: usize, keyed: &IdempotentCreate) -> Result<CreateOutcome, Refusal> {
        let stored = &self.sessions[session];
        let first = stored.keyed.as_ref().ok_or("code 6")?;
        let user = stored.user.as_ref().map(|factor| factor.user);
        if first.request != keyed.request
            || keyed.user.is_some() && user.is_some() && user != keyed.user
        {
            return Err("code 6");
        }
        Ok(CreateOutcome::Again {
            session,
            sequence: first.sequence,
            own: first.user == keyed.user,
        })
    }

    pub fn get(
        &self,
        session: Option<usize>,
        principal: &Principal,
        token: Presented<'_>,
    ) -> Result<&Session, Refusal> {
        self.let_in(principal, token)?;
        let stored = session.map(|session| &self.sessions[session]);
        let live = stored.filter(|session| self.is_live(session));
        let session = live.ok_or("QUERY-SFeaa")?;
        match token {
            Some(token) if session.standing(token, self.now) != Standing::All => Err("QUERY-dsfr3"),
            None if !self.may_see(principal, session) => Err("AUTH-5mWD2"),
            _ => Ok(session),
        }
    }

    /// The session after a Delete; none, if there is no such session.
    pub fn delete(
        &self,
        session: Option<usize>,
        principal: &Principal,
        token: Presented<'_>,
    ) -> Result<Option<Session>, Refusal> {
        self.let_in(principal, token)?;
        let may = principal.may(Permission::SessionDelete);
        if token.is_none() && !may && !matches!(principal, Principal::User(_)) {
            return Err("AUTH-5mWD2");
        }
        let Some(session) = session.map(|session| &self.sessions[session]) else {
            return Ok(None);
        };
        if session.is_deleted {
            return Ok(Some(session.clone()));
        }
        match token {
            Some(token) if session.standing(token, self.now) != Standing::All => {
                return Err("COMMAND-sGr42");
            }
            None if !may && !principal.is(session) => return Err("AUTH-5mWD2"),
            _ => {}
        }
        Ok(Some(Session {
            sequence: session.sequence + 1,
            changed_at: self.now,
            is_deleted: true,
            user: None,
            password: None,
            metadata: BTreeMap::new(),
            grace: None,
            ..session.clone()
        }))
    }

    /// The sessions that match, the oldest first; an error, if the filters name no place to look.
    pub fn list(
        &self,
        principal: &Principal,
        filters: &[&dyn Fn(&Session) -> bool],
        users: &[usize],
        somewhere: bool,
    ) -> Result<Vec<&Session>, Refusal> {
        self.let_in(principal, None)?;
        let is_own = |user: &usize| matches!(principal, Principal::User(own) if own == user);
        if !users.iter().all(is_own) && !principal.may(Permission::SessionRead) {
            return Err("AUTH-5mWD2");
        }
        if !somewhere && !matches!(principal, Principal::User(_)) {
            return Err("code 3");
        }
        let sessions = self.sessions.iter().filter(|session| {
            self.is_live(session)
                && self.may_see(principal, session)
                && (somewhere || principal.is(session) && session.password.is_some())
                && filters.iter().all(|filter| filter(session))
        });
        let mut sessions: Vec<_> = sessions.collect();
        sessions.sort_by_key(|session| (session.created_at, &session.id));
        Ok(sessions)
    }

    fn may_see(&self, principal: &Principal, session: &Session) -> bool {
        principal.may(Permission::SessionRead)
            || principal.is(session)
            || principal.is_known()
                && session.creator == principal.name(&self.users)
                && (principal.may(Permission::SessionWrite) || session.user.is_none())
    }

    fn check(
        &mut self,
        named: Option<&NamedUser>,
        password: Option<usize>,
        principal: &Principal,
    ) -> Result<Option<VerifiedUser>, Refusal> {
        check(
            &mut self.users,
            named,
            password.map(|password| Attempt {
                password,
                at: self.tried_at,
            }),
            principal.may(Permission::SessionWrite),
        )
    }

    /// The right password is known, and the session is put.
    fn settle(&mut self, checked: Option<VerifiedUser>) {
        if let Some(checked) = checked.filter(|checked| checked.by_password) {
            self.users[checked.user].failures = 0;
        }
    }

    /// Sets a user's password and keeps a session, if it is valid and the user was proved in it.
    /// False: it is not.
    pub fn set_password(&mut self, user: usize, password: usize, kept: Option<usize>) -> bool {
        if let Some(kept) = kept {
            let session = &self.sessions[kept];
            let is_own = session.user.as_ref().is_some_and(|own| own.user == user);
            // An expired session is kept as well, and stays expired.
            if !is_own || session.password.is_none() || self.is_ended(session) {
                return false;
            }
        }
        let of = &mut self.users[user];
        (of.password, of.failures) = (Some(password), 0);
        of.generation += 1;
        if let Some(kept) = kept {
            let session = &mut self.sessions[kept];
            session.sequence += 1;
            let own = session.user.as_mut();
            own.expect("it has its user").generation = of.generation;
        }
        true
    }

    fn factor(&self, user: usize) -> UserFactor {
        UserFactor {
            user,
            verified_at: self.now,
            generation: self.users[user].generation,
        }
    }
}

fn lifetime(message: &Message) -> Result<(), Refusal> {
    let longest = message
        .lifetime
        .is_some_and(|seconds| seconds > MAX_LIFETIME);
    if longest { Err("code 3") } else { Ok(()) }
}

fn count(facts: &[bool]) -> u64 {
    facts.iter().copied().map(u64::from).sum()
}
