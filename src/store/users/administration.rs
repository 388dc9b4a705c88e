use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use super::item::{pointer_key, user_key};
use crate::domain::{HashString, SessionGeneration, User, UserRef, UserState};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{number, text};
use crate::store::transactions::update_item;

/// What an administrator does to a user who keeps the login name.
///
/// Each function is one request. It writes on the condition that the item still is that of `user`;
/// false: that user was renamed or deleted since it was read.
impl Store {
    /// Sets the state of a user, and ends all sessions of a user who is not active. False also
    /// if the state is no longer that of `user`.
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

    /// Sets a user's password, forgives the failures at the old one, and ends all sessions of
    /// the user.
    pub async fn set_password_hash(&self, user: &User, hash: &HashString) -> Result<bool, Error> {
        let update = self
            .update_in_transaction(user)
            .update_expression(
                "SET password_hash = :hash, failures = :none, cleared = attempts, epoch = :epoch",
            )
            .condition_expression("user_id = :user")
            .expression_attribute_values(":hash", text(hash.as_str()))
            .expression_attribute_values(":none", number(0));
        self.update_and_end_sessions(user, update).await
    }

    /// Ends all sessions of a user, including those that are being created at the same time.
    pub async fn end_sessions(&self, user: &User) -> Result<bool, Error> {
        let update = self
            .update_in_transaction(user)
            .update_expression("SET epoch = :epoch")
            .condition_expression("user_id = :user");
        self.update_and_end_sessions(user, update).await
    }

    /// Carries out `update`, which sets `:epoch`, and gives the user's pointer the same new
    /// session generation: either both items change, or neither.
    ///
    /// A session keeps the generation of the user's item from which its user was read, and is valid
    /// only while the pointer has the same one. So this ends also a session whose user was read
    /// before this write and which is stored after it.
    async fn update_and_end_sessions(
        &self,
        user: &User,
        update: UpdateBuilder,
    ) -> Result<bool, Error> {
        let generation = text(SessionGeneration::generate().to_string());
        let update = update.expression_attribute_values(":epoch", generation.clone());
        let pointer = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", pointer_key(UserRef::from(&user.user_id)))
            .update_expression("SET epoch = :epoch")
            .condition_expression("user_id = :user AND login_name = :name")
            .expression_attribute_values(":epoch", generation)
            .expression_attribute_values(":user", text(user.user_id.as_str()))
            .expression_attribute_values(":name", text(user.login_name.as_str()));
        self.transact(vec![update_item(update)?, update_item(pointer)?])
            .await
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
