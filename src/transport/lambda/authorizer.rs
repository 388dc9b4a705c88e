//! A Lambda authorizer of API Gateway: it lets a request pass whose bearer token belongs to a
//! session that proves its user as strongly as the settings demand, and tells the API which user.
//!
//! Events and answers:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>.

mod event;
mod policy;

use serde_json::Value;
use tokio::time::Instant;

use self::event::AuthorizerEvent;
use crate::domain::{RequiredStrength, SessionId, SessionUser, Timestamp};
use crate::error::{Error, TokenFault, chain};
use crate::log::{Line, Log, TraceId};
use crate::store::Store;
use crate::verification::{Refusal, TokenVerdict, user_of_token};

pub use policy::AuthorizerAnswer;

/// The authorizer, with all that a decision needs.
pub struct Authorizer {
    store: Store,
    answer: AuthorizerAnswer,
    required: RequiredStrength,
    log: Log,
}

impl Authorizer {
    pub fn new(
        store: Store,
        answer: AuthorizerAnswer,
        required: RequiredStrength,
        log: Log,
    ) -> Self {
        Self {
            store,
            answer,
            required,
            log,
        }
    }

    /// Connects to the database with a `BatchGetItem`, the only action that the function's policy
    /// allows. An error is only logged: the first decision tries again.
    pub async fn warm_up(&self, now: Timestamp) {
        let read = self
            .store
            .get_sessions_and_users(&[SessionId::generate()], &[])
            .await;
        if let Err(error) = read {
            self.log
                .warning("the first connection to DynamoDB failed", &error, now);
        }
    }

    /// Answers one event, whatever is wrong with it: an event that can't be read, or that is no
    /// authorizer's, is denied.
    ///
    /// `now` is the time of the event, and `trace_id` the trace that Lambda says the event belongs
    /// to. It takes at most one strongly consistent request to the database, and writes a line in
    /// the log.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Internal`]: the database gave no answer. API Gateway
    /// answers these with 500, and lets nobody pass.
    pub async fn authorize(
        &self,
        event: &[u8],
        request_id: &str,
        trace_id: Option<TraceId>,
        now: Timestamp,
    ) -> Result<Value, Error> {
        let started = Instant::now();
        let event = AuthorizerEvent::read(event);
        let decision = match &event.fault {
            None => self.decide(&event, now).await,
            Some(fault) => Ok(Decision::Deny(fault.kind())),
        };
        let (outcome, user) = match &decision {
            Ok(Decision::Allow(user)) => ("allow", Some(user)),
            Ok(Decision::Deny(reason)) => (*reason, None),
            Err(error) => (error.kind(), None),
        };
        let error = event.fault.as_ref().or(decision.as_ref().err());
        let level = match error {
            None => "info",
            Some(Error::Internal(_)) => "error",
            Some(_) => "warn",
        };
        let principal = user.map(|of| format!("user:{}", of.user.user_id));
        let mut line = Line::default();
        line.set("time", now.as_millis());
        line.set("level", level);
        line.set("request_id", request_id);
        line.set("call", "Authorize");
        line.set("outcome", outcome);
        line.set_millis("duration_ms", started.elapsed());
        line.set_some("caller", principal);
        // The session that the token names, whether the token is valid or not.
        line.set_some("session_id", event.session());
        line.set_some("client_ip", event.client_ip);
        line.set_some("trace_id", trace_id.as_ref().or(event.trace_id.as_ref()));
        line.set_some("cause", error.map(|error| chain(error)));
        // It has no metrics: Lambda itself counts the errors of the authorizer.
        self.log.write(&line);
        Ok(match decision? {
            Decision::Allow(user) => event.policy(self.answer, Some(&user)),
            Decision::Deny(_) => event.policy(self.answer, None),
        })
    }

    async fn decide(&self, event: &AuthorizerEvent, now: Timestamp) -> Result<Decision, Error> {
        let token = match &event.token {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(Decision::Deny("no_token")),
            Err(TokenFault::Missing | TokenFault::Invalid) => {
                return Ok(Decision::Deny("malformed_token"));
            }
        };
        let verdict = user_of_token(&self.store, token, now, self.required).await?;
        Ok(match verdict {
            TokenVerdict::User(user) => Decision::Allow(user),
            TokenVerdict::Refused(Refusal::NotASessionToken) => Decision::Deny("malformed_token"),
            TokenVerdict::Refused(Refusal::Void) => Decision::Deny("invalid_token"),
            TokenVerdict::Refused(Refusal::Unproven) => Decision::Deny("no_proof_of_user"),
            TokenVerdict::Refused(Refusal::TooWeak(_)) => Decision::Deny("too_weak"),
        })
    }
}

enum Decision {
    Allow(Box<SessionUser>),
    /// The name of the reason in the log.
    Deny(&'static str),
}
