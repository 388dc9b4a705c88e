mod item;

use std::fmt::Write as _;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::Store;
use super::failure::failure;
use super::item::{Corrupt, Item, bytes, millis, number, text};
use super::logins::refused;
use super::retries::SendCount;
use crate::domain::{Session, SessionId, SessionScope, Timestamp, UserId, WriteOutcome};
use crate::error::Error;
use item::item_of;

pub(super) use item::parse;

impl Store {
    /// The session as it is stored, whether it counts or not: TTL deletes days after the
    /// end.
    ///
    /// One request.
    pub async fn get_session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let output = self
            .client
            .get_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(key(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(failure)?;
        let session = output.item().map(parse).transpose()?;
        Ok(session)
    }

    /// Puts a session that must not exist yet.
    ///
    /// One request. Sent again because its answer was lost, it finds its own write in its
    /// place, and that is success.
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: throttled or cut off; it may have been put all the same.
    pub async fn insert_session(&self, session: &Session) -> Result<PutOutcome, Error> {
        let put = self
            .put(session)
            .condition_expression("attribute_not_exists(session_id)");
        written(put, session).await
    }

    /// Puts a session over the stored one, whose sequence must still be the one that its
    /// newest write saw, and which nobody must have ended.
    ///
    /// Check and write are one request, so of all writers that saw the same sequence
    /// just one wins. Sent again because its answer was lost, it finds its own write among
    /// the last ones, and that is success, whoever has written since.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: throttled or cut off, or sent again when so many had
    ///   written since that its own write was forgotten; it may have been put all the same.
    pub async fn put_session(&self, session: &Session) -> Result<PutOutcome, Error> {
        let seen = session.writes.newest().map_or(0, |write| write.seen.0);
        let put = self
            .put(session)
            .condition_expression("#sequence = :seen AND attribute_not_exists(ended_at)")
            .expression_attribute_names("#sequence", "sequence") // A reserved word.
            .expression_attribute_values(":seen", number(seen));
        written(put, session).await
    }

    fn put(&self, session: &Session) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.tables.sessions)
            .set_item(Some(item_of(session)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Ends a session, if it is in `scope`.
    ///
    /// One request. What was proven is removed, and so is the session from its user's list;
    /// what stays until its TTL tells a writer who comes late that it has ended, and a
    /// create that is repeated that it was created. Sent again because its answer was
    /// lost, it finds the session ended, as it is when somebody else was first.
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
            .set_key(Some(key(id)))
            .update_expression(format!(
                "SET ended_at = :now, changed_at = :now, #sequence = #sequence + :one REMOVE {}",
                ATTRIBUTES_REMOVED_AT_END.join(", ")
            ))
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match scope {
            SessionScope::All => {}
            // No session has such a token, but whether this one exists is to be answered.
            SessionScope::Token(None) => {
                condition.push_str(" AND attribute_not_exists(session_id)")
            }
            SessionScope::Token(Some(hash)) => {
                condition.push_str(
                    " AND (token_hash = :token OR replaced_hash = :token \
                     AND replaced_until > :now AND attribute_not_exists(replaced_proof))",
                );
                update = update.expression_attribute_values(":token", bytes(hash.as_bytes()));
            }
            SessionScope::Own { creator, user } => {
                let mut own = Vec::new();
                for (is_own, place, owner) in [
                    ("creator = :creator", ":creator", creator.as_deref()),
                    (
                        "user_id = :user OR named_user_id = :user",
                        ":user",
                        user.as_ref().map(UserId::as_str),
                    ),
                ] {
                    if let Some(owner) = owner {
                        own.push(is_own);
                        update = update.expression_attribute_values(place, text(owner));
                    }
                }
                if own.is_empty() {
                    return Ok(EndOutcome::Refused);
                }
                let _ = write!(condition, " AND ({})", own.join(" OR "));
            }
        }
        match update.condition_expression(condition).send().await {
            Ok(output) => {
                let item = output
                    .attributes()
                    .ok_or(Corrupt::Attribute("session_id"))?;
                Ok(EndOutcome::Ended(Box::new(parse(item)?)))
            }
            Err(error) => match refused(error)? {
                None => Ok(EndOutcome::Gone),
                Some(found) => {
                    let found = parse(&found)?;
                    Ok(if found.ended_at.is_some() {
                        EndOutcome::Ended(Box::new(found))
                    } else {
                        EndOutcome::Refused
                    })
                }
            },
        }
    }
}

/// The attributes that are removed when a session is ended.
const ATTRIBUTES_REMOVED_AT_END: [&str; 12] = [
    "user_id",
    "named_user_id",
    "replaced_hash",
    "replaced_until",
    "replaced_proof",
    "login_name",
    "display_name",
    "user_verified_at",
    "password_verified_at",
    "epoch",
    "metadata",
    "user_agent",
];

pub(super) fn key(id: SessionId) -> Item {
    Item::from([("session_id".to_owned(), text(id.to_string()))])
}

/// What became of a put whose condition depends on what is stored.
#[derive(Debug)]
pub enum PutOutcome {
    Done,
    /// Somebody else has written since; this is what is stored.
    Conflict(Box<Session>),
    /// Nothing is stored.
    Gone,
}

/// What became of a session that was to be ended.
#[derive(Debug)]
pub enum EndOutcome {
    /// It is ended, by this call or by one before.
    Ended(Box<Session>),
    /// Nothing is stored.
    Gone,
    /// It is not in the scope.
    Refused,
}

async fn written(put: PutItemFluentBuilder, session: &Session) -> Result<PutOutcome, Error> {
    let sent = SendCount::default();
    let Err(error) = put.customize().interceptor(sent.clone()).send().await else {
        return Ok(PutOutcome::Done);
    };
    let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    else {
        return Err(failure(error));
    };
    let Some(found) = failed.item() else {
        return Ok(PutOutcome::Gone);
    };
    let found = parse(found)?;
    let own = session.writes.newest().filter(|_| sent.again());
    match own.map_or(WriteOutcome::NotCarriedOut, |own| found.writes.fate(own)) {
        WriteOutcome::CarriedOut => Ok(PutOutcome::Done),
        WriteOutcome::NotCarriedOut => Ok(PutOutcome::Conflict(Box::new(found))),
        WriteOutcome::Unknown => {
            let many =
                "others have written so often since that this write can't be told from theirs";
            Err(Error::Unavailable(many.into()))
        }
    }
}
