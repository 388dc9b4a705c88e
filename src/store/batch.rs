use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::Store;
use super::failure::failure;
use super::item::{Item, millis, text};
use super::logins::{parse_user, user_key};
use super::sessions::{key, parse};
use crate::domain::{Session, SessionId, Timestamp, UserId, UserPointer, UserRef};
use crate::error::Error;
use crate::token::user_ref;

/// Keys of one `BatchGetItem`.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const MAX_KEYS: usize = 100;
/// What a batch leaves, for lack of throughput or because the answer would be over 16 MB, is
/// asked for again so many times.
const ROUNDS: usize = 4;

/// Sessions, and users.
#[derive(Debug, Default)]
pub struct SessionsAndUsers {
    pub sessions: Vec<Session>,
    pub users: HashMap<UserRef, UserPointer>,
}

/// Which sessions of a user's are listed, and how.
#[derive(Clone, Copy, Debug)]
pub struct SessionQuery {
    /// Of the creation date, both ends included.
    pub created: [Timestamp; 2],
    /// The oldest first; else the newest.
    pub ascending: bool,
    /// More are not looked at.
    pub max: usize,
}

impl Store {
    /// A session as it is stored, valid or not, and its user (None: it has no user, or the
    /// user was deleted).
    ///
    /// One request where `user` is the session's own or it has none; else two.
    pub async fn get_session_and_user(
        &self,
        id: SessionId,
        user: Option<UserRef>,
    ) -> Result<Option<(Session, Option<UserPointer>)>, Error> {
        let (session, mut users) = if user.is_some() {
            let read = self.get_sessions_and_users(&[id], user.as_slice()).await?;
            (read.sessions.into_iter().next(), read.users)
        } else {
            (self.get_session(id).await?, HashMap::new())
        };
        let Some(session) = session else {
            return Ok(None);
        };
        let Some(own) = session.user.as_ref().map(|user| user_ref(&user.user_id)) else {
            return Ok(Some((session, None)));
        };
        if !users.contains_key(&own) && user != Some(own) {
            users = self.get_sessions_and_users(&[], &[own]).await?.users;
        }
        Ok(Some((session, users.remove(&own))))
    }

    /// Those of the sessions that are stored, valid or not, and of the users those that there
    /// are.
    ///
    /// One request for a hundred keys. Each item is read strongly consistent; they are not
    /// read at one instant.
    pub async fn get_sessions_and_users(
        &self,
        sessions: &[SessionId],
        users: &[UserRef],
    ) -> Result<SessionsAndUsers, Error> {
        let sessions = sessions.iter().map(|&id| (&self.tables.sessions, key(id)));
        let users = users.iter().map(|&user| {
            let key = Item::from([("pk".to_owned(), user_key(user))]);
            (&self.tables.users, key)
        });
        let keys: Vec<_> = sessions.chain(users).collect();
        let mut read = SessionsAndUsers::default();
        for keys in keys.chunks(MAX_KEYS) {
            self.get_batch(keys, &mut read).await?;
        }
        Ok(read)
    }

    async fn get_batch(
        &self,
        keys: &[(&String, Item)],
        read: &mut SessionsAndUsers,
    ) -> Result<(), Error> {
        let mut wanted: HashMap<String, Vec<Item>> = HashMap::new();
        for (table, key) in keys {
            wanted
                .entry((*table).clone())
                .or_default()
                .push(key.clone());
        }
        for _ in 0..ROUNDS {
            let output = self
                .client
                .batch_get_item()
                .set_request_items(Some(requests(wanted)?))
                .send()
                .await
                .map_err(failure)?;
            for (table, items) in output.responses.unwrap_or_default() {
                for item in &items {
                    if table == self.tables.sessions {
                        read.sessions.push(parse(item)?);
                    } else {
                        let user = parse_user(item)?;
                        read.users.insert(user_ref(&user.id), user);
                    }
                }
            }
            let left = output.unprocessed_keys.unwrap_or_default().into_iter();
            wanted = left.map(|(table, left)| (table, left.keys)).collect();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        Err(Error::Unavailable("a batch was not read whole".into()))
    }

    /// The ids of a user's sessions, in the order of their creation.
    ///
    /// A request for each megabyte of index. The index is behind the table by a moment, and
    /// knows nothing of expiry: whoever lists reads the sessions themselves.
    pub async fn query_session_ids(
        &self,
        user: &UserId,
        query: SessionQuery,
    ) -> Result<Vec<SessionId>, Error> {
        let [from, to] = query.created;
        if from > to {
            return Ok(Vec::new());
        }
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.sessions)
            .index_name("by_user")
            .key_condition_expression("user_id = :user AND created_at BETWEEN :from AND :to")
            .expression_attribute_values(":user", text(user.as_str()))
            .expression_attribute_values(":from", millis(from))
            .expression_attribute_values(":to", millis(to))
            .scan_index_forward(query.ascending)
            .limit(i32::try_from(query.max).unwrap_or(i32::MAX))
            .into_paginator()
            .send();
        let mut ids = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(failure)?.items() {
                if let Some(AttributeValue::S(id)) = item.get("session_id") {
                    ids.extend(id.parse::<SessionId>().ok());
                }
            }
            if ids.len() >= query.max {
                break;
            }
        }
        ids.truncate(query.max);
        Ok(ids)
    }
}

fn requests(
    wanted: HashMap<String, Vec<Item>>,
) -> Result<HashMap<String, KeysAndAttributes>, Error> {
    let request = |(table, keys)| {
        let of_table = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        Ok((table, of_table))
    };
    wanted.into_iter().map(request).collect()
}
