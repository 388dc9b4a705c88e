use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::item::{parse_user, user_key};
use crate::domain::{AttemptPolicy, FoldedName, HashString, Timestamp, User, UserId, WriteId};
use crate::error::Error;
use crate::store::item::{Attributes, millis, number, refused_item, text, update_and_read};
use crate::store::{Store, on_heap};

/// The outcome of reserving an attempt at a password.
#[derive(Debug)]
pub enum ReserveOutcome {
    /// The attempt counts as a failure until [`Store::clear_failures`] forgives it.
    Reserved(User),
    /// Nothing was counted: there is no user under this key, it is not the wanted one, it
    /// is not active or has no password, or the password is locked.
    Refused(Option<User>),
}

impl Store {
    /// Counts an attempt at a password, if the policy allows one, and reads the user.
    ///
    /// One request: the whole policy is the condition of the update that counts the attempt, so
    /// parallel attempts can't exceed it. If the response was lost, the resent update finds its
    /// own `write` and does not count twice. Only if another attempt came in between does it count
    /// twice, which locks earlier, never later.
    pub async fn reserve_attempt(
        &self,
        name: &FoldedName,
        wanted: Option<&UserId>,
        policy: AttemptPolicy,
        write: WriteId,
        now: Timestamp,
    ) -> Result<ReserveOutcome, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .key("pk", user_key(name))
            .expression_attribute_names("#state", "state") // A reserved word.
            .expression_attribute_values(":active", text("active"));
        let (mut update, allowed) = counting_attempt(update, policy, write, now);
        let mut condition =
            format!("#state = :active AND attribute_exists(password_hash) AND {allowed}");
        if let Some(wanted) = wanted {
            condition.push_str(" AND user_id = :user");
            update = update.expression_attribute_values(":user", text(wanted.as_str()));
        }

        let found = update_and_read(update.condition_expression(condition)).await?;
        let Some(found) = found else {
            return Ok(ReserveOutcome::Refused(None));
        };
        let user = parse_user(&found)?;
        let is_own = Attributes(&found).text("write_id")? == write.to_string();
        Ok(if is_own {
            ReserveOutcome::Reserved(user)
        } else {
            ReserveOutcome::Refused(Some(user))
        })
    }

    /// Forgives all failures up to the successful attempt, which is the one that `user` was
    /// reserved with. Attempts that were reserved later stay counted.
    ///
    /// One request. A condition that doesn't hold is success, because then nothing is left to
    /// forgive: a later attempt succeeded, the SDK sent this request twice, or the user was
    /// deleted and added anew.
    pub async fn clear_failures(&self, user: &User) -> Result<(), Error> {
        let update = self
            .update_user(user)
            .update_expression("SET failures = attempts - :made, cleared = :made")
            .condition_expression("user_id = :user AND cleared < :made AND attempts >= :made")
            .expression_attribute_values(":made", number(user.attempts.made));
        send_update(update).await.map(drop)
    }

    /// Replaces a user's password hash by `new`. False: it is no longer the hash of `user`.
    ///
    /// One request.
    pub async fn replace_password_hash(
        &self,
        user: &User,
        new: &HashString,
    ) -> Result<bool, Error> {
        let Some(old) = &user.password_hash else {
            return Ok(false);
        };
        let update = self
            .update_user(user)
            .update_expression("SET password_hash = :new")
            .condition_expression("user_id = :user AND password_hash = :old")
            .expression_attribute_values(":new", text(new.as_str()))
            .expression_attribute_values(":old", text(old.as_str()));
        send_update(update).await
    }

    fn update_user(&self, user: &User) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.users)
            .key("pk", user_key(&user.login_name.folded()))
            .expression_attribute_values(":user", text(user.user_id.as_str()))
    }
}

/// An update that counts an attempt, and the condition that the policy allows one and that it isn't
/// counted already.
pub(super) fn counting_attempt(
    update: UpdateItemFluentBuilder,
    policy: AttemptPolicy,
    write: WriteId,
    now: Timestamp,
) -> (UpdateItemFluentBuilder, String) {
    let mut update = update
        .update_expression(
            "SET attempts = attempts + :one, failures = failures + :one, \
             attempted_at = :now, write_id = :write",
        )
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":now", millis(now))
        .expression_attribute_values(":write", text(write.to_string()));
    let mut windows = Vec::new();
    for (n, window) in policy.windows(now).into_iter().enumerate() {
        let below = number(window.failures_below);
        update = update.expression_attribute_values(format!(":below{n}"), below);
        if let Some(by) = window.attempted_by {
            update = update.expression_attribute_values(format!(":by{n}"), millis(by));
            windows.push(format!("(failures < :below{n} AND attempted_at <= :by{n})"));
        } else {
            windows.push(format!("failures < :below{n}"));
        }
    }
    let condition = format!("write_id <> :write AND ({})", windows.join(" OR "));
    (update, condition)
}

/// Sends an update; false: its condition did not hold.
async fn send_update(update: UpdateItemFluentBuilder) -> Result<bool, Error> {
    match on_heap(update.send()).await {
        Ok(_) => Ok(true),
        Err(error) => refused_item(error).map(|_| false),
    }
}
