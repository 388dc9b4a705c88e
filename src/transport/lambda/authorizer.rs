//! A Lambda authorizer of API Gateway: it lets a request pass whose bearer token is a
//! session's and stands for a user, and tells the API which.
//!
//! Events and answers:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>.

mod event;
mod policy;

use serde_json::Value;
use tokio::time::Instant;

use self::event::Question;
use crate::config::AuthorizerAnswer;
use crate::domain::{Principal, SessionUser, Timestamp};
use crate::error::Error;
use crate::log::{Decision, Log, TraceId};
use crate::service::{Refusal, user_of_token};
use crate::store::Store;
use crate::token::generate_session_id;

/// Everything that a decision needs.
pub struct Authorizer {
    store: Store,
    answer: AuthorizerAnswer,
    log: Log,
}

impl Authorizer {
    pub fn new(store: Store, answer: AuthorizerAnswer, log: Log) -> Self {
        Self { store, answer, log }
    }

    /// Makes the connection that the first decision needs, by a request of the only kind
    /// that the function may send. That it can't is logged: the decision finds out itself.
    pub async fn warm_up(&self, now: Timestamp) {
        let read = self
            .store
            .get_sessions_and_users(&[generate_session_id()], &[])
            .await;
        if let Err(error) = read {
            self.log
                .warning("the first connection to DynamoDB failed", &error, now);
        }
    }

    /// Answers one event. A wrong token is an answer too, whatever is wrong with it.
    ///
    /// `now` is the time of the event. One strongly consistent request to the database at
    /// most, and a line in the log.
    ///
    /// # Errors
    ///
    /// Of them API Gateway makes a 500, and lets nobody pass:
    ///
    /// - [`Error::Malformed`]: the event is no authorizer's.
    /// - [`Error::Unavailable`], [`Error::Internal`]: it can't be told.
    pub async fn answer(
        &self,
        event: &Value,
        request_id: &str,
        now: Timestamp,
    ) -> Result<Value, Error> {
        self.answer_traced(event, request_id, None, now).await
    }

    /// The same, with the trace that Lambda says this belongs to, for the log.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn answer_traced(
        &self,
        event: &Value,
        request_id: &str,
        trace_id: Option<TraceId>,
        now: Timestamp,
    ) -> Result<Value, Error> {
        let started = Instant::now();
        let question = Question::read(event);
        let outcome = match &question {
            Ok(question) => self.decide(question, now).await,
            Err(_) => Ok(Err(None)),
        };
        let error = question.as_ref().err().or(outcome.as_ref().err());
        let allowed = outcome
            .as_ref()
            .ok()
            .and_then(|decided| decided.as_ref().ok());
        let asked = question.as_ref().ok();
        self.log.decision(&Decision {
            request_id,
            outcome: match (error, &outcome) {
                (Some(error), _) => error.kind(),
                (None, Ok(Err(refusal))) => reason(*refusal),
                (None, _) => "allow",
            },
            caller: allowed.map(|of| Principal::User {
                id: of.user.user_id.clone(),
                session: of.session,
            }),
            session: asked.and_then(Question::session),
            client_ip: asked.and_then(|question| question.client_ip),
            trace_id: trace_id.or_else(|| asked?.trace_id.clone()),
            error,
            started,
            now,
        });
        Ok(question?.answer(self.answer, outcome?.ok().as_ref()))
    }

    async fn decide(&self, question: &Question, now: Timestamp) -> Result<Decided, Error> {
        match &question.bearer {
            None => Ok(Err(None)),
            Some(bearer) => {
                let user = user_of_token(&self.store, &bearer.0, now).await?;
                Ok(user.map_err(Some))
            }
        }
    }
}

/// None: no bearer token came along.
type Decided = Result<SessionUser, Option<Refusal>>;

/// Names a refusal in the log.
fn reason(refusal: Option<Refusal>) -> &'static str {
    match refusal {
        None => "no_token",
        Some(Refusal::Malformed) => "malformed_token",
        Some(Refusal::Void) => "void_token",
        Some(Refusal::Unproven) => "unproven_token",
    }
}
