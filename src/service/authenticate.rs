use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Service;
use super::verify_token::verify;
use crate::domain::{
    JwtPrincipal, Permission, Principal, ServiceAccount, SessionUser, Timestamp, TokenHash,
};
use crate::error::{Error, TokenFault};
use crate::log::CallRecord;
use crate::token::{Bearer, Presented};

/// What a caller shows of itself.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The bearer token of the `Authorization` header.
    pub bearer: Option<BearerText>,
    /// What API Gateway's JWT authorizer found in a token that it has checked.
    pub jwt: Option<Jwt>,
}

/// A bearer token as it came, which hides itself.
#[derive(Clone)]
pub struct BearerText(pub String);

impl std::fmt::Debug for BearerText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerText(…)")
    }
}

/// What counts of a JWT that an authorizer has checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwt {
    /// None: its claims name nobody.
    pub principal: Option<JwtPrincipal>,
    /// All that it has, ours or not.
    pub scopes: Vec<String>,
}

/// The answer to every token that stands for nobody.
const UNKNOWN_TOKEN: Error = Error::Unauthenticated(TokenFault::Invalid);

/// How long a service account's token is remembered: a revoked one works that much
/// longer in a process that has seen it.
const REMEMBERED: Duration = Duration::from_mins(1);
/// Service accounts that a process remembers; a deployment has a handful.
const MAX_REMEMBERED: usize = 1000;

/// The service accounts that a process has seen of late.
#[derive(Debug, Default)]
pub(super) struct ServiceAccountCache(Mutex<HashMap<TokenHash, (ServiceAccount, Timestamp)>>);

impl ServiceAccountCache {
    fn get(&self, token: TokenHash, now: Timestamp) -> Option<ServiceAccount> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (record, seen_at) = known.get(&token)?;
        let fresh = seen_at.until(now).is_some_and(|age| age < REMEMBERED);
        fresh.then(|| record.clone())
    }

    fn remember(&self, token: TokenHash, record: ServiceAccount, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(token, (record, now));
    }
}

impl Service {
    /// Finds out who calls.
    ///
    /// No credentials at all is [`Principal::Anonymous`]. One request, and none for a
    /// service account that was seen in the last minute.
    ///
    /// # Errors
    ///
    /// - [`Error::Unauthenticated`]: a token that is unknown, expired, or that of a
    ///   session which proves no more than a user's name; a JWT that names nobody.
    pub async fn authenticate(
        &self,
        credentials: &Credentials,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Principal, Error> {
        // A gateway's authorizer reads the same header: what it vouches for is not
        // looked up again.
        let caller = match (&credentials.jwt, &credentials.bearer) {
            (Some(jwt), _) => self.jwt_caller(jwt)?,
            (None, None) => Principal::Anonymous,
            // Somebody meant to show a token, and has shown none.
            (None, Some(bearer)) if bearer.0.is_empty() => {
                return Err(Error::Unauthenticated(TokenFault::Missing));
            }
            (None, Some(bearer)) => match Bearer::parse(&bearer.0) {
                None => return Err(UNKNOWN_TOKEN),
                Some(Bearer::Caller(token)) => self.service_caller(token, now, record).await?,
                Some(Bearer::Session(presented)) => {
                    self.session_caller(presented, now, record).await?
                }
            },
        };
        record.caller(&caller);
        Ok(caller)
    }

    async fn service_caller(
        &self,
        token: TokenHash,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Principal, Error> {
        let record = if let Some(known) = self.callers.get(token, now) {
            known
        } else {
            let record = record
                .database(self.store.get_service_account(token))
                .await?;
            let record = record.ok_or(UNKNOWN_TOKEN)?;
            self.callers.remember(token, record.clone(), now);
            record
        };
        if record.expires_at <= now {
            return Err(UNKNOWN_TOKEN);
        }
        Ok(Principal::ServiceAccount {
            name: record.name,
            permissions: record.permissions,
        })
    }

    async fn session_caller(
        &self,
        presented: Presented,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Principal, Error> {
        let session = record.database(verify(&self.store, presented, now)).await?;
        session
            .and_then(SessionUser::of)
            .map(|of| Principal::User {
                id: of.user.user_id,
                session: of.session,
            })
            .ok_or(UNKNOWN_TOKEN)
    }

    fn jwt_caller(&self, jwt: &Jwt) -> Result<Principal, Error> {
        let prefix = &self.policy.scope_prefix;
        let scopes = jwt.scopes.iter();
        Ok(Principal::Jwt {
            principal: jwt.principal.clone().ok_or(UNKNOWN_TOKEN)?,
            permissions: scopes
                .filter_map(|scope| Permission::from_scope(scope, prefix))
                .collect(),
        })
    }
}
