use std::fmt::Write as _;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::Store;
use super::failure::failure;
use super::item::{Attributes, Corrupt, Item, millis, number, text};
use crate::domain::{
    AttemptPolicy, Attempts, DisplayName, FoldedName, HashString, LoginName, Timestamp, User,
    UserId, UserPointer, UserRef, WriteId,
};
use crate::error::Error;
use crate::token::user_ref;

/// Starts the keys of logins in the users table.
pub(super) const PREFIX: &str = "LOGIN#";
/// Starts the keys of users, who are found by their ids.
pub(super) const USER_PREFIX: &str = "USER#";

pub(super) fn login_key(name: &FoldedName) -> AttributeValue {
    text(format!("{PREFIX}{}", name.as_str()))
}

pub(super) fn user_key(user: UserRef) -> AttributeValue {
    text(format!("{USER_PREFIX}{user}"))
}

/// What became of the wish to try a password.
#[derive(Debug)]
pub enum ReserveOutcome {
    /// It is counted as a failure already, until [`Store::clear_failures`].
    Reserved(User),
    /// Nothing was counted: there is no such login, it is not the wanted user's, the
    /// user is not active or has no password, or the password is locked.
    Refused(Option<User>),
}

impl Store {
    /// The login with this name: of the user `wanted`, if that is said.
    ///
    /// One request, and one more for a name that has a former key.
    pub async fn get_user_by_login_name(
        &self,
        name: &LoginName,
        wanted: Option<&UserId>,
    ) -> Result<Option<User>, Error> {
        let mut found = None;
        for key in name.keys() {
            if let Some(login) = self.get_user(&key).await? {
                if wanted.is_none_or(|wanted| *wanted == login.user_id) {
                    return Ok(Some(login));
                }
                found = Some(login);
            }
        }
        Ok(found)
    }

    /// The login under this key.
    ///
    /// One request.
    pub async fn get_user(&self, name: &FoldedName) -> Result<Option<User>, Error> {
        let item = self.get_user_item(login_key(name)).await?;
        Ok(item.as_ref().map(parse).transpose()?)
    }

    /// Where to find the login of the user with this id.
    ///
    /// One request.
    pub async fn get_user_pointer(&self, id: &UserId) -> Result<Option<UserPointer>, Error> {
        let item = self.get_user_item(user_key(user_ref(id))).await?;
        let pointer = item.as_ref().map(parse_user).transpose()?;
        Ok(pointer.filter(|pointer| pointer.id == *id))
    }

    async fn get_user_item(&self, key: AttributeValue) -> Result<Option<Item>, Error> {
        let output = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .key("pk", key)
            .consistent_read(true)
            .send()
            .await
            .map_err(failure)?;
        Ok(output.item)
    }

    /// Counts an attempt at a password, if the policy allows one, and reads the login.
    ///
    /// One request: all that speaks against the attempt is a condition of the update
    /// that counts it, so that of attempts that arrive at once no more get through
    /// than the policy allows. Sent again because its answer was lost, it finds its own
    /// `write` in its place and doesn't count twice; only if another attempt came between
    /// the two, it counts once more, on the safe side.
    pub async fn reserve_attempt(
        &self,
        name: &FoldedName,
        wanted: Option<&UserId>,
        policy: AttemptPolicy,
        write: WriteId,
        now: Timestamp,
    ) -> Result<ReserveOutcome, Error> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .key("pk", login_key(name))
            .update_expression(
                "SET attempts = attempts + :one, failures = failures + :one, \
                 attempted_at = :now, write_id = :write",
            )
            .expression_attribute_names("#state", "state") // A reserved word.
            .expression_attribute_values(":active", text("active"))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":write", text(write.to_string()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);

        let mut condition = "#state = :active AND attribute_exists(password_hash) \
                             AND write_id <> :write AND ("
            .to_owned();
        for (n, window) in policy.windows(now).into_iter().enumerate() {
            // Writing to a string can't fail.
            let _ = match window.attempted_by {
                None => write!(condition, "failures < :below{n}"),
                Some(_) => write!(
                    condition,
                    " OR (failures < :below{n} AND attempted_at <= :by{n})"
                ),
            };
            update = update
                .expression_attribute_values(format!(":below{n}"), number(window.failures_below));
            if let Some(by) = window.attempted_by {
                update = update.expression_attribute_values(format!(":by{n}"), millis(by));
            }
        }
        condition.push(')');
        if let Some(wanted) = wanted {
            condition.push_str(" AND user_id = :user");
            update = update.expression_attribute_values(":user", text(wanted.as_str()));
        }

        match update.condition_expression(condition).send().await {
            Ok(output) => {
                let item = output.attributes().ok_or(Corrupt::Attribute("pk"))?;
                Ok(ReserveOutcome::Reserved(parse(item)?))
            }
            Err(error) => match refused(error)? {
                None => Ok(ReserveOutcome::Refused(None)),
                Some(found) => {
                    let login = parse(&found)?;
                    let own = Attributes(&found).text("write_id")? == write.to_string();
                    Ok(if own {
                        ReserveOutcome::Reserved(login)
                    } else {
                        ReserveOutcome::Refused(Some(login))
                    })
                }
            },
        }
    }

    /// Forgives all failures up to the attempt that succeeded, which `login` was
    /// reserved with. Attempts that were reserved later stay counted.
    ///
    /// One request. Nothing to forgive any more is success: a later attempt succeeded,
    /// this was sent twice, or the user was deleted and added anew.
    pub async fn clear_failures(&self, login: &User) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .key("pk", login_key(&login.key()))
            .update_expression("SET failures = attempts - :made, cleared = :made")
            .condition_expression("user_id = :user AND cleared < :made AND attempts >= :made")
            .expression_attribute_values(":made", number(login.attempts.made))
            .expression_attribute_values(":user", text(login.user_id.as_str()))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) => refused(error).map(drop),
        }
    }

    /// Replaces the hash that `login` was read with, if it is still that.
    ///
    /// One request. False: it has changed since then.
    pub async fn replace_password_hash(
        &self,
        login: &User,
        new: &HashString,
    ) -> Result<bool, Error> {
        let Some(old) = &login.password_hash else {
            return Ok(false);
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .key("pk", login_key(&login.key()))
            .update_expression("SET password_hash = :new")
            .condition_expression("user_id = :user AND password_hash = :old")
            .expression_attribute_values(":new", text(new.as_str()))
            .expression_attribute_values(":old", text(old.as_str()))
            .expression_attribute_values(":user", text(login.user_id.as_str()))
            .send()
            .await;
        match update {
            Ok(_) => Ok(true),
            Err(error) => refused(error).map(|_| false),
        }
    }
}

/// The item that an update's condition did not hold for, or the failure that it was.
pub(super) fn refused(
    error: SdkError<UpdateItemError, aws_sdk_dynamodb::config::http::HttpResponse>,
) -> Result<Option<Item>, Error> {
    if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    {
        return Ok(failed.item().cloned());
    }
    Err(failure(error))
}

/// A login that nobody has tried yet.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `LOGIN#` and the folded login name |
/// | `login_name`, `user_id`, `display_name` | S | |
/// | `state` | S | `active`, `inactive` or `locked` |
/// | `password_hash` | S | PHC or modular crypt string; if the user has a password |
/// | `attempts` | N | attempts ever made; only grows |
/// | `cleared` | N | `attempts` at the last success |
/// | `failures` | N | `attempts - cleared` |
/// | `attempted_at` | N | milliseconds; if ever |
/// | `epoch` | S | the session generation: only sessions with the same one are valid |
/// | `write_id` | S | of the last attempt that was reserved |
pub(super) fn item_of(login: &User) -> Item {
    let mut item = Item::from([
        ("pk".into(), login_key(&login.key())),
        ("login_name".into(), text(login.login_name.as_str())),
        ("user_id".into(), text(login.user_id.as_str())),
        ("display_name".into(), text(login.display_name.as_str())),
        ("state".into(), text(login.state.as_str())),
        ("attempts".into(), number(login.attempts.made)),
        ("cleared".into(), number(login.attempts.cleared())),
        ("failures".into(), number(login.attempts.failures)),
        ("write_id".into(), text("none")),
        ("epoch".into(), text(login.generation.to_string())),
    ]);
    if let Some(hash) = &login.password_hash {
        item.insert("password_hash".into(), text(hash.as_str()));
    }
    if let Some(last_at) = login.attempts.last_at {
        item.insert("attempted_at".into(), millis(last_at));
    }
    item
}

pub(super) fn parse(item: &Item) -> Result<User, Corrupt> {
    let item = Attributes(item);
    let hash = item.text_if_any("password_hash")?;
    let login_name = LoginName::stored(item.text("login_name")?.to_owned());
    let former = login_name.former();
    let key = item.text("pk")?.strip_prefix(PREFIX);
    Ok(User {
        under_former_key: former.is_some_and(|former| key == Some(former.as_str())),
        login_name,
        user_id: UserId::parse(item.text("user_id")?.to_owned())?,
        display_name: DisplayName::parse(item.text("display_name")?.to_owned())?,
        state: item.text("state")?.parse()?,
        password_hash: hash.map(|hash| HashString::new(hash.to_owned())),
        attempts: Attempts {
            made: item.number("attempts")?,
            failures: item.number("failures")?,
            last_at: item.millis_if_any("attempted_at")?,
        },
        generation: item.text("epoch")?.parse()?,
    })
}

/// Leads from a user's id to the login, and to the time that its sessions count in.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `USER#` and the first half of the user id's SHA-256 in hexadecimal |
/// | `user_id`, `login_name`, `epoch` | S | those of the login |
pub(super) fn user_item_of(login: &User) -> Item {
    Item::from([
        ("pk".into(), user_key(user_ref(&login.user_id))),
        ("user_id".into(), text(login.user_id.as_str())),
        ("login_name".into(), text(login.login_name.as_str())),
        ("epoch".into(), text(login.generation.to_string())),
    ])
}

pub(super) fn parse_user(item: &Item) -> Result<UserPointer, Corrupt> {
    let item = Attributes(item);
    Ok(UserPointer {
        id: UserId::parse(item.text("user_id")?.to_owned())?,
        login_name: LoginName::stored(item.text("login_name")?.to_owned()),
        generation: item.text("epoch")?.parse()?,
    })
}
