use std::fmt;

use super::{
    FactorKinds, Factors, JwtPrincipal, Lacking, Permission, Permissions, ServiceAccountName,
    SessionId, UserId,
};

/// Whoever makes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Whoever presents no credentials.
    Anonymous,
    /// A service account, by its token.
    ServiceAccount {
        name: ServiceAccountName,
        permissions: Permissions,
    },
    /// The subject or client of a JWT that an authorizer of API Gateway has checked. Its
    /// permissions are scopes of the JWT.
    Jwt {
        principal: JwtPrincipal,
        permissions: Permissions,
    },
    /// A user, by the token of a session in which a factor beyond the user was checked.
    User {
        id: UserId,
        session: SessionId,
        proof: Box<Proof>,
    },
    /// Whoever uses the command line tool with credentials for the tables.
    Operator,
}

/// What the session of a principal proves, as it was when the call began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub factors: Factors,
    /// The kinds of second factors that the user has.
    pub kinds: FactorKinds,
    /// What the session lacks to stand for the user in every call.
    pub lacking: Option<Lacking>,
}

impl Principal {
    pub fn is_authenticated(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }

    /// Whether the principal has a permission. A user has none, nor has an operator.
    pub fn has(&self, permission: Permission) -> bool {
        match self {
            Self::ServiceAccount { permissions, .. } | Self::Jwt { permissions, .. } => {
                permissions.contains(&permission)
            }
            Self::Anonymous | Self::User { .. } | Self::Operator => false,
        }
    }

    /// What the session lacks of a principal that is a user.
    pub fn lacking(&self) -> Option<Lacking> {
        match self {
            Self::User { proof, .. } => proof.lacking,
            _ => None,
        }
    }

    /// The user's id, if the principal is a user.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// The principal's name in the log and as a session's creator, such as `service:backend`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::ServiceAccount { name, .. } => write!(f, "service:{name}"),
            Self::Jwt { principal, .. } => write!(f, "jwt:{principal}"),
            Self::User { id, .. } => write!(f, "user:{id}"),
            Self::Operator => f.write_str("operator"),
        }
    }
}
