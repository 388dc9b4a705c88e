use std::str::FromStr;

use super::text::Invalid;
use super::{Operation, Permission, Principal, Session, Standing, Timestamp, TokenHash, UserId};

/// Who may create sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Callers with `session.write`.
    Token,
    /// Any caller that proves who it is.
    Authenticated,
    /// Anyone.
    Public,
}

/// What lets a caller do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Anybody,
    /// Whoever proves who it is.
    Known,
    /// The session's token, which was presented for this.
    Token,
    /// To have created the session.
    Creator,
    /// To be the session's user.
    User,
    Permission(Permission),
}

/// What a caller may reach: a session that it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    All,
    /// The session with this token.
    Token(TokenHash),
    /// Sessions that it created, or that are its own.
    Own {
        creator: Option<String>,
        user: Option<UserId>,
    },
}

/// Why a caller may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It has to say who it is.
    Unauthenticated,
    /// It is known, and lacks the permission.
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

    /// The one table of permissions. Each ground is enough; without one, nobody may.
    fn rules(self, operation: Operation) -> &'static [Rule] {
        use Rule::{Anybody, Creator, Known, Token, User};

        const WRITE: Rule = Rule::Permission(Permission::Write);
        const READ: Rule = Rule::Permission(Permission::Read);
        const DELETE: Rule = Rule::Permission(Permission::Delete);

        match (operation, self) {
            (Operation::CreateSession, Self::Public) => &[Anybody],
            (Operation::CreateSession, Self::Authenticated) => &[Known],
            (Operation::CreateSession, Self::Token) => &[WRITE],
            (Operation::SetSession, _) => &[Token, WRITE],
            (Operation::GetSession, _) => &[Token, Creator, User, READ],
            (Operation::DeleteSession, _) => &[Token, User, DELETE],
            (Operation::ListSessions, _) => &[Creator, User, READ],
        }
    }

    /// Whether `caller` may have a user checked who isn't the session's yet, in a create or
    /// in a Set.
    ///
    /// By a password, that is to log in, and takes what a create takes. Without one it tells
    /// who exists, and by what name, so it takes the permission in each access mode.
    pub fn may_check_user(self, caller: &Principal, by_password: bool) -> Result<(), Denied> {
        if by_password {
            return self
                .permit(Operation::CreateSession, caller, None)
                .map(drop);
        }
        match caller {
            Principal::Anonymous => Err(Denied::Unauthenticated),
            _ if caller.sees_users() => Ok(()),
            _ => Err(Denied::Forbidden),
        }
    }

    /// Which sessions `caller` may do it to, if it has presented `token` for it.
    ///
    /// A token that is presented is checked, and decides: that a caller might do without
    /// it doesn't make a wrong one right. Where anyone may create sessions, a session's
    /// token is enough by itself; elsewhere, a caller is needed as well.
    pub fn permit(
        self,
        operation: Operation,
        caller: &Principal,
        token: Option<TokenHash>,
    ) -> Result<Permit, Denied> {
        let rules = self.rules(operation);
        let token = token.filter(|_| rules.contains(&Rule::Token));
        let anonymous = !caller.is_authenticated();
        let open = self == Self::Public && token.is_some() || rules.contains(&Rule::Anybody);
        if anonymous && !open {
            return Err(Denied::Unauthenticated);
        }
        if let Some(token) = token {
            return Ok(Permit::Token(token));
        }
        let all = |rule: &Rule| match rule {
            Rule::Anybody | Rule::Known => true,
            Rule::Permission(permission) => caller.permissions().has(*permission),
            Rule::Token | Rule::Creator | Rule::User => false,
        };
        if rules.iter().any(all) {
            return Ok(Permit::All);
        }
        let creator = rules.contains(&Rule::Creator).then(|| caller.to_string());
        let user = match caller {
            Principal::User { id, .. } if rules.contains(&Rule::User) => Some(id.clone()),
            _ => None,
        };
        if creator.is_none() && user.is_none() {
            return Err(Denied::Forbidden);
        }
        Ok(Permit::Own { creator, user })
    }
}

impl Permit {
    /// Whether it holds for `session` at `now`.
    pub fn standing(&self, session: &Session, now: Timestamp) -> Standing {
        let holds = match self {
            Self::All => true,
            Self::Token(token) => return session.standing(*token, now),
            Self::Own { creator, user } => {
                let of_user = session.user.as_ref().map(|user| &user.user_id);
                creator.as_ref() == Some(&session.creator)
                    || user.is_some() && user.as_ref() == of_user
            }
        };
        if holds {
            Standing::Valid
        } else {
            Standing::Invalid
        }
    }

    /// Whether it holds for more than to repeat a Set.
    pub fn holds(&self, session: &Session, now: Timestamp) -> bool {
        self.standing(session, now) == Standing::Valid
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
    use crate::domain::{JwtName, JwtPrincipal, Permissions, ServiceAccountName, SessionId};
    use Denied::{Forbidden, Unauthenticated};

    fn service(permission: Permission) -> Principal {
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
    fn each_access_lets_in_whom_it_says() {
        for (caller, token, authenticated) in [
            (
                Principal::Anonymous,
                Err(Unauthenticated),
                Err(Unauthenticated),
            ),
            (service(Permission::Write), Ok(()), Ok(())),
            (service(Permission::Read), Err(Forbidden), Ok(())),
            (user(), Err(Forbidden), Ok(())),
            (jwt(Permissions::default()), Err(Forbidden), Ok(())),
            (
                jwt([Permission::Write].into_iter().collect()),
                Ok(()),
                Ok(()),
            ),
        ] {
            let may = |access: Access| {
                access
                    .permit(Operation::CreateSession, &caller, None)
                    .map(drop)
            };
            assert_eq!(may(Access::Token), token, "{caller}");
            assert_eq!(may(Access::Authenticated), authenticated, "{caller}");
            assert_eq!(may(Access::Public), Ok(()), "{caller}");
        }
    }

    #[test]
    fn a_token_that_is_presented_decides() {
        let hash = TokenHash::new([1; 32]);
        let reader = service(Permission::Read);

        for access in [Access::Token, Access::Authenticated, Access::Public] {
            let permit = access.permit(Operation::GetSession, &reader, Some(hash));
            assert_eq!(permit, Ok(Permit::Token(hash)), "{access:?}");
            let without = access.permit(Operation::GetSession, &reader, None);
            assert_eq!(without, Ok(Permit::All), "{access:?}");
        }
        for (access, want) in [
            (Access::Token, Err(Unauthenticated)),
            (Access::Authenticated, Err(Unauthenticated)),
            (Access::Public, Ok(Permit::Token(hash))),
        ] {
            let permit = access.permit(Operation::GetSession, &Principal::Anonymous, Some(hash));
            assert_eq!(permit, want, "{access:?}");
            let without = access.permit(Operation::GetSession, &Principal::Anonymous, None);
            assert_eq!(without, Err(Unauthenticated), "{access:?}");
        }
    }
}
