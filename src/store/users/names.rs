use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::item::{parse_user, pointer_item, pointer_key, user_item, user_key};
use crate::domain::{LoginName, User, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{Item, number, text};
use crate::store::transactions::{
    TransactionError, is_condition_failure, unavailable, update_item,
};

/// The outcome of adding a user.
#[derive(Debug)]
pub enum InsertOutcome {
    Inserted,
    /// Another user has the login name, the user id or both.
    Taken {
        /// The user who has the login name, if it is taken.
        login_name: Option<Box<User>>,
        /// Whether the user id is taken.
        user_id: bool,
    },
}

/// Writes that assign or release a login name. Each is one request, a transaction that writes both
/// the user's item and the pointer to it.
impl Store {
    /// Adds a user.
    pub async fn insert_user(&self, user: &User) -> Result<InsertOutcome, Error> {
        let put = |item: Item| -> Result<_, Error> {
            let put = Put::builder()
                .table_name(&self.tables.users)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()?;
            Ok(TransactWriteItem::builder().put(put).build())
        };
        let items = vec![put(user_item(user))?, put(pointer_item(user))?];
        match self.try_transact(items).await {
            Ok(()) => Ok(InsertOutcome::Inserted),
            Err(TransactionError::Failed(error)) => Err(error),
            Err(TransactionError::Cancelled(reasons)) => {
                let taken: Vec<_> = reasons.iter().map(is_condition_failure).collect();
                if !taken.contains(&true) {
                    return Err(unavailable(&reasons));
                }
                // The first item is the user's, the second one the pointer.
                let holder = reasons.first().and_then(|reason| reason.item());
                Ok(InsertOutcome::Taken {
                    login_name: holder.map(parse_user).transpose()?.map(Box::new),
                    user_id: taken.get(1) == Some(&true),
                })
            }
        }
    }

    /// Deletes a user. False: the user was renamed or deleted since `user` was read.
    pub async fn delete_user(&self, user: &User) -> Result<bool, Error> {
        let delete = |key| {
            Delete::builder()
                .table_name(&self.tables.users)
                .key("pk", key)
        };
        let user_delete = delete(user_key(&user.login_name.folded()))
            .condition_expression("user_id = :user")
            .expression_attribute_values(":user", text(user.user_id.as_str()));
        let pointer_delete = delete(pointer_key(UserRef::from(&user.user_id)))
            .condition_expression("login_name = :name")
            .expression_attribute_values(":name", text(user.login_name.as_str()));
        let mut items = Vec::new();
        for delete in [user_delete, pointer_delete] {
            items.push(TransactWriteItem::builder().delete(delete.build()?).build());
        }
        self.transact(items).await
    }

    /// Gives a user another login name. False: the user's item has changed since `user` was
    /// read, or another user has the name.
    ///
    /// The user's item is written whole, under the key of the new name, with all attempts that were
    /// counted; so the write's condition covers everything that this could overwrite.
    pub async fn rename_user(&self, user: &User, name: LoginName) -> Result<bool, Error> {
        let (old_key, new_key) = (user.login_name.folded(), name.folded());
        let renamed = User {
            login_name: name,
            ..user.clone()
        };
        let pointer = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", pointer_key(UserRef::from(&user.user_id)))
            .update_expression("SET login_name = :new")
            .condition_expression("login_name = :name")
            .expression_attribute_values(":new", text(renamed.login_name.as_str()))
            .expression_attribute_values(":name", text(user.login_name.as_str()));
        let mut unchanged = "user_id = :user AND login_name = :name AND attempts = :attempts \
                             AND failures = :failures AND epoch = :epoch AND #state = :state"
            .to_owned();
        let mut seen: HashMap<_, _> = [
            (":user", text(user.user_id.as_str())),
            (":name", text(user.login_name.as_str())),
            (":attempts", number(user.attempts.made)),
            (":failures", number(user.attempts.failures)),
            (":state", text(user.state.as_str())),
            (":epoch", text(user.generation.to_string())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        match &user.password_hash {
            None => unchanged.push_str(" AND attribute_not_exists(password_hash)"),
            Some(hash) => {
                unchanged.push_str(" AND password_hash = :hash");
                seen.insert(":hash".to_owned(), text(hash.as_str()));
            }
        }

        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(user_item(&renamed)));
        let mut items = if old_key == new_key {
            let put = put
                .condition_expression(unchanged)
                .expression_attribute_names("#state", "state")
                .set_expression_attribute_values(Some(seen));
            vec![TransactWriteItem::builder().put(put.build()?).build()]
        } else {
            let delete = Delete::builder()
                .table_name(&self.tables.users)
                .key("pk", user_key(&old_key))
                .condition_expression(unchanged)
                .expression_attribute_names("#state", "state")
                .set_expression_attribute_values(Some(seen))
                .build()?;
            let put = put.condition_expression("attribute_not_exists(pk)");
            vec![
                TransactWriteItem::builder().delete(delete).build(),
                TransactWriteItem::builder().put(put.build()?).build(),
            ]
        };
        items.push(update_item(pointer)?);
        self.transact(items).await
    }
}
