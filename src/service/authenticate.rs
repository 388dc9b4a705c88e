use super::{Context, Service};
use crate::domain::{JwtPrincipal, Permission, Principal, Proof, SessionUser};
use crate::error::{Error, TokenFault};
use crate::token::{PresentedToken, ServiceAccountToken, SessionToken};
use crate::verification::verify;

/// The credentials of a request.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The token in the `Authorization` header, by [`PresentedToken::from_authorization`].
    pub token: Result<Option<PresentedToken>, TokenFault>,
    /// What API Gateway's JWT authorizer found in a token that it has checked.
    pub jwt: Option<Jwt>,
}

/// The claims of a JWT that an authorizer has checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwt {
    /// `None` if the claims name no subject or client.
    pub principal: Option<JwtPrincipal>,
    /// All scopes, those of other services included.
    pub scopes: Vec<String>,
}

/// The error for every invalid token.
const INVALID_TOKEN: Error = Error::Unauthenticated(TokenFault::Invalid);

impl Service {
    /// Finds out which principal makes a request: [`Principal::Anonymous`], if it presents no
    /// credentials.
    ///
    /// One request to the database, and none for a service account that the process has read
    /// in the last minute.
    ///
    /// # Errors
    ///
    /// - [`Error::Unauthenticated`]: a token that is malformed, unknown or expired, or that of a
    ///   session which proves no more than a user's name; a JWT that names nobody.
    pub async fn authenticate(
        &self,
        credentials: &Credentials,
        context: &Context,
    ) -> Result<Principal, Error> {
        // A gateway's authorizer has read the same header: what it vouches for is not looked
        // up again.
        let principal = match (&credentials.jwt, &credentials.token) {
            (Some(jwt), _) => self.jwt_principal(jwt)?,
            (None, Err(fault)) => return Err(Error::Unauthenticated(*fault)),
            (None, Ok(None)) => Principal::Anonymous,
            (None, Ok(Some(PresentedToken::ServiceAccount(token)))) => {
                self.service_account(token, context).await?
            }
            (None, Ok(Some(PresentedToken::Session(token)))) => {
                self.session_user(token, context).await?
            }
        };
        context.record.principal(&principal);
        Ok(principal)
    }

    async fn service_account(
        &self,
        token: &ServiceAccountToken,
        context: &Context,
    ) -> Result<Principal, Error> {
        let token = token.hash();
        let account = if let Some(known) = self.accounts.get(token, context.now) {
            known
        } else {
            let read = self.store.get_service_account(token);
            let account = context.database(read).await?;
            let account = account.ok_or(INVALID_TOKEN)?;
            self.accounts.insert(token, account.clone(), context.now);
            account
        };
        if account.expires_at <= context.now {
            return Err(INVALID_TOKEN);
        }
        Ok(Principal::ServiceAccount {
            name: account.name,
            permissions: account.permissions,
        })
    }

    async fn session_user(
        &self,
        token: &SessionToken,
        context: &Context,
    ) -> Result<Principal, Error> {
        let session = verify(&self.store, token, context.now);
        let session = context.database(session).await?;
        let of = session
            .and_then(SessionUser::from_session)
            .ok_or(INVALID_TOKEN)?;
        let lacking = self.policy.mfa.lacking(of.kinds, &of.factors);
        Ok(Principal::User {
            id: of.user.user_id,
            session: of.session,
            proof: Box::new(Proof {
                factors: of.factors,
                kinds: of.kinds,
                lacking,
            }),
        })
    }

    fn jwt_principal(&self, jwt: &Jwt) -> Result<Principal, Error> {
        let prefix = &self.policy.scope_prefix;
        let scopes = jwt.scopes.iter();
        Ok(Principal::Jwt {
            principal: jwt.principal.clone().ok_or(INVALID_TOKEN)?,
            permissions: scopes
                .filter_map(|scope| Permission::from_scope(scope, prefix))
                .collect(),
        })
    }
}
