//! The sessions, principals and messages of the model.

use std::collections::BTreeMap;

use sesame::domain::Permission;

use crate::model::users::{NamedUser, User};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub sequence: u64,
    pub created_at: i64,
    pub changed_at: i64,
    pub expires_at: i64,
    pub is_deleted: bool,
    pub user: Option<UserFactor>,
    pub password: Option<i64>,
    pub metadata: BTreeMap<String, String>,
    pub creator: String,
    /// All tokens that it has had, the current one last; none, where the answer was lost.
    pub tokens: Vec<Option<String>>,
    /// The grace of the token before the last one.
    pub grace: Option<Grace>,
    pub keyed: Option<IdempotentCreate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    pub until: i64,
    pub proof: Proof,
}

/// What a Set proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    pub user: bool,
    pub added: bool,
    pub password: bool,
}

/// What a session token authorises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    All,
    Repeat(Proof),
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFactor {
    pub user: usize,
    pub verified_at: i64,
    pub generation: u32,
}

/// A create with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentCreate {
    pub scope: String,
    pub request: String,
    /// The user of the session's first token, if any.
    pub user: Option<usize>,
    pub sequence: u64,
}

#[derive(Clone, Debug)]
pub enum Principal {
    Anonymous,
    Service(&'static str, &'static [Permission]),
    User(usize),
}

#[derive(Clone, Debug, Default)]
pub struct Message {
    pub user: Option<NamedUser>,
    pub password: Option<usize>,
    pub metadata: BTreeMap<String, String>,
    pub lifetime: Option<u32>,
}

impl Principal {
    pub fn name(&self, users: &[User]) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Service(name, _) => format!("service:{name}"),
            Self::User(user) => format!("user:{}", users[*user].id),
        }
    }

    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }

    pub fn may(&self, permission: Permission) -> bool {
        matches!(self, Self::Service(_, permissions) if permissions.contains(&permission))
    }

    pub fn is(&self, session: &Session) -> bool {
        let user = session.user.as_ref().map(|factor| factor.user);
        matches!(self, Self::User(own) if Some(*own) == user)
    }
}

impl Session {
    pub fn token(&self) -> Option<&str> {
        self.tokens.last()?.as_deref()
    }

    pub fn standing(&self, token: &str, now: i64) -> Standing {
        if self.token() == Some(token) {
            return Standing::All;
        }
        let before = self.tokens.iter().rev().nth(1);
        match self.grace {
            Some(Grace { until, proof })
                if now < until && before.is_some_and(|text| text.as_deref() == Some(token)) =>
            {
                if proof == Proof::default() {
                    Standing::All
                } else {
                    Standing::Repeat(proof)
                }
            }
            _ => Standing::Nothing,
        }
    }
}
