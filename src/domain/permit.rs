use std::time::Duration;

use super::access::{Access, Rule};
use super::{
    FactorKinds, FactorSet, Lacking, NotASessionToken, OpenToWeak, Operation, Permission,
    Principal, Session, SessionId, Timestamp, TokenHash, TokenValidity, UserId,
};

/// The right of a principal to one operation, or to the administration of users. Only the service
/// makes one, after it has found out who the principal is, and the command line for its operator.
/// No use case is carried out without.
///
/// ```compile_fail,E0451
/// use sesame::domain::{Access, Operation, Permit, Principal};
///
/// let forged = Permit {
///     access: Access::Public,
///     operation: Operation::CreateSession,
///     principal: Principal::Anonymous,
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    access: Access,
    /// `None`: it is an operator's permit.
    operation: Option<Operation>,
    principal: Principal,
}

/// The sessions that a permit covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionScope {
    All,
    /// The session with this token: none, if the presented text can't be a token.
    Token(Result<TokenHash, NotASessionToken>),
    /// The sessions that the principal created, and those whose user it is.
    Own {
        creator: Option<String>,
        /// Whether `creator` also covers sessions that have a user. Otherwise whoever planted an
        /// anonymous session on somebody would read the login that follows.
        with_user: bool,
        user: Option<UserId>,
    },
}

/// The users that a permit covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserScope {
    /// All, because the principal has the permission.
    Any,
    /// The principal itself, which is a user.
    Own,
}

/// Why a principal has no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It has to authenticate itself.
    Unauthenticated,
    /// It is authenticated, and lacks the permission.
    Forbidden,
    /// It is the right user, who has to log in again first.
    ProofTooOld,
    /// It is the right user, and the session lacks a factor.
    TooWeak(Lacking),
}

impl Access {
    /// The permit of `principal` for an operation. Where a session's token permits it, the
    /// permit is conditional on the token: [`Permit::sessions`].
    pub(crate) fn permit(
        self,
        operation: Operation,
        principal: Principal,
    ) -> Result<Permit, Denial> {
        let permit = Permit {
            access: self,
            operation: Some(operation),
            principal,
        };
        permit.require_strong_enough()?;
        // Whether the token is the right one is only known once the session is read.
        permit.sessions(Some(Err(NotASessionToken))).map(|_| permit)
    }
}

impl Permit {
    /// The permit of an operator, who has the credentials to write the tables and so needs no other
    /// right. It is for the administration of users, and for no operation of the API.
    ///
    /// Only the command line makes one; the functions are built without.
    #[cfg(feature = "cli")]
    pub(crate) fn operator() -> Self {
        Self {
            access: Access::Token,
            operation: None,
            principal: Principal::Operator,
        }
    }

    /// Whether a principal that is a user has all the factors in its session that the operation takes.
    /// Where the session's own calls take less, [`Self::may_use_session`] tells whether it is that
    /// session.
    fn require_strong_enough(&self) -> Result<(), Denial> {
        let Some(lacking) = self.principal.lacking() else {
            return Ok(());
        };
        let open_to_weak = self.operation.map(Operation::open_to_weak);
        match open_to_weak {
            Some(OpenToWeak::Always) => Ok(()),
            Some(OpenToWeak::ToSetUp) if lacking == Lacking::SetUp => Ok(()),
            _ => Err(Denial::TooWeak(lacking)),
        }
    }

    /// Whether a call on the session `id` is one that the principal's own session is strong enough
    /// for. One that lacks a factor is good for itself alone and, while a first factor has to be set
    /// up, for the end of the user's others.
    pub fn may_use_session(&self, id: SessionId) -> Result<(), Denial> {
        let Some(lacking) = self.principal.lacking() else {
            return Ok(());
        };
        let ends_others =
            lacking == Lacking::SetUp && self.operation == Some(Operation::DeleteSession);
        if ends_others || self.session() == Some(id) {
            Ok(())
        } else {
            Err(Denial::TooWeak(lacking))
        }
    }

    /// Whether a user who changes the ways of proving who he is has just done so as strongly as the
    /// factors of the `kinds` that he has allow: each proof less than `fresh` ago. Principals that
    /// aren't users act by a permission, and need no proof.
    pub fn require_strongest(
        &self,
        kinds: FactorKinds,
        now: Timestamp,
        fresh: Duration,
    ) -> Result<(), Denial> {
        let Principal::User { proof, .. } = &self.principal else {
            return Ok(());
        };
        match proof.factors.strongest_since(kinds) {
            None => Err(Denial::TooWeak(Lacking::of(kinds))),
            Some(since) if now >= since.plus(fresh) => Err(Denial::ProofTooOld),
            Some(_) => Ok(()),
        }
    }

    /// Whether the permit is for the administration of all users.
    pub fn administers_users(&self) -> Result<(), Denial> {
        match self.principal {
            Principal::Operator => Ok(()),
            _ => Err(Denial::Forbidden),
        }
    }

    /// Whether the permit is for `operation`, by the rules of `access`.
    pub fn is_for(&self, access: Access, operation: Operation) -> bool {
        self.access == access && self.operation == Some(operation)
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    fn rules(&self) -> &'static [Rule] {
        self.operation
            .map_or(&[], |operation| operation.rules(self.access))
    }

    fn has_rule(&self, rule: Rule) -> bool {
        self.rules().contains(&rule)
    }

    /// The sessions that the permit covers, for a request that presents `token` as that of the
    /// session that it names.
    ///
    /// A presented token is always checked: a wrong one is refused even if the principal needs
    /// none. In the access mode "public" a session's token is enough; otherwise the principal also
    /// has to be authenticated.
    pub fn sessions(
        &self,
        token: Option<Result<TokenHash, NotASessionToken>>,
    ) -> Result<SessionScope, Denial> {
        let by_token = token.filter(|_| self.has_rule(Rule::Token));
        let is_open =
            self.access == Access::Public && by_token.is_some() || self.has_rule(Rule::Anyone);
        if !self.principal.is_authenticated() && !is_open {
            return Err(Denial::Unauthenticated);
        }
        if let Some(token) = by_token {
            return Ok(SessionScope::Token(token));
        }
        let covers_all = |rule: &Rule| match rule {
            Rule::Anyone | Rule::Authenticated => true,
            Rule::Permission(permission) => self.principal.has(*permission),
            Rule::Token | Rule::Creator | Rule::User => false,
        };
        if self.rules().iter().any(covers_all) {
            return Ok(SessionScope::All);
        }
        let principal = &self.principal;
        let creator = self.has_rule(Rule::Creator).then(|| principal.to_string());
        let user = principal.user().filter(|_| self.has_rule(Rule::User));
        if creator.is_none() && user.is_none() {
            return Err(Denial::Forbidden);
        }
        Ok(SessionScope::Own {
            creator,
            with_user: self.sees_users(),
            user: user.cloned(),
        })
    }

    /// The users that the permit covers, for a call about the user `target`.
    ///
    /// Nothing is read for it, so to a principal without the right, an unknown user and another
    /// one are one answer. Nobody is anonymous here, whatever the access mode says: that mode is
    /// for sessions.
    pub fn user(&self, target: &UserId) -> Result<UserScope, Denial> {
        match self.listed_user()? {
            None => Ok(UserScope::Any),
            Some(own) if own == target => Ok(UserScope::Own),
            Some(_) => Err(Denial::Forbidden),
        }
    }

    /// The only user whom the permit covers, for a call about several: the principal itself. `None`:
    /// it covers all users.
    pub fn listed_user(&self) -> Result<Option<&UserId>, Denial> {
        if !self.principal.is_authenticated() {
            return Err(Denial::Unauthenticated);
        }
        let by_permission = |rule: &Rule| match rule {
            Rule::Permission(permission) => self.principal.has(*permission),
            _ => false,
        };
        if self.rules().iter().any(by_permission) {
            return Ok(None);
        }
        let own = self.principal.user().filter(|_| self.has_rule(Rule::User));
        own.map(Some).ok_or(Denial::Forbidden)
    }

    /// Whether a user who changes himself proved who he is less than `fresh` ago. Principals that
    /// aren't users act by a permission, and need no proof.
    pub fn require_fresh(&self, now: Timestamp, fresh: Duration) -> Result<(), Denial> {
        let Principal::User { proof, .. } = &self.principal else {
            return Ok(());
        };
        let is_fresh = |at: Timestamp| now < at.plus(fresh);
        if proof.factors.proved_at().is_some_and(is_fresh) {
            Ok(())
        } else {
            Err(Denial::ProofTooOld)
        }
    }

    /// The session whose token the principal showed as its bearer, if it is a user.
    pub fn session(&self) -> Option<SessionId> {
        match self.principal {
            Principal::User { session, .. } => Some(session),
            _ => None,
        }
    }

    /// Whether the principal may add a user to a session, in a create or in a Set.
    ///
    /// With a proof this is a login, and needs what a create needs. Without one it reveals
    /// which users exist and their names, so it needs `session.write` in each access mode.
    pub fn may_check_user(&self, checks: &FactorSet) -> Result<(), Denial> {
        if checks.iter().any(|factor| factor.is_proof()) {
            let principal = self.principal.clone();
            return self
                .access
                .permit(Operation::CreateSession, principal)
                .map(drop);
        }
        match self.principal {
            Principal::Anonymous => Err(Denial::Unauthenticated),
            _ if self.sees_users() => Ok(()),
            _ => Err(Denial::Forbidden),
        }
    }

    /// Whether the principal created a session.
    pub fn created(&self, session: &Session) -> bool {
        session.creator == self.principal.to_string()
    }

    /// Whether the principal may learn which users exist and their state. Others get the error for
    /// a wrong password for every fault of a user.
    pub fn sees_users(&self) -> bool {
        self.principal.has(Permission::SessionWrite)
    }
}

impl SessionScope {
    /// Whether `session` is in the scope at `now`.
    pub fn validity(&self, session: &Session, now: Timestamp) -> TokenValidity {
        let holds = match self {
            Self::All => true,
            Self::Token(Ok(token)) => return session.token_validity(*token, now),
            Self::Token(Err(NotASessionToken)) => false,
            Self::Own {
                creator,
                with_user,
                user,
            } => match session.factors.user() {
                Some(of_session) if user.as_ref() == Some(&of_session.user_id) => true,
                of_session => {
                    let is_creator = creator.as_ref() == Some(&session.creator);
                    is_creator && (*with_user || of_session.is_none())
                }
            },
        };
        if holds {
            TokenValidity::Valid
        } else {
            TokenValidity::Invalid
        }
    }

    /// Whether the scope permits all calls on `session`, not only the repetition of a Set.
    pub fn contains(&self, session: &Session, now: Timestamp) -> bool {
        self.validity(session, now) == TokenValidity::Valid
    }
}

#[cfg(test)]
mod user_tests;

#[cfg(test)]
#[cfg(feature = "cli")]
mod tests {
    use super::*;
    use crate::domain::ServiceAccountName;
    use Denial::Forbidden;

    #[test]
    fn an_operator_administers_users_and_calls_nothing() {
        let operator = Permit::operator();
        let writer = Principal::ServiceAccount {
            name: ServiceAccountName::parse("backend".into()).unwrap(),
            permissions: [Permission::SessionWrite].into_iter().collect(),
        };

        assert_eq!(operator.administers_users(), Ok(()));
        for &operation in Operation::ALL {
            for access in [Access::Token, Access::Authenticated, Access::Public] {
                assert!(!operator.is_for(access, operation), "{operation:?}");
                let permit = access.permit(operation, writer.clone());
                let may = permit.and_then(|permit| permit.administers_users());
                assert_eq!(may, Err(Forbidden), "{operation:?}");
            }
        }
        assert_eq!(operator.sessions(None), Err(Forbidden));
        assert_eq!(
            operator.may_check_user(&std::collections::BTreeSet::new()),
            Err(Forbidden)
        );
    }
}
