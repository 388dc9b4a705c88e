use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::item::{parse_user, pointer_item, pointer_key, user_item, user_key};
use crate::domain::{LoginName, User, UserRef};
use crate::error::Error;
use crate::store::Store;
use crate::store::item::{Item, ItemChanges, text};
use crate::store::transactions::{is_condition_failure, update_item};

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

/// Writes that assign or release a login name. Each is one transaction, which writes both the user's
/// item and the pointer to it.
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
        let Some(reasons) = self.try_transact(items).await? else {
            return Ok(InsertOutcome::Inserted);
        };
        // The first item is the user's, the second one the pointer.
        let holder = reasons.first().and_then(|reason| reason.item());
        Ok(InsertOutcome::Taken {
            login_name: holder.map(parse_user).transpose()?.map(Box::new),
            user_id: reasons.get(1).is_some_and(is_condition_failure),
        })
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

    /// Gives a user another login name. False: the user was renamed or deleted, or the item has
    /// changed while this read it, or another user has the name.
    ///
    /// Two requests. The user's item moves to the key of the new name with all that it has, and the
    /// write's condition is that it still is what was read: attempts, too, are counted there.
    pub async fn rename_user(&self, user: &User, name: LoginName) -> Result<bool, Error> {
        let (old_key, new_key) = (user.login_name.folded(), name.folded());
        let Some(stored) = self.get_users_table_item(user_key(&old_key)).await? else {
            return Ok(false);
        };
        let seen = parse_user(&stored)?;
        if seen.user_id != user.user_id {
            return Ok(false);
        }
        let pointer = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", pointer_key(UserRef::from(&user.user_id)))
            .update_expression("SET login_name = :new")
            .condition_expression("login_name = :name")
            .expression_attribute_values(":new", text(name.as_str()))
            .expression_attribute_values(":name", text(seen.login_name.as_str()));
        let (unchanged, names, values) = is_still(&stored);
        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(renamed(stored, &seen, name)));
        let mut items = if old_key == new_key {
            let put = put
                .condition_expression(unchanged)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values));
            vec![TransactWriteItem::builder().put(put.build()?).build()]
        } else {
            let delete = Delete::builder()
                .table_name(&self.tables.users)
                .key("pk", user_key(&old_key))
                .condition_expression(unchanged)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values))
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

/// The item of `user`, which is `stored`, with another login name.
fn renamed(mut stored: Item, user: &User, name: LoginName) -> Item {
    let renamed = User {
        login_name: name,
        ..user.clone()
    };
    // A copy of the former name is no display name.
    if user.display_name.is_none() {
        stored.remove("display_name");
    }
    ItemChanges::between(&user_item(user), user_item(&renamed)).apply_to(&mut stored);
    stored
}

/// The condition that an item is still what was read, with its names and values.
fn is_still(read: &Item) -> (String, HashMap<String, String>, Item) {
    let (mut names, mut values) = (HashMap::new(), Item::new());
    let mut conditions = Vec::new();
    for (n, (name, value)) in read.iter().enumerate() {
        conditions.push(format!("#n{n} = :v{n}"));
        names.insert(format!("#n{n}"), name.clone());
        values.insert(format!(":v{n}"), value.clone());
    }
    // A password that was set since is lost if this doesn't look for one.
    if !read.contains_key("password_hash") {
        conditions.push("attribute_not_exists(password_hash)".to_owned());
    }
    (conditions.join(" AND "), names, values)
}
