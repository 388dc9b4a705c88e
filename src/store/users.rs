use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::Store;
use super::failure::failure;
use super::item::{Item, number, text};
use super::logins::{PREFIX, item_of, login_key, parse, user_item_of, user_key};
use super::transactions::{Cancelled, busy, is_condition, item};
use crate::domain::{FoldedName, HashString, LoginName, User, UserState};
use crate::error::Error;
use crate::token::{generate_session_generation, user_ref};

/// What became of a user who was to be added.
#[derive(Debug)]
pub enum InsertOutcome {
    Inserted,
    /// Somebody has the login name, or the user id, or both.
    Taken {
        login_name: Option<Box<User>>,
        user_id: bool,
    },
}

impl Store {
    /// Adds a user: both items, or none of them.
    ///
    /// One request, of two items.
    pub async fn insert_user(&self, login: &User) -> Result<InsertOutcome, Error> {
        let put = |item: Item| {
            Put::builder()
                .table_name(&self.tables.users)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|error| Error::Internal(error.into()))
        };
        let mut items = vec![put(item_of(login))?, put(user_item_of(login))?];
        items.extend(self.nobody_by_former_spellings(&login.login_name, Some(&login.key()))?);
        match self.transact(items).await {
            Ok(()) => Ok(InsertOutcome::Inserted),
            Err(Cancelled::Failed(error)) => Err(error),
            Err(Cancelled::Reasons(reasons)) => {
                let taken: Vec<_> = reasons.iter().map(is_condition).collect();
                if !taken.contains(&true) {
                    return Err(busy(&reasons));
                }
                // The second one is the user's own item, all others are logins.
                let of_logins = reasons.iter().enumerate().filter(|(n, _)| *n != 1);
                let holder = of_logins.into_iter().find_map(|(_, reason)| reason.item());
                Ok(InsertOutcome::Taken {
                    login_name: holder.map(parse).transpose()?.map(Box::new),
                    user_id: taken.get(1) == Some(&true),
                })
            }
        }
    }

    /// Deletes a user as it was read: both items, or none of them. False: somebody
    /// renamed or deleted the user since then.
    pub async fn delete_user(&self, login: &User) -> Result<bool, Error> {
        let delete = |key| {
            Delete::builder()
                .table_name(&self.tables.users)
                .key("pk", key)
        };
        let login_item = delete(login_key(&login.key()))
            .condition_expression("user_id = :user")
            .expression_attribute_values(":user", text(login.user_id.as_str()))
            .build();
        let user_item = delete(user_key(user_ref(&login.user_id)))
            .condition_expression("login_name = :name")
            .expression_attribute_values(":name", text(login.login_name.as_str()))
            .build();
        let items = [login_item, user_item].map(|item| {
            item.map(|delete| TransactWriteItem::builder().delete(delete).build())
                .map_err(|error| Error::Internal(error.into()))
        });
        let [login_item, user_item] = items;
        self.changed(vec![login_item?, user_item?]).await
    }

    /// Gives a user, as it was read, another login name: a login moves to another key
    /// with all that was counted, or nothing happens. False: the login has changed
    /// since it was read, or somebody has the name.
    pub async fn rename_user(&self, login: &User, name: LoginName) -> Result<bool, Error> {
        let (old, new) = (login.key(), name.folded());
        let nobody_else = self.nobody_by_former_spellings(&name, Some(&old))?;
        let internal = |error: aws_sdk_dynamodb::error::BuildError| Error::Internal(error.into());
        let unchanged = "user_id = :user AND login_name = :name AND attempts = :attempts \
                         AND failures = :failures AND epoch = :epoch";
        let renamed = User {
            login_name: name,
            under_former_key: false,
            ..login.clone()
        };
        let point = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", user_key(user_ref(&login.user_id)))
            .update_expression("SET login_name = :new")
            .condition_expression("login_name = :name")
            .expression_attribute_values(":new", text(renamed.login_name.as_str()))
            .expression_attribute_values(":name", text(login.login_name.as_str()))
            .build()
            .map_err(internal)?;
        let point = TransactWriteItem::builder().update(point).build();
        let hash = login.password_hash.as_ref();
        let hash = hash.map_or_else(
            || "attribute_not_exists(password_hash)",
            |_| "password_hash = :hash",
        );
        let unchanged = format!("{unchanged} AND #state = :state AND {hash}");
        let mut seen: HashMap<_, _> = [
            (":user", text(login.user_id.as_str())),
            (":name", text(login.login_name.as_str())),
            (":attempts", number(login.attempts.made)),
            (":failures", number(login.attempts.failures)),
            (":state", text(login.state.as_str())),
            (":epoch", text(login.generation.to_string())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(hash) = &login.password_hash {
            seen.insert(":hash".to_owned(), text(hash.as_str()));
        }

        if old == new {
            seen.insert(":new".to_owned(), text(renamed.login_name.as_str()));
            let respell = Update::builder()
                .table_name(&self.tables.users)
                .key("pk", login_key(&old))
                .update_expression("SET login_name = :new")
                .condition_expression(unchanged)
                .expression_attribute_names("#state", "state")
                .set_expression_attribute_values(Some(seen))
                .build()
                .map_err(internal)?;
            let respell = TransactWriteItem::builder().update(respell).build();
            let items = [respell, point].into_iter().chain(nobody_else);
            return self.changed(items.collect()).await;
        }
        let delete = Delete::builder()
            .table_name(&self.tables.users)
            .key("pk", login_key(&old))
            .condition_expression(unchanged)
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(seen))
            .build()
            .map_err(internal)?;
        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(item_of(&renamed)))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(internal)?;
        let items = [
            TransactWriteItem::builder().delete(delete).build(),
            TransactWriteItem::builder().put(put).build(),
            point,
        ];
        self.changed(items.into_iter().chain(nobody_else).collect())
            .await
    }

    /// Conditions of a transaction that gives somebody `name`: nobody is stored who has it in a
    /// form of before, but under the key `own`.
    fn nobody_by_former_spellings(
        &self,
        name: &LoginName,
        own: Option<&FoldedName>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let keys = name.former_spellings().into_iter();
        let others = keys.filter(|key| own != Some(key));
        let check = |key: FoldedName| {
            ConditionCheck::builder()
                .table_name(&self.tables.users)
                .key("pk", login_key(&key))
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map(|check| TransactWriteItem::builder().condition_check(check).build())
                .map_err(|error| Error::Internal(error.into()))
        };
        others.map(check).collect()
    }

    /// Lets a user in or keeps it out; whoever is kept out loses all sessions as well.
    /// False: the state is no longer the one that `login` was read with, or the user was
    /// renamed or deleted.
    ///
    /// One request.
    pub async fn set_user_state(&self, login: &User, state: UserState) -> Result<bool, Error> {
        let change = self
            .login_update(login)
            .condition_expression("user_id = :user AND #state = :seen")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":seen", text(login.state.as_str()));
        if state == UserState::Active {
            let update = change.update_expression("SET #state = :state");
            return self.changed(vec![item(update)?]).await;
        }
        let update = change.update_expression("SET #state = :state, epoch = :epoch");
        self.end_sessions_with(login, update).await
    }

    /// Lets a user in again whom an administrator or too many wrong passwords locked.
    /// A user who was deactivated stays so. False: the user is inactive, or was renamed
    /// or deleted since `login` was read.
    pub async fn unlock_user(&self, login: &User) -> Result<bool, Error> {
        let update = self
            .login_update(login)
            .update_expression("SET #state = :active, failures = :none, cleared = attempts")
            .condition_expression("user_id = :user AND #state <> :inactive")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":active", text(UserState::Active.as_str()))
            .expression_attribute_values(":inactive", text(UserState::Inactive.as_str()))
            .expression_attribute_values(":none", number(0));
        self.changed(vec![item(update)?]).await
    }

    /// Sets a password, forgives the failures at the old one, and ends all sessions of the
    /// user. False: the user was renamed or deleted since `login` was read.
    pub async fn set_password_hash(&self, login: &User, hash: &HashString) -> Result<bool, Error> {
        let update = self
            .login_update(login)
            .update_expression(
                "SET password_hash = :hash, failures = :none, cleared = attempts, epoch = :epoch",
            )
            .condition_expression("user_id = :user")
            .expression_attribute_values(":hash", text(hash.as_str()))
            .expression_attribute_values(":none", number(0));
        self.end_sessions_with(login, update).await
    }

    /// Ends all sessions of a user, those that are being made included. False: the user was
    /// renamed or deleted since `login` was read.
    ///
    /// One request.
    pub async fn end_sessions(&self, login: &User) -> Result<bool, Error> {
        let update = self
            .login_update(login)
            .update_expression("SET epoch = :epoch")
            .condition_expression("user_id = :user");
        self.end_sessions_with(login, update).await
    }

    /// Carries out `update`, in which `:epoch` is another session generation, and has the user's own item
    /// name it too: both, or neither. A session counts while both its epoch and the user's
    /// are one, so that from then on none does that was made from the login as it was.
    async fn end_sessions_with(&self, login: &User, update: UpdateBuilder) -> Result<bool, Error> {
        let generation = text(generate_session_generation().to_string());
        let update = update.expression_attribute_values(":epoch", generation.clone());
        let user = Update::builder()
            .table_name(&self.tables.users)
            .key("pk", user_key(user_ref(&login.user_id)))
            .update_expression("SET epoch = :epoch")
            .condition_expression("user_id = :user AND login_name = :name")
            .expression_attribute_values(":epoch", generation)
            .expression_attribute_values(":user", text(login.user_id.as_str()))
            .expression_attribute_values(":name", text(login.login_name.as_str()));
        self.changed(vec![item(update)?, item(user)?]).await
    }

    /// Hands all users to `each`, in no order, until it fails.
    ///
    /// Reads the whole users table: for operators, never for a call.
    pub async fn scan_users<E: From<Error>>(
        &self,
        mut each: impl FnMut(User) -> Result<(), E>,
    ) -> Result<(), E> {
        self.scan_users_table(PREFIX, |item| each(parse(item).map_err(Error::from)?))
            .await
    }

    /// Hands all items whose key begins with `prefix` to `each`.
    pub(super) async fn scan_users_table<E: From<Error>>(
        &self,
        prefix: &str,
        mut each: impl FnMut(&Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.tables.users)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for item in page.map_err(failure)?.items() {
                each(item)?;
            }
        }
        Ok(())
    }

    /// An update whose condition has the user's id as `:user`, because the name may be
    /// somebody else's by then.
    fn login_update(&self, login: &User) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.users)
            .key("pk", login_key(&login.key()))
            .expression_attribute_values(":user", text(login.user_id.as_str()))
    }
}
