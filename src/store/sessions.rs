use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::Store;
use super::failure::failure;
use super::item::{Attributes, Corrupt, Item, bytes, millis, number, text};
use crate::domain::{
    DisplayName, LoginName, Metadata, PasswordFactor, Sequence, Session, SessionId, TokenHash,
    UserAgent, UserFactor, UserId, WriteId,
};
use crate::error::Error;

/// How long after its end a session may stay in the table: who holds an ended session
/// learns that it has ended, not that it never was.
const KEPT_AFTER_END: Duration = Duration::from_hours(24);

impl Store {
    /// The session as it is stored, live or not: TTL deletes days after the end.
    ///
    /// One request.
    pub async fn get_session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let output = self
            .client
            .get_item()
            .table_name(&self.tables.sessions)
            .key("session_id", text(id.to_string()))
            .consistent_read(true)
            .send()
            .await
            .map_err(failure)?;
        let session = output.item().map(parse).transpose()?;
        Ok(session)
    }

    /// Puts a session that must not exist yet; that it does is an error of ours.
    ///
    /// One request. Sent again because its answer was lost, it finds its own `write`
    /// in its place, and that is success.
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: throttled or cut off; it may have been put all the same.
    pub async fn insert_session(&self, session: &Session, write: WriteId) -> Result<(), Error> {
        let put = self
            .put(session, write)
            .condition_expression("attribute_not_exists(session_id)");
        match written(put, write).await? {
            Written::Done => Ok(()),
            Written::Conflict(_) | Written::Gone => {
                Err(Error::Internal("a random session id was taken".into()))
            }
        }
    }

    /// Puts a session over the stored one, whose sequence must still be `seen`.
    ///
    /// Check and write are one request, so of all writers that saw the same sequence
    /// just one wins. Sent again because its answer was lost, it finds its own `write`
    /// in its place, and that is success; but if another writer came between the two, it
    /// can't tell that it was carried out, and reports a conflict.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>
    ///
    /// # Errors
    ///
    /// - [`Error::Unavailable`]: throttled or cut off; it may have been put all the same.
    pub async fn put_session(
        &self,
        session: &Session,
        seen: Sequence,
        write: WriteId,
    ) -> Result<Written, Error> {
        let put = self
            .put(session, write)
            .condition_expression("#sequence = :seen")
            .expression_attribute_names("#sequence", "sequence") // A reserved word.
            .expression_attribute_values(":seen", number(seen.0));
        written(put, write).await
    }

    fn put(&self, session: &Session, write: WriteId) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.tables.sessions)
            .set_item(Some(item_of(session)))
            .item("write_id", text(write.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// What became of a put whose condition depends on what is stored.
#[derive(Debug)]
pub enum Written {
    Done,
    /// Somebody else has written since; this is what is stored.
    Conflict(Box<Session>),
    /// Nothing is stored.
    Gone,
}

async fn written(put: PutItemFluentBuilder, write: WriteId) -> Result<Written, Error> {
    let Err(error) = put.send().await else {
        return Ok(Written::Done);
    };
    let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    else {
        return Err(failure(error));
    };
    let Some(found) = failed.item() else {
        return Ok(Written::Gone);
    };
    if Attributes(found).text("write_id")? == write.to_string() {
        return Ok(Written::Done);
    }
    Ok(Written::Conflict(Box::new(parse(found)?)))
}

/// | attribute | type | |
/// |---|---|---|
/// | `session_id` | S | key |
/// | `sequence` | N | |
/// | `created_at`, `changed_at`, `expires_at` | N | milliseconds |
/// | `ttl` | N | seconds; when DynamoDB may delete the item |
/// | `user_id`, `login_name`, `display_name` | S | if a user was checked |
/// | `user_verified_at`, `password_verified_at` | N | milliseconds; if checked |
/// | `metadata` | M of B | if any |
/// | `user_agent` | M | if any: `fingerprint_id`, `ip`, `description` (S), `header` (M of L of S) |
/// | `token_hash` | B | SHA-256 |
/// | `creator` | S | who created it |
/// | `write_id` | S | of the last write |
fn item_of(session: &Session) -> Item {
    let ttl = session.expires_at.plus(KEPT_AFTER_END).as_seconds_up();
    let mut item: Item = HashMap::with_capacity(16);
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);

    set("session_id", text(session.id.to_string()));
    set("sequence", number(session.sequence.0));
    set("created_at", millis(session.created_at));
    set("changed_at", millis(session.changed_at));
    set("expires_at", millis(session.expires_at));
    set("ttl", number(ttl));
    set("token_hash", bytes(session.token_hash.as_bytes()));
    set("creator", text(&session.creator));
    if let Some(user) = &session.user {
        set("user_id", text(user.user_id.as_str()));
        set("login_name", text(user.login_name.as_str()));
        set("display_name", text(user.display_name.as_str()));
        set("user_verified_at", millis(user.verified_at));
    }
    if let Some(password) = &session.password {
        set("password_verified_at", millis(password.verified_at));
    }
    if !session.metadata.is_empty() {
        let entries = session.metadata.iter();
        let entries = entries.map(|(key, value)| (key.to_owned(), bytes(value)));
        set("metadata", AttributeValue::M(entries.collect()));
    }
    if let Some(user_agent) = &session.user_agent {
        set("user_agent", AttributeValue::M(user_agent_item(user_agent)));
    }
    item
}

fn user_agent_item(user_agent: &UserAgent) -> Item {
    let mut item = Item::new();
    for (name, value) in [
        ("fingerprint_id", user_agent.fingerprint_id()),
        ("ip", user_agent.ip()),
        ("description", user_agent.description()),
    ] {
        if let Some(value) = value {
            item.insert(name.to_owned(), text(value));
        }
    }
    let values = |values: &Vec<String>| AttributeValue::L(values.iter().map(text).collect());
    let header = user_agent.header().iter();
    let header = header.map(|(name, list)| (name.clone(), values(list)));
    item.insert("header".to_owned(), AttributeValue::M(header.collect()));
    item
}

fn parse(item: &Item) -> Result<Session, Corrupt> {
    let item = Attributes(item);
    let hash = item.bytes("token_hash")?;
    let hash = hash
        .try_into()
        .map_err(|_| Corrupt::Attribute("token_hash"))?;
    Ok(Session {
        id: item.text("session_id")?.parse()?,
        sequence: Sequence(item.number("sequence")?),
        created_at: item.millis("created_at")?,
        changed_at: item.millis("changed_at")?,
        expires_at: item.millis("expires_at")?,
        user: item.has("user_id").then(|| parse_user(item)).transpose()?,
        password: item
            .millis_if_any("password_verified_at")?
            .map(|verified_at| PasswordFactor { verified_at }),
        metadata: parse_metadata(item)?,
        user_agent: item.map("user_agent")?.map(parse_user_agent).transpose()?,
        token_hash: TokenHash::new(hash),
        creator: item.text("creator")?.to_owned(),
    })
}

fn parse_user(item: Attributes<'_>) -> Result<UserFactor, Corrupt> {
    Ok(UserFactor {
        user_id: UserId::parse(item.text("user_id")?.to_owned())?,
        login_name: LoginName::parse(item.text("login_name")?.to_owned())?,
        display_name: DisplayName::parse(item.text("display_name")?.to_owned())?,
        verified_at: item.millis("user_verified_at")?,
    })
}

fn parse_metadata(item: Attributes<'_>) -> Result<Metadata, Corrupt> {
    let Some(stored) = item.map("metadata")? else {
        return Ok(Metadata::default());
    };
    let mut entries = BTreeMap::new();
    for (key, value) in stored {
        let AttributeValue::B(value) = value else {
            return Err(Corrupt::Attribute("metadata"));
        };
        entries.insert(key.clone(), value.as_ref().to_vec());
    }
    Ok(Metadata::parse(entries)?)
}

fn parse_user_agent(item: &Item) -> Result<UserAgent, Corrupt> {
    let item = Attributes(item);
    let field = |name| item.text_if_any(name).map(|text| text.map(str::to_owned));
    let mut header = BTreeMap::new();
    for (name, list) in item.map("header")?.into_iter().flatten() {
        let list = list.as_l().map_err(|_| Corrupt::Attribute("header"))?;
        let list = list.iter().map(|value| match value {
            AttributeValue::S(value) => Ok(value.clone()),
            _ => Err(Corrupt::Attribute("header")),
        });
        header.insert(name.clone(), list.collect::<Result<_, _>>()?);
    }
    let (fingerprint_id, ip) = (field("fingerprint_id")?, field("ip")?);
    let agent = UserAgent::parse(fingerprint_id, ip, field("description")?, header)?;
    Ok(agent)
}
