mod challenges;
mod item;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
#[cfg(feature = "function")]
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

#[cfg(feature = "function")]
use super::changes::Expression;
use super::changes::ItemChanges;
use super::item::{Item, bytes, millis, number, refused_item, text, update_and_read};
#[cfg(feature = "function")]
use super::transactions::update_if;
use super::{Store, on_heap};
use crate::aws::{SendCount, failure};
use crate::domain::{
    Factor, NotASessionToken, Session, SessionId, SessionScope, Timestamp, UserId, WriteOutcome,
};
use crate::error::Error;
use item::session_item;

pub(super) use item::parse_session;

impl Store {
    /// A stored session, valid or not: DynamoDB may delete an expired item days after its TTL.
    ///
    /// One request.
    pub async fn get_session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let item = self.get_item(&self.tables.sessions, session_key(id));
        Ok(item.await?.as_ref().map(parse_session).transpose()?)
    }

    /// The ids of at most `max` of a user's sessions, the oldest first if `ascending`, otherwise the
    /// newest. `created` has the earliest and the latest creation date, both included.
    ///
    /// A request for each megabyte of index. The index is eventually consistent and also has
    /// sessions that are not valid, so a list has to read the sessions themselves.
    pub async fn query_session_ids(
        &self,
        user: &UserId,
        created: [Timestamp; 2],
        ascending: bool,
        max: usize,
    ) -> Result<Vec<SessionId>, Error> {
        let [from, to] = created;
        if from > to {
            return Ok(Vec::new());
        }
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.sessions)
            .index_name("by_user")
            .key_condition_expression("user_id = :user AND created_at BETWEEN :from AND :to")
            .expression_attribute_values(":user", text(user.as_str()))
            .expression_attribute_values(":from", millis(from))
            .expression_attribute_values(":to", millis(to))
            .scan_index_forward(ascending)
            .limit(i32::try_from(max).unwrap_or(i32::MAX))
            .into_paginator()
            .send();
        let mut ids = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(failure)?.items() {
                if let Some(AttributeValue::S(id)) = item.get("session_id") {
                    ids.extend(id.parse::<SessionId>().ok());
                }
            }
            if ids.len() >= max {
                break;
            }
        }
        ids.truncate(max);
        Ok(ids)
    }

    /// Puts a session that must not exist.
    ///
    /// One request. If its answer was lost and the SDK sends it again, it finds its own write
    /// in the stored session, and that is success.
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: throttled or cut off; it may have been put all the same.
    pub async fn insert_session(&self, session: &Session) -> Result<PutOutcome, Error> {
        let sends = SendCount::default();
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.sessions)
            .set_item(Some(session_item(session)))
            .condition_expression("attribute_not_exists(session_id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let sending = put.customize().interceptor(sends.clone()).send();
        let Err(error) = on_heap(sending).await else {
            return Ok(PutOutcome::Done);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                put_outcome(session, failed.item(), &sends)
            }
            _ => Err(failure(error)),
        }
    }

    /// Puts a session over the stored one, which must not have ended and must still be at the
    /// sequence of `seen`, of which `session` is a change.
    ///
    /// Check and write are one request, so of all writers that saw the same sequence
    /// just one wins. If the response was lost, the resent write finds its id among the last
    /// writes, and succeeds. What hasn't changed isn't written, and stays: see `ItemChanges`.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: throttled or cut off, or resent after so many other writes that
    ///   its id is not among the last ones; it may have been put all the same.
    pub async fn put_session(
        &self,
        seen: &Session,
        session: &Session,
    ) -> Result<PutOutcome, Error> {
        let sends = SendCount::default();
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_key(session.id)))
            .condition_expression("#sequence = :seen AND attribute_not_exists(ended_at)")
            .expression_attribute_values(":seen", number(seen.sequence.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let changes = ItemChanges::between(&session_item(seen), session_item(session));
        let update = changes.expression(&[]).update(update).customize();
        match on_heap(update.interceptor(sends.clone()).send()).await {
            Ok(_) => Ok(PutOutcome::Done),
            Err(error) => put_outcome(session, refused_item(error)?.as_ref(), &sends),
        }
    }

    /// The put of a session in a transaction: over the one that was `seen` or, without one, a new one.
    #[cfg(feature = "function")]
    pub(super) fn session_part(
        &self,
        seen: Option<&Session>,
        session: &Session,
    ) -> Result<TransactWriteItem, Error> {
        let on_failure = ReturnValuesOnConditionCheckFailure::AllOld;
        let Some(seen) = seen else {
            let put = Put::builder()
                .table_name(&self.tables.sessions)
                .set_item(Some(session_item(session)))
                .condition_expression("attribute_not_exists(session_id)")
                .return_values_on_condition_check_failure(on_failure);
            return Ok(TransactWriteItem::builder().put(put.build()?).build());
        };
        let changes = ItemChanges::between(&session_item(seen), session_item(session));
        let mut changes = changes.expression(&[]);
        let sequence = number(seen.sequence.0);
        changes.values.insert(":seen".to_owned(), sequence);
        let update = Update::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_key(session.id)))
            .return_values_on_condition_check_failure(on_failure);
        let condition = Expression {
            text: "#sequence = :seen AND attribute_not_exists(ended_at)".to_owned(),
            ..Expression::default()
        };
        update_if(update, changes, condition)
    }

    /// Ends a session, if it is in `scope`.
    ///
    /// One request. It removes the factors, and with the user's id the session's entry in the
    /// index. The rest of the item stays until its TTL: it tells a late writer that the session
    /// has ended, and a repeated create that the session was created. If the request
    /// is sent again, it finds the session ended, and succeeds.
    pub async fn end_session(
        &self,
        id: SessionId,
        scope: &SessionScope,
        now: Timestamp,
    ) -> Result<EndOutcome, Error> {
        let mut condition =
            "attribute_exists(session_id) AND attribute_not_exists(ended_at)".to_owned();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_key(id)))
            .update_expression(format!(
                "SET ended_at = :now, changed_at = :now, #sequence = #sequence + :one REMOVE {}",
                attributes_removed_at_end().join(", ")
            ))
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":one", number(1));
        match scope {
            SessionScope::All => {}
            // The condition never holds, but its failure still shows whether the session exists.
            SessionScope::Token(Err(NotASessionToken)) => {
                condition.push_str(" AND attribute_not_exists(session_id)");
            }
            SessionScope::Token(Ok(hash)) => {
                condition.push_str(
                    " AND (token_hash = :token OR replaced_hash = :token \
                     AND replaced_until > :now AND attribute_not_exists(replaced_proof))",
                );
                update = update.expression_attribute_values(":token", bytes(hash.as_bytes()));
            }
            // No rule lets a session's creator end it.
            SessionScope::Own { user: None, .. } => return Ok(EndOutcome::Refused),
            SessionScope::Own {
                user: Some(user), ..
            } => {
                condition.push_str(" AND (user_id = :user OR named_user_id = :user)");
                update = update.expression_attribute_values(":user", text(user.as_str()));
            }
        }
        let item = update_and_read(update.condition_expression(condition)).await?;
        Ok(match item.as_ref().map(parse_session).transpose()? {
            None => EndOutcome::Gone,
            Some(session) if session.ended_at.is_some() => EndOutcome::Ended(Box::new(session)),
            Some(_) => EndOutcome::Refused,
        })
    }
}

/// The attributes that are removed when a session is ended.
fn attributes_removed_at_end() -> Vec<&'static str> {
    let others = [
        "user_id",
        "named_user_id",
        "replaced_hash",
        "replaced_until",
        "replaced_proof",
        "otp_sms_challenge",
        "otp_email_challenge",
        challenges::WEB_AUTHN,
        "u2f_verified_user",
        "display_name",
        "epoch",
        "metadata",
        "user_agent",
    ];
    let factors = Factor::ALL.map(Factor::verified_at_attribute);
    [&others[..], &factors].concat()
}

pub(super) fn session_key(id: SessionId) -> Item {
    Item::from([("session_id".to_owned(), text(id.to_string()))])
}

/// The outcome of putting a session.
#[derive(Debug)]
pub enum PutOutcome {
    Done,
    /// Another write came first; this is the stored session.
    Conflict(Box<Session>),
    /// No session with this id is stored.
    Gone,
}

/// The outcome of ending a session.
#[derive(Debug)]
pub enum EndOutcome {
    /// The session has ended, by this call or an earlier one.
    Ended(Box<Session>),
    /// No session with this id is stored.
    Gone,
    /// The session is not in the scope.
    Refused,
}

/// The outcome of a put of `session` whose condition did not hold for the item `found`. The SDK may
/// have sent it twice.
pub(super) fn put_outcome(
    session: &Session,
    found: Option<&Item>,
    sends: &SendCount,
) -> Result<PutOutcome, Error> {
    let Some(found) = found else {
        return Ok(PutOutcome::Gone);
    };
    let stored = parse_session(found)?;
    let own = session.writes.newest().filter(|_| sends.is_resent());
    match own.map_or(WriteOutcome::NotCarriedOut, |own| {
        stored.writes.outcome(own)
    }) {
        WriteOutcome::CarriedOut => Ok(PutOutcome::Done),
        WriteOutcome::NotCarriedOut => Ok(PutOutcome::Conflict(Box::new(stored))),
        WriteOutcome::Unknown => {
            let many =
                "others have written so often since that this write can't be told from theirs";
            Err(Error::Unavailable(many.into()))
        }
    }
}
