use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::item::Item;
use super::sessions::{parse_session, session_key};
use super::users::{parse_pointer, pointer_key, users_table_key};
use super::{Store, on_heap};
use crate::aws::failure;
use crate::domain::{Session, SessionId, UserPointer, UserRef};
use crate::error::Error;

/// The maximum number of keys of one `BatchGetItem`.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const MAX_KEYS: usize = 100;
/// How many requests one batch may take. DynamoDB leaves keys unprocessed if throughput is
/// lacking or the answer would be over 16 MB; the next request asks for those again.
const MAX_ROUNDS: usize = 4;

/// Sessions, and the pointers of users by their [`UserRef`].
#[derive(Debug, Default)]
pub struct SessionsAndUsers {
    pub sessions: Vec<Session>,
    pub users: HashMap<UserRef, UserPointer>,
}

impl Store {
    /// A stored session, valid or not, and the pointer of its user, if it has one who was not
    /// deleted.
    ///
    /// One request if the session has no user or its user is `user`; else two.
    pub async fn get_session_and_user(
        &self,
        id: SessionId,
        user: Option<UserRef>,
    ) -> Result<Option<(Session, HashMap<UserRef, UserPointer>)>, Error> {
        let (session, mut users) = if user.is_some() {
            let read = self.get_sessions_and_users(&[id], user.as_slice()).await?;
            (read.sessions.into_iter().next(), read.users)
        } else {
            (self.get_session(id).await?, HashMap::new())
        };
        let Some(session) = session else {
            return Ok(None);
        };
        if let Some(own) = session.factors.user_ref()
            && user != Some(own)
        {
            users = self.get_sessions_and_users(&[], &[own]).await?.users;
        }
        Ok(Some((session, users)))
    }

    /// Reads those of the given sessions and user pointers that exist. Sessions may be invalid.
    ///
    /// One request for a hundred keys. Each item is read strongly consistent, but the items are
    /// not read at one instant.
    pub async fn get_sessions_and_users(
        &self,
        sessions: &[SessionId],
        users: &[UserRef],
    ) -> Result<SessionsAndUsers, Error> {
        let sessions = sessions
            .iter()
            .map(|&id| (self.tables.sessions.clone(), session_key(id)));
        let users = users.iter().map(|&user| {
            let key = users_table_key(pointer_key(user));
            (self.tables.users.clone(), key)
        });
        let keys: Vec<_> = sessions.chain(users).collect();
        let mut read = SessionsAndUsers::default();
        for (table, item) in self.get_items(&keys).await? {
            if table == self.tables.sessions {
                read.sessions.push(parse_session(&item)?);
            } else {
                let user = parse_pointer(&item)?;
                read.users.insert(UserRef::from(&user.id), user);
            }
        }
        Ok(read)
    }

    /// Reads those of the given items that exist, each with its table, in no order.
    ///
    /// One request for a hundred keys, two of them at once. Each item is read strongly consistent,
    /// but the items are not read at one instant.
    pub(super) async fn get_items(
        &self,
        keys: &[(String, Item)],
    ) -> Result<Vec<(String, Item)>, Error> {
        let mut read = Vec::new();
        for keys in keys.chunks(2 * MAX_KEYS) {
            let (one, other) = keys.split_at(keys.len().min(MAX_KEYS));
            let (one, other) = tokio::try_join!(self.get_batch(one), self.get_batch(other))?;
            read.extend(one);
            read.extend(other);
        }
        Ok(read)
    }

    /// Reads at most [`MAX_KEYS`] items, given by table and key.
    async fn get_batch(&self, keys: &[(String, Item)]) -> Result<Vec<(String, Item)>, Error> {
        let mut read = Vec::new();
        if keys.is_empty() {
            return Ok(read);
        }
        let mut unread: HashMap<String, Vec<Item>> = HashMap::new();
        for (table, key) in keys.iter().cloned() {
            unread.entry(table).or_default().push(key);
        }
        for _ in 0..MAX_ROUNDS {
            let mut request = self.client.batch_get_item();
            for (table, keys) in unread {
                let keys = KeysAndAttributes::builder()
                    .set_keys(Some(keys))
                    .consistent_read(true)
                    .build()?;
                request = request.request_items(table, keys);
            }
            let output = on_heap(request.send()).await.map_err(failure)?;
            for (table, items) in output.responses.unwrap_or_default() {
                read.extend(items.into_iter().map(|item| (table.clone(), item)));
            }
            let unprocessed = output.unprocessed_keys.unwrap_or_default().into_iter();
            unread = unprocessed
                .map(|(table, request)| (table, request.keys))
                .collect();
            if unread.is_empty() {
                return Ok(read);
            }
        }
        Err(Error::Unavailable("a batch was not read whole".into()))
    }
}
