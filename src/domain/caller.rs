use std::fmt;
use std::str::FromStr;

use super::text::{Invalid, bounded};
use super::{JwtPrincipal, SessionId, Timestamp, UserId};

/// What a caller may do with sessions that aren't its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Write,
    Read,
    Delete,
}

impl Permission {
    pub const ALL: [Self; 3] = [Self::Write, Self::Read, Self::Delete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "session.write",
            Self::Read => "session.read",
            Self::Delete => "session.delete",
        }
    }
}

impl FromStr for Permission {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.as_str() == text)
            .ok_or(Invalid::new(
                "permission",
                "is not session.write, session.read or session.delete",
            ))
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    pub fn has(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |one| self.has(*one))
    }

    fn bit(permission: Permission) -> u8 {
        1 << (permission as u8)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .map(Self::bit)
                .fold(0, |set, bit| set | bit),
        )
    }
}

/// What operators call a service account: 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallerName(String);

impl CallerName {
    pub fn parse(text: String) -> Result<Self, Invalid> {
        bounded("name", text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A service account's token, as it is stored (under the token's hash).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerRecord {
    pub name: CallerName,
    pub permissions: Permissions,
    pub created_at: Timestamp,
    /// The instant from which the token is void.
    pub expires_at: Timestamp,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that we know.
    Anonymous,
    /// A service account, by its token.
    Service {
        name: CallerName,
        permissions: Permissions,
    },
    /// Whom an authorizer of API Gateway vouched for, by the scopes of the JWT.
    Jwt {
        principal: JwtPrincipal,
        permissions: Permissions,
    },
    /// A user, by the token of a session in which more than the user was checked.
    User { id: UserId, session: SessionId },
}

impl Caller {
    pub fn is_authenticated(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }

    /// Whether it may learn which users exist and in which state they are. To all others,
    /// whatever is wrong with a user is a wrong password.
    pub fn sees_users(&self) -> bool {
        self.permissions().has(Permission::Write)
    }

    /// The caller's own permissions; a user has none beyond its own sessions.
    pub fn permissions(&self) -> Permissions {
        match self {
            Self::Service { permissions, .. } | Self::Jwt { permissions, .. } => *permissions,
            Self::Anonymous | Self::User { .. } => Permissions::default(),
        }
    }
}

/// Names a caller in logs and as a session's creator, such as `service:backend`.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Service { name, .. } => write!(f, "service:{name}"),
            Self::Jwt { principal, .. } => write!(f, "jwt:{principal}"),
            Self::User { id, .. } => write!(f, "user:{id}"),
        }
    }
}

#[test]
fn permissions_are_a_set() {
    let some: Permissions = [Permission::Read, Permission::Write, Permission::Read]
        .into_iter()
        .collect();

    assert!(some.has(Permission::Read) && some.has(Permission::Write));
    assert!(!some.has(Permission::Delete));
    assert_eq!(some.iter().count(), 2);
}
