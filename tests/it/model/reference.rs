//! The service as a map of sessions: what each call has to answer, and what it leaves.

mod session;
mod set;

use std::collections::BTreeMap;

use sesame::domain::Permission;

pub use self::session::{Caller, Grace, Keyed, Message, Proof, Session, Standing, UserFactor};
use super::users::{Attempt, Checked, Named, User, check};

/// The id of an error, or its code.
pub type Refused = &'static str;

/// In seconds; of a session whose caller asks for none, too.
pub const MAX_LIFETIME: u32 = 120;

#[derive(Clone, Debug)]
pub struct Model {
    pub now: i64,
    /// When the call that is under way counted its attempt at a password, if it did.
    pub tried_at: i64,
    /// Whether anyone may create sessions, or callers with `session.write`.
    pub is_public: bool,
    pub users: Vec<User>,
    pub sessions: Vec<Session>,
}

/// What a create comes to.
#[derive(Debug)]
pub enum Created {
    New(Box<Session>),
    /// The answer of the first time; with its token, unless it is another user's.
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
        let of_another_epoch = session.user.as_ref().is_some_and(|factor| {
            let user = &self.users[factor.user];
            !user.exists || user.generation != factor.generation
        });
        session.is_deleted || of_another_epoch
    }

    pub fn is_live(&self, session: &Session) -> bool {
        !self.is_ended(session) && self.now < session.expires_at
    }

    /// Who presents this session's token as a bearer.
    pub fn bearer(&self, token: &str) -> Result<Caller, Refused> {
        let of = |session: &&Session| {
            session.standing(token, self.now) == Standing::All && self.is_live(session)
        };
        let session = self.sessions.iter().find(of).ok_or("code 16")?;
        let user = session.password.and(session.user.as_ref());
        user.map(|factor| Caller::User(factor.user))
            .ok_or("code 16")
    }

    /// Anonymous callers need a token where that is enough.
    fn let_in(&self, caller: &Caller, token: Presented<'_>) -> Result<(), Refused> {
        let may = caller.is_known() || self.is_public && token.is_some();
        if may { Ok(()) } else { Err("code 16") }
    }

    /// Who may have a user checked that a session hasn't.
    fn may_check(&self, caller: &Caller, by_password: bool) -> Result<(), Refused> {
        if by_password && self.is_public || caller.may(Permission::Write) {
            return Ok(());
        }
        Err(if caller.is_known() {
            "AUTH-5mWD2"
        } else {
            "code 16"
        })
    }

    pub fn create(
        &mut self,
        caller: &Caller,
        message: &Message,
        key: Option<&str>,
    ) -> Result<Created, Refused> {
        if !self.is_public {
            self.let_in(caller, None)?;
            if !caller.may(Permission::Write) {
                return Err("AUTH-5mWD2");
            }
        }
        lifetime(message)?;
        if key.is_some()
            && !caller.is_known()
            && (message.user.is_none() || message.password.is_none())
        {
            return Err("code 3");
        }
        if message.user.is_some() {
            self.may_check(caller, message.password.is_some())?;
        }
        let checked = self.check(message.user.as_ref(), message.password, caller)?;
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
                Some(user) if !caller.is_known() => format!("login:{}", self.users[user].id),
                _ => caller.name(&self.users),
            };
            let (named, with) = (&message.user, message.password.is_some());
            Keyed {
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
        Ok(Created::New(Box::new(Session {
            id: String::new(),
            sequence,
            created_at: self.now,
            changed_at: self.now,
            expires_at: self.now + seconds * 1000,
            is_deleted: false,
            user: user.map(|user| self.factor(user)),
            password,
            metadata,
            creator: caller.name(&self.users),
            tokens: Vec::new(),
            grace: None,
            keyed,
        })))
    }

    fn again(&self, session: usize, keyed: &Keyed) -> Result<Created, Refused> {
        let stored = &self.sessions[session];
        let first = stored.keyed.as_ref().ok_or("code 6")?;
        let user = stored.user.as_ref().map(|factor| factor.user);
        if first.request != keyed.request
            || keyed.user.is_some() && user.is_some() && user != keyed.user
        {
            return Err("code 6");
        }
        Ok(Created::Again {
            session,
            sequence: first.sequence,
            own: first.user == keyed.user,
        })
    }

    pub fn get(
        &self,
        session: Option<usize>,
        caller: &Caller,
        token: Presented<'_>,
    ) -> Result<&Session, Refused> {
        self.let_in(caller, token)?;
        let stored = session.map(|session| &self.sessions[session]);
        let live = stored.filter(|session| self.is_live(session));
        let session = live.ok_or("QUERY-SFeaa")?;
        match token {
            Some(token) if session.standing(token, self.now) != Standing::All => Err("QUERY-dsfr3"),
            None if !self.may_see(caller, session) => Err("AUTH-5mWD2"),
            _ => Ok(session),
        }
    }

    /// None: there is no such session.
    pub fn delete(
        &self,
        session: Option<usize>,
        caller: &Caller,
        token: Presented<'_>,
    ) -> Result<Option<Session>, Refused> {
        self.let_in(caller, token)?;
        let may = caller.may(Permission::Delete);
        if token.is_none() && !may && !matches!(caller, Caller::User(_)) {
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
            None if !may && !caller.is(session) => return Err("AUTH-5mWD2"),
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

    /// All that match, the oldest first. None: the filters say nowhere to look.
    pub fn list(
        &self,
        caller: &Caller,
        filters: &[&dyn Fn(&Session) -> bool],
        users: &[usize],
        somewhere: bool,
    ) -> Result<Vec<&Session>, Refused> {
        self.let_in(caller, None)?;
        let is_own = |user: &usize| matches!(caller, Caller::User(own) if own == user);
        if !users.iter().all(is_own) && !caller.may(Permission::Read) {
            return Err("AUTH-5mWD2");
        }
        if !somewhere && !matches!(caller, Caller::User(_)) {
            return Err("code 3");
        }
        let sessions = self.sessions.iter().filter(|session| {
            self.is_live(session)
                && self.may_see(caller, session)
                && (somewhere || caller.is(session) && session.password.is_some())
                && filters.iter().all(|filter| filter(session))
        });
        let mut sessions: Vec<_> = sessions.collect();
        sessions.sort_by_key(|session| (session.created_at, &session.id));
        Ok(sessions)
    }

    fn may_see(&self, caller: &Caller, session: &Session) -> bool {
        caller.may(Permission::Read)
            || caller.is(session)
            || caller.is_known() && session.creator == caller.name(&self.users)
    }

    fn check(
        &mut self,
        named: Option<&Named>,
        password: Option<usize>,
        caller: &Caller,
    ) -> Result<Option<Checked>, Refused> {
        check(
            &mut self.users,
            named,
            password.map(|password| Attempt {
                password,
                at: self.tried_at,
            }),
            caller.may(Permission::Write),
        )
    }

    /// A right password has come to a put.
    fn settle(&mut self, checked: Option<Checked>) {
        if let Some(checked) = checked.filter(|checked| checked.by_password) {
            self.users[checked.user].failures = 0;
        }
    }

    fn factor(&self, user: usize) -> UserFactor {
        UserFactor {
            user,
            login_name: self.users[user].name.clone(),
            verified_at: self.now,
            generation: self.users[user].generation,
        }
    }
}

fn lifetime(message: &Message) -> Result<(), Refused> {
    let longest = message
        .lifetime
        .is_some_and(|seconds| seconds > MAX_LIFETIME);
    if longest { Err("code 3") } else { Ok(()) }
}

fn count(facts: &[bool]) -> u64 {
    facts.iter().copied().map(u64::from).sum()
}
