//! The items of codes, in the sessions table: at most one for each user and purpose, which DynamoDB
//! deletes by itself.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::changes::{Expression, ItemChanges};
use super::item::{
    Attributes, CorruptItem, Item, NewItem, bytes, millis, number, refused_item, text,
    update_and_read,
};
use super::transactions::{update_if, update_item};
use super::{Store, on_heap};
use crate::domain::{
    ActiveCode, Code, CodeId, CodePurpose, CodeRecord, CodeTarget, EmailAddress, Invitation,
    KeyName, PhoneNumber, SentMessages, Timestamp, UserId, UserRef, WriteId,
};
use crate::error::Error;

/// A code that was asked for: a record that takes the place of the one that was seen.
#[derive(Clone, Debug)]
pub struct IssuedCode {
    pub seen: CodeRecord,
    pub record: CodeRecord,
    write: WriteId,
}

/// A write to a code's item that belongs to the change of a user.
#[derive(Clone, Debug)]
pub enum CodeWrite {
    Issue(Box<IssuedCode>),
    /// A code that was right: there is none from then on.
    Consume(Box<CodeRecord>),
}

/// A code's record, and whether a try at its short form was counted.
#[derive(Debug)]
pub struct CountedTry {
    /// `None`: there is no item.
    pub record: Option<CodeRecord>,
    pub is_counted: bool,
}

fn code_key(user: &UserId, purpose: CodePurpose) -> Item {
    let (user, purpose) = (UserRef::from(user), purpose.as_str());
    Item::from([(
        "session_id".to_owned(),
        text(format!("CODE#{user}#{purpose}")),
    )])
}

/// The attributes that an item has while there is a code.
const OF_CODE: [&str; 14] = [
    "code_id",
    "round",
    "round_at",
    "tries",
    "try_id",
    "key_name",
    "email",
    "phone",
    "user_created_at",
    "password_changed_at",
    "expires_at",
    "url_template",
    "application_name",
    "is_returned",
];

impl Store {
    /// The codes of a user for a purpose: 1 request.
    pub async fn get_code(&self, user: &UserId, purpose: CodePurpose) -> Result<CodeRecord, Error> {
        let key = code_key(user, purpose);
        let found = self.get_item(&self.tables.sessions, key).await?;
        Ok(match found {
            Some(item) => parse_code(&item, user, purpose)?,
            None => CodeRecord::none(user.clone(), purpose),
        })
    }

    /// Counts a try at the short form of a code, if it is valid and has tries left, and reads it.
    ///
    /// One request, so of many tries at once no more are counted than there are. If the response
    /// was lost, the resent update finds its own `write`, unless another try came in between.
    pub async fn count_try(
        &self,
        user: &UserId,
        purpose: CodePurpose,
        write: WriteId,
        now: Timestamp,
    ) -> Result<CountedTry, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(code_key(user, purpose)))
            .update_expression("SET tries = tries + :one, try_id = :write ADD #version :one")
            .condition_expression("tries < :max AND expires_at > :now AND try_id <> :write")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(Code::MAX_TRIES))
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":write", text(write.to_string()));
        let Some(found) = update_and_read(update).await? else {
            return Ok(CountedTry {
                record: None,
                is_counted: false,
            });
        };
        let tried_by = Attributes(&found).optional_text("try_id")?;
        Ok(CountedTry {
            is_counted: tried_by == Some(&*write.to_string()),
            record: Some(parse_code(&found, user, purpose)?),
        })
    }

    /// Gives back a try that was right but changed nothing: 1 request. If the code was replaced or a
    /// new round began in the meantime, there is nothing to give back.
    pub async fn return_try(&self, record: &CodeRecord) -> Result<(), Error> {
        let Some(active) = &record.active else {
            return Ok(());
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(code_key(&record.user_id, record.purpose)))
            .update_expression("SET tries = tries - :one ADD #version :one")
            .condition_expression("code_id = :id AND #round = :round AND tries > :none")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#round", "round")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":id", text(active.id.to_string()))
            .expression_attribute_values(":round", number(active.round));
        match on_heap(update.send()).await {
            Ok(_) => Ok(()),
            Err(error) => refused_item(error).map(drop),
        }
    }

    /// Writes the record of a code in place of the one that it saw: 1 request. False: another
    /// request was first.
    pub async fn issue_code(&self, issue: &IssuedCode) -> Result<bool, Error> {
        let (changes, condition) = issue.expressions();
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(issue.key()))
            .condition_expression(condition.text)
            .set_expression_attribute_values(Some(condition.values))
            .set_expression_attribute_names(Some(condition.names));
        match on_heap(changes.update(update).send()).await {
            Ok(_) => Ok(true),
            Err(error) => refused_item(error).map(|_| false),
        }
    }

    /// Notes that the message of a request for a code was not sent, unless there was another request
    /// since: 1 request. Tries that were counted in the meantime stay counted. It gives the item
    /// another `write_id`, or else a resent request that arrives late would undo it.
    pub async fn unsend_code(&self, issue: &IssuedCode) -> Result<(), Error> {
        let before = issue.seen.sent;
        let sent_at = match before.last_at {
            Some(_) => ", sent_at = :at",
            None => " REMOVE sent_at",
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(issue.key()))
            .update_expression(format!(
                "SET write_id = :new, sent_day = :day, sent_count = :count{sent_at} ADD #version :one"
            ))
            .condition_expression("write_id = :own")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":day", number(before.day))
            .expression_attribute_values(":count", number(before.count))
            .expression_attribute_values(":new", text(WriteId::generate().to_string()))
            .expression_attribute_values(":own", text(issue.write.to_string()));
        let update = match before.last_at {
            Some(at) => update.expression_attribute_values(":at", millis(at)),
            None => update,
        };
        match on_heap(update.send()).await {
            Ok(_) => Ok(()),
            Err(error) => refused_item(error).map(drop),
        }
    }

    pub(super) fn code_part(&self, write: &CodeWrite) -> Result<TransactWriteItem, Error> {
        let update = Update::builder().table_name(&self.tables.sessions);
        match write {
            CodeWrite::Issue(issue) => {
                let (changes, condition) = issue.expressions();
                update_if(update.set_key(Some(issue.key())), changes, condition)
            }
            CodeWrite::Consume(record) => {
                let id = record.active.as_ref().map(|active| active.id.to_string());
                let removed = OF_CODE.map(|name| format!("#{name}"));
                let mut update = update
                    .set_key(Some(code_key(&record.user_id, record.purpose)))
                    .update_expression(format!("REMOVE {} ADD #version :one", removed.join(", ")))
                    .condition_expression("#code_id = :id")
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":one", number(1))
                    .expression_attribute_values(":id", text(id.unwrap_or_default()));
                for name in OF_CODE {
                    update = update.expression_attribute_names(format!("#{name}"), name);
                }
                update_item(update)
            }
        }
    }
}

impl IssuedCode {
    /// The write of `record` in place of `seen`.
    pub fn new(seen: CodeRecord, record: CodeRecord) -> Self {
        Self {
            seen,
            record,
            write: WriteId::generate(),
        }
    }

    fn key(&self) -> Item {
        code_key(&self.record.user_id, self.record.purpose)
    }

    /// The update, and its condition: the item is as it was seen. A resent update finds its own
    /// write.
    fn expressions(&self) -> (Expression, Expression) {
        let mut condition = Expression::default();
        let own = text(self.write.to_string());
        condition.values.insert(":own".to_owned(), own.clone());
        condition.text = if self.seen.version == 0 {
            "attribute_not_exists(session_id) OR write_id = :own".to_owned()
        } else {
            let seen = number(self.seen.version);
            condition.values.insert(":seen".to_owned(), seen);
            "#version = :seen OR write_id = :own".to_owned()
        };
        let before = if self.seen.version == 0 {
            self.key()
        } else {
            code_item(&self.seen)
        };
        let mut after = code_item(&self.record);
        after.insert("write_id".to_owned(), own);
        (
            ItemChanges::between(&before, after).expression(&[]),
            condition,
        )
    }
}

/// The item of a user's codes for one purpose. Times are in milliseconds since 1970, except `ttl`.
/// Nothing in it leads to a code without the server's key.
///
/// | attribute | type | |
/// |---|---|---|
/// | `session_id` | S | the key: `CODE#`, the user's reference, `#` and the purpose |
/// | `version` | N | how often the item was written |
/// | `write_id` | S | the last request for a code |
/// | `ttl` | N | seconds; when DynamoDB may delete the item |
/// | `sent_day`, `sent_count` | N | the messages of the last day on which there was one |
/// | `sent_at` | N | when the last one was sent; if it was |
/// | `code_id` | S | the random id from which the code is derived; this and the following, if there is a code |
/// | `round`, `round_at` | N | counted from 1; when it began |
/// | `tries` | N | of the short form, in the round |
/// | `try_id` | S | the last try; empty before the first one |
/// | `key_name` | B | 8 bytes derived from the server's key |
/// | `email`, `phone` | S | the address that the code is for; for a reset that was asked for by both, both |
/// | `user_created_at` | N | when the user was added; if that is known |
/// | `password_changed_at` | N | when the user's password was set, for a code by which one is set; if it was |
/// | `expires_at` | N | |
/// | `url_template`, `application_name` | S | those of an invitation; if there are any |
/// | `is_returned` | BOOL | whether the code of an invitation was returned instead of sent |
fn code_item(record: &CodeRecord) -> Item {
    let mut item = NewItem(code_key(&record.user_id, record.purpose));
    item.set("version", number(record.version));
    item.set("ttl", number(record.kept_until().as_seconds_up()));
    item.set("sent_day", number(record.sent.day));
    item.set("sent_count", number(record.sent.count));
    item.set("sent_at", record.sent.last_at.map(millis));
    if let Some(active) = &record.active {
        let target = &active.target;
        item.set("code_id", text(active.id.to_string()));
        item.set("round", number(active.round));
        item.set("round_at", millis(active.round_at));
        item.set("tries", number(active.tries));
        item.set("try_id", text(&active.try_id));
        item.set("key_name", bytes(&target.key.0));
        let email = target.email.as_ref();
        item.set("email", email.map(|address| text(address.as_str())));
        let phone = target.phone.as_ref();
        item.set("phone", phone.map(|number| text(number.as_str())));
        item.set("user_created_at", target.user_created_at.map(millis));
        item.set(
            "password_changed_at",
            target.password_changed_at.map(millis),
        );
        item.set("expires_at", millis(active.expires_at));
        if let Some(invitation) = &active.invitation {
            item.set("url_template", invitation.url_template.as_ref().map(text));
            item.set(
                "application_name",
                invitation.application_name.as_ref().map(text),
            );
            item.set("is_returned", AttributeValue::Bool(invitation.is_returned));
        }
    }
    item.0
}

fn parse_code(item: &Item, user: &UserId, purpose: CodePurpose) -> Result<CodeRecord, CorruptItem> {
    let item = Attributes(item);
    Ok(CodeRecord {
        user_id: user.clone(),
        purpose,
        version: item.number("version")?,
        active: item
            .has("code_id")
            .then(|| parse_active(item))
            .transpose()?
            .flatten(),
        sent: SentMessages {
            last_at: item.optional_millis("sent_at")?,
            day: item.number("sent_day")?,
            count: item.number("sent_count")?,
        },
    })
}

/// Reads the code of an item. `None`: it is for an address of a kind that this release doesn't know.
fn parse_active(item: Attributes<'_>) -> Result<Option<ActiveCode>, CorruptItem> {
    let email = item.optional_text("email")?;
    let phone = item.optional_text("phone")?;
    if email.or(phone).is_none() {
        return Ok(None);
    }
    let owned =
        |name| -> Result<_, CorruptItem> { Ok(item.optional_text(name)?.map(str::to_owned)) };
    let invitation = Invitation {
        url_template: owned("url_template")?,
        application_name: owned("application_name")?,
        is_returned: item.flag("is_returned")?,
    };
    Ok(Some(ActiveCode {
        id: CodeId(item.uuid("code_id")?),
        round: item.number("round")?,
        round_at: item.millis("round_at")?,
        tries: item.number("tries")?,
        try_id: item.text("try_id")?.to_owned(),
        target: CodeTarget {
            key: KeyName(item.array("key_name")?),
            email: email.map(|address| EmailAddress::from_stored(address.to_owned())),
            phone: phone.map(|number| PhoneNumber::from_stored(number.to_owned())),
            user_created_at: item.optional_millis("user_created_at")?,
            password_changed_at: item.optional_millis("password_changed_at")?,
        },
        expires_at: item.millis("expires_at")?,
        invitation: item.has("is_returned").then_some(invitation),
    }))
}
