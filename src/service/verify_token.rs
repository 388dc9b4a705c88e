use std::collections::HashMap;

use super::Service;
use crate::domain::{
    Session, SessionId, SessionState, SessionUser, Timestamp, TokenValidity, UserPointer, UserRef,
};
use crate::error::Error;
use crate::log::CallRecord;
use crate::store::{SessionsAndUsers, Store};
use crate::token::{Presented, Shown, user_ref};

/// A session that is stored, with its user's name of today, and whether it is valid.
#[derive(Debug)]
pub(super) struct Found {
    pub session: Session,
    pub state: SessionState,
}

impl Found {
    /// `user` is the session's own; None: there is no such user any more, or the session has
    /// none.
    fn new(session: Session, user: Option<&UserPointer>, now: Timestamp) -> Self {
        Self {
            state: session.state(user.map(|user| user.generation), now),
            session: session.with_current_name(user),
        }
    }

    /// The same by the users that were read along with it.
    pub fn among(session: Session, users: &HashMap<UserRef, UserPointer>, now: Timestamp) -> Self {
        let own = session.user.as_ref().map(|user| user_ref(&user.user_id));
        Self::new(session, own.and_then(|own| users.get(&own)), now)
    }
}

impl Service {
    /// One request where `user` is the session's own or it has none, otherwise two.
    pub(super) async fn find(
        &self,
        id: SessionId,
        user: Option<UserRef>,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Option<Found>, Error> {
        let read = record.database(self.store.get_session_and_user(id, user));
        let read = read.await?;
        Ok(read.map(|(session, user)| Found::new(session, user.as_ref(), now)))
    }
}

/// The valid session whose token this is, at `now`.
///
/// One strongly consistent request: a token says where its session's user is found, so
/// that both are read at once.
///
/// # Errors
///
/// - [`Error::Unavailable`], [`Error::Internal`]: it can't be told.
pub async fn verify(
    store: &Store,
    presented: Presented,
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let Presented { session: id, token } = presented;
    let user = token.user.as_slice();
    let SessionsAndUsers { sessions, users } = store.get_sessions_and_users(&[id], user).await?;
    let Some(session) = sessions.into_iter().next() else {
        return Ok(None);
    };
    // A valid token says rightly where its session's user is: a session that is given a user is
    // given another token, and the one before has no grace.
    let Found { session, state } = Found::among(session, &users, now);
    let is_valid = session.token_validity(token.hash, now) == TokenValidity::Valid
        && state == SessionState::Live;
    Ok(is_valid.then_some(session))
}

/// Why a token stands for nobody. For operators' eyes: who shows it is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has not the form of a session's token. A service account's hasn't.
    Malformed,
    /// Its session is unknown, has another token by now, was ended or has expired.
    Void,
    /// Nothing beyond a user's name was checked in its session, if that.
    Unproven,
}

/// The user for whom a text stands that somebody shows as a session's token, at `now`.
///
/// One strongly consistent request, a `BatchGetItem`; none for what can be no user's token.
///
/// # Errors
///
/// - [`Error::Unavailable`], [`Error::Internal`]: it can't be told.
pub async fn user_of_token(
    store: &Store,
    text: &str,
    now: Timestamp,
) -> Result<Result<SessionUser, Refusal>, Error> {
    let Some(presented) = Presented::parse(text) else {
        return Ok(Err(Refusal::Malformed));
    };
    // A session that gets a user gets another token, which says where the user is found.
    let Shown { user: Some(_), .. } = presented.token else {
        return Ok(Err(Refusal::Unproven));
    };
    let session = verify(store, presented, now).await?;
    Ok(session
        .ok_or(Refusal::Void)
        .and_then(|session| SessionUser::of(session).ok_or(Refusal::Unproven)))
}
