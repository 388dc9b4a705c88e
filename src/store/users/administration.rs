use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::item::{pointer_key, user_key};
use crate::domain::{HashString, SessionGeneration, SessionId, User, UserRef, UserState};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{number, text};
use crate::store::sessions::session_key;
use crate::store::transactions::{is_condition_failure, update_item};

/// The outcome of setting a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetPasswordOutcome {
    Done,
    /// The user was renamed or deleted since it was read, or has another session generation: another
    /// password, another state, or a logout.
    UserChanged,
    /// The session that was to be kept has ended, or is none in which this user was proved in the
    /// user's generation.
    SessionEnded,
}

/// What an administrator does to a user who keeps the login name.
///
/// Each function is one request. It writes on the condition that the item still is that of `user`;
/// false: that user was renamed or deleted since it was read.
impl Store {
    /// Sets the state of a user, and ends all sessions in which a user was proved who is not active.
    /// False also if the state is no longer that of `user`.
    pub async fn set_user_state(&self, user: &User, state: UserState) -> Result<bool, Error> {
        let update = self
            .update_in_transaction(user)
            .condition_expression("user_id = :user AND #state = :seen")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":seen", text(user.state.as_str()));
        if state == UserState::Active {
            let update = update.update_expression("SET #state = :state");
            return self.transact(vec![update_item(update)?]).await;
        }
        let update = update.update_expression("SET #state = :state, epoch = :epoch");
        self.update_and_end_sessions(user, update).await
    }

    /// Unlocks a user whom an administrator or too many wrong passwords locked. False also if
    /// the user is neither active nor locked.
    pub async fn unlock_user(&self, user: &User) -> Result<bool, Error> {
        let update = self
            .update_in_transaction(user)
            .update_expression("SET #state = :active, failures = :none, cleared = attempts")
            .condition_expression("user_id = :user AND #state IN (:active, :locked)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":active", text(UserState::Active.as_str()))
            .expression_attribute_values(":locked", text(UserState::Locked.as_str()))
            .expression_attribute_values(":none", number(0));
        self.transact(vec![update_item(update)?]).await
    }

    /// Sets a user's password, forgives the failures at the old one, and ends all sessions in which
    /// the user was proved, but for `kept`. The user must still be of the generation of `user`, so
    /// that a password which was checked, or a state that was read, is not that of another time.
    ///
    /// One transaction. It gives `kept` the user's next session generation and increases its
    /// sequence, and changes nothing else of it: its token stays. The session must be of the user's
    /// former generation. So it takes no check of the former password that was made before and is
    /// written after: a set sees another sequence, reads the session again, and finds its check of
    /// another generation.
    pub async fn set_password_hash(
        &self,
        user: &User,
        hash: &HashString,
        kept: Option<SessionId>,
    ) -> Result<SetPasswordOutcome, Error> {
        let update = self
            .update_in_transaction(user)
            .update_expression(
                "SET password_hash = :hash, failures = :none, cleared = attempts, epoch = :epoch",
            )
            .condition_expression("user_id = :user AND epoch = :former")
            .expression_attribute_values(":former", text(user.generation.to_string()))
            .expression_attribute_values(":hash", text(hash.as_str()))
            .expression_attribute_values(":none", number(0));
        let generation = SessionGeneration::generate();
        let mut items = self.next_generation(user, update, generation)?;
        if let Some(id) = kept {
            items.push(update_item(self.keep_session(id, user, generation))?);
        }
        let refused = self.try_transact(items).await?;
        Ok(match refused.as_deref() {
            None => SetPasswordOutcome::Done,
            Some([user, pointer, ..]) if [user, pointer].into_iter().any(is_condition_failure) => {
                SetPasswordOutcome::UserChanged
            }
            Some(_) => SetPasswordOutcome::SessionEnded,
        })
    }

    /// Ends all sessions in which a user was proved, including those that are being created at the
    /// same time.
    pub async fn end_sessions(&self, user: &User) -> Result<bool, Error> {
        let update = self
            .update_in_transaction(user)
            .update_expression("SET epoch = :epoch")
            .condition_expression("user_id = :user");
        self.update_and_end_sessions(user, update).await
    }

    /// Carries out `update`, which sets `:epoch`, with [`Self::next_generation`].
    async fn update_and_end_sessions(
        &self,
        user: &User,
        update: UpdateBuilder,
    ) -> Result<bool, Error> {
        let items = self.next_generation(user, update, SessionGeneration::generate())?;
        self.transact(items).await
    }

    /// The writes of `update`, which sets `:epoch`, and of the same new session generation to the
    /// user's pointer: in one transaction, so that either both items change, or neither.
    ///
    /// A session in which the user was proved has the generation of the user's item on which the
    /// proof was checked, and is valid only while the pointer has the same one. So this ends also a
    /// session whose user was read before this write and which is stored after it.
    fn next_generation(
        &self,
        user: &User,
        update: UpdateBuilder,
        generation: SessionGeneration,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let generation = text(generation.to_string());
        let update = update.expression_attribute_values(":epoch", generation.clone());
        let pointer = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", pointer_key(UserRef::from(&user.user_id)))
            .update_expression("SET epoch = :epoch")
            .condition_expression("user_id = :user AND login_name = :name")
            .expression_attribute_values(":epoch", generation)
            .expression_attribute_values(":user", text(user.user_id.as_str()))
            .expression_attribute_values(":name", text(user.login_name.as_str()));
        Ok(vec![update_item(update)?, update_item(pointer)?])
    }

    /// An update that takes a session of `user` along to another generation.
    ///
    /// The sequence grows without an entry among the session's last writes, as it does at its end:
    /// those are of the writes that saw a sequence and were carried out, and this one is conditioned
    /// on none.
    fn keep_session(
        &self,
        id: SessionId,
        user: &User,
        generation: SessionGeneration,
    ) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_key(id)))
            .update_expression("SET epoch = :epoch, #sequence = #sequence + :one")
            .condition_expression(
                "user_id = :user AND epoch = :former AND attribute_not_exists(ended_at)",
            )
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":epoch", text(generation.to_string()))
            .expression_attribute_values(":former", text(user.generation.to_string()))
            .expression_attribute_values(":user", text(user.user_id.as_str()))
            .expression_attribute_values(":one", number(1))
    }

    /// An update of the user's item, with the user's id as `:user` for its condition: since the
    /// user was read, the login name may have become another user's.
    fn update_in_transaction(&self, user: &User) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.users)
            .key("pk", user_key(&user.login_name.folded()))
            .expression_attribute_values(":user", text(user.user_id.as_str()))
    }
}
