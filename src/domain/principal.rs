use std::fmt;

use super::{JwtPrincipal, Permission, Permissions, ServiceAccountName, SessionId, UserId};

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody that we know.
    Anonymous,
    /// A service account, by its token.
    ServiceAccount {
        name: ServiceAccountName,
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

impl Principal {
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
            Self::ServiceAccount { permissions, .. } | Self::Jwt { permissions, .. } => {
                *permissions
            }
            Self::Anonymous | Self::User { .. } => Permissions::default(),
        }
    }
}

/// Names a caller in logs and as a session's creator, such as `service:backend`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::ServiceAccount { name, .. } => write!(f, "service:{name}"),
            Self::Jwt { principal, .. } => write!(f, "jwt:{principal}"),
            Self::User { id, .. } => write!(f, "user:{id}"),
        }
    }
}
