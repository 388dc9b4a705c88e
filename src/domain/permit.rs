use std::str::FromStr;

use super::text::Invalid;
use super::{
    Operation, Permission, Permissions, Principal, Session, Timestamp, TokenHash, TokenValidity,
    UserId,
};

/// Who may create sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Principals with the permission `session.write`.
    Token,
    /// Each principal that is authenticated.
    Authenticated,
    /// Anyone.
    Public,
}

/// What permits an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Anyone,
    /// The principal is authenticated.
    Authenticated,
    /// The request presents the session's token.
    Token,
    /// The principal created the session.
    Creator,
    /// The principal is the session's user.
    User,
    /// The principal has the permission.
    Permission(Permission),
}

/// The right of a principal to one operation. Only [`Access::permit`] makes one, and no call is
/// carried out without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    access: Access,
    operation: Operation,
    principal: Principal,
}

/// The sessions that a permit covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionScope {
    All,
    /// The session with this token. `None` is a text that has not the form of a token, which no
    /// session has.
    Token(Option<TokenHash>),
    /// The sessions that the principal created, and those whose user it is.
    Own {
        creator: Option<String>,
        user: Option<UserId>,
    },
}

/// Why a principal has no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It has to authenticate itself.
    Unauthenticated,
    /// It is authenticated, and lacks the permission.
    Forbidden,
}

impl Access {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Authenticated => "authenticated",
            Self::Public => "public",
        }
    }

    /// The one table of permissions. Each of the rules is enough by itself.
    fn rules(self, operation: Operation) -> &'static [Rule] {
        use Rule::{Anyone, Authenticated, Creator, Token, User};

        const WRITE: Rule = Rule::Permission(Permission::Write);
        const READ: Rule = Rule::Permission(Permission::Read);
        const DELETE: Rule = Rule::Permission(Permission::Delete);

        match (operation, self) {
            (Operation::CreateSession, Self::Public) => &[Anyone],
            (Operation::CreateSession, Self::Authenticated) => &[Authenticated],
            (Operation::CreateSession, Self::Token) => &[WRITE],
            (Operation::SetSession, _) => &[Token, WRITE],
            (Operation::GetSession, _) => &[Token, Creator, User, READ],
            (Operation::DeleteSession, _) => &[Token, User, DELETE],
            (Operation::ListSessions, _) => &[Creator, User, READ],
        }
    }

    /// The permit of `principal` for an operation. Where a session's token permits it, the
    /// permit is conditional on the token: [`Permit::sessions`].
    pub fn permit(self, operation: Operation, principal: Principal) -> Result<Permit, Denied> {
        let permit = Permit {
            access: self,
            operation,
            principal,
        };
        let by_token = permit.takes(Rule::Token).then_some(None);
        permit.sessions(by_token).map(|_| permit)
    }
}

impl Permit {
    pub fn operation(&self) -> Operation {
        self.operation
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn permissions(&self) -> Permissions {
        self.principal.permissions()
    }

    fn takes(&self, rule: Rule) -> bool {
        self.access.rules(self.operation).contains(&rule)
    }

    /// The sessions that the permit covers, if the request presents `token` as theirs: `None`
    /// for no token, `Some(None)` for a text that has not the form of one.
    ///
    /// A token that is presented is checked, and decides: a wrong one is wrong even if the
    /// principal needs none. Where anyone may create sessions, a session's token is enough by
    /// itself; elsewhere the principal has to be authenticated as well.
    pub fn sessions(&self, token: Option<Option<TokenHash>>) -> Result<SessionScope, Denied> {
        let token = token.filter(|_| self.takes(Rule::Token));
        let is_open = self.access == Access::Public && token.is_some() || self.takes(Rule::Anyone);
        if !self.principal.is_authenticated() && !is_open {
            return Err(Denied::Unauthenticated);
        }
        if let Some(token) = token {
            return Ok(SessionScope::Token(token));
        }
        let covers_all = |rule: &Rule| match rule {
            Rule::Anyone | Rule::Authenticated => true,
            Rule::Permission(permission) => self.permissions().has(*permission),
            Rule::Token | Rule::Creator | Rule::User => false,
        };
        if self.access.rules(self.operation).iter().any(covers_all) {
            return Ok(SessionScope::All);
        }
        let creator = self
            .takes(Rule::Creator)
            .then(|| self.principal.to_string());
        let user = self
            .principal
            .user()
            .filter(|_| self.takes(Rule::User))
            .cloned();
        if creator.is_none() && user.is_none() {
            return Err(Denied::Forbidden);
        }
        Ok(SessionScope::Own { creator, user })
    }

    /// Whether the principal may have a user checked whom the session does not have yet, in a
    /// create or in a Set.
    ///
    /// With a password, that is a login, and takes what a create takes. Without one it tells
    /// which users exist and what they are called, so it takes the permission in each access
    /// mode.
    pub fn may_check_user(&self, by_password: bool) -> Result<(), Denied> {
        if by_password {
            let principal = self.principal.clone();
            return self
                .access
                .permit(Operation::CreateSession, principal)
                .map(drop);
        }
        match self.principal {
            Principal::Anonymous => Err(Denied::Unauthenticated),
            _ if self.sees_users() => Ok(()),
            _ => Err(Denied::Forbidden),
        }
    }

    /// Whether the principal may learn which users exist and in which state they are. All
    /// others are told of a wrong password, whatever is wrong with a user.
    pub fn sees_users(&self) -> bool {
        self.permissions().has(Permission::Write)
    }
}

impl SessionScope {
    /// Whether `session` is in the scope at `now`.
    pub fn validity(&self, session: &Session, now: Timestamp) -> TokenValidity {
        let holds = match self {
            Self::All => true,
            Self::Token(Some(token)) => return session.token_validity(*token, now),
            Self::Token(None) => false,
            Self::Own { creator, user } => {
                let user_of_session = session.user.as_ref().map(|user| &user.user_id);
                creator.as_ref() == Some(&session.creator)
                    || user.is_some() && user.as_ref() == user_of_session
            }
        };
        if holds {
            TokenValidity::Valid
        } else {
            TokenValidity::Invalid
        }
    }

    /// Whether `session` is in the scope for more than to repeat a Set.
    pub fn contains(&self, session: &Session, now: Timestamp) -> bool {
        self.validity(session, now) == TokenValidity::Valid
    }
}

impl FromStr for Access {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "token" => Ok(Self::Token),
            "authenticated" => Ok(Self::Authenticated),
            "public" => Ok(Self::Public),
            _ => Err(Invalid::new(
                "access",
                "is not token, authenticated or public",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{JwtName, JwtPrincipal, ServiceAccountName, SessionId};
    use Denied::{Forbidden, Unauthenticated};

    fn service_account(permission: Permission) -> Principal {
        Principal::ServiceAccount {
            name: ServiceAccountName::parse("backend".into()).unwrap(),
            permissions: [permission].into_iter().collect(),
        }
    }

    fn user() -> Principal {
        Principal::User {
            id: UserId::parse("ada".into()).unwrap(),
            session: SessionId::from_uuid(uuid::Uuid::nil()),
        }
    }

    fn jwt(permissions: Permissions) -> Principal {
        Principal::Jwt {
            principal: JwtPrincipal::new("idp".into(), JwtName::Subject, "ada".into()).unwrap(),
            permissions,
        }
    }

    #[test]
    fn each_access_mode_lets_the_principals_create_that_it_names() {
        for (principal, token, authenticated) in [
            (
                Principal::Anonymous,
                Err(Unauthenticated),
                Err(Unauthenticated),
            ),
            (service_account(Permission::Write), Ok(()), Ok(())),
            (service_account(Permission::Read), Err(Forbidden), Ok(())),
            (user(), Err(Forbidden), Ok(())),
            (jwt(Permissions::default()), Err(Forbidden), Ok(())),
            (
                jwt([Permission::Write].into_iter().collect()),
                Ok(()),
                Ok(()),
            ),
        ] {
            let may = |access: Access| {
                let permit = access.permit(Operation::CreateSession, principal.clone());
                permit.map(drop)
            };
            assert_eq!(may(Access::Token), token, "{principal}");
            assert_eq!(may(Access::Authenticated), authenticated, "{principal}");
            assert_eq!(may(Access::Public), Ok(()), "{principal}");
        }
    }

    #[test]
    fn a_token_that_is_presented_decides() {
        let hash = TokenHash::new([1; 32]);
        let get = |access: Access, principal: &Principal, token| {
            let permit = access.permit(Operation::GetSession, principal.clone())?;
            permit.sessions(token)
        };
        let reader = service_account(Permission::Read);

        for access in [Access::Token, Access::Authenticated, Access::Public] {
            for token in [Some(hash), None] {
                let scope = get(access, &reader, Some(token));
                assert_eq!(scope, Ok(SessionScope::Token(token)), "{access:?}");
            }
            let without = get(access, &reader, None);
            assert_eq!(without, Ok(SessionScope::All), "{access:?}");
        }
        for (access, want) in [
            (Access::Token, Err(Unauthenticated)),
            (Access::Authenticated, Err(Unauthenticated)),
            (Access::Public, Ok(SessionScope::Token(Some(hash)))),
        ] {
            let scope = get(access, &Principal::Anonymous, Some(Some(hash)));
            assert_eq!(scope, want, "{access:?}");
            let without = get(access, &Principal::Anonymous, None);
            assert_eq!(without, Err(Unauthenticated), "{access:?}");
        }
    }
}
