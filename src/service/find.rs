use super::{Service, Trace};
use crate::domain::{Session, SessionId, State, Timestamp, UserRef};
use crate::error::Error;
use crate::store::{Read, Store};
use crate::token::{Presented, user_ref};

/// A session that is stored, and whether it counts.
#[derive(Debug)]
pub(super) struct Found {
    pub session: Session,
    pub state: State,
}

impl Service {
    /// One request where `user` is the session's own or it has none, otherwise two.
    pub(super) async fn find(
        &self,
        id: SessionId,
        user: Option<UserRef>,
        now: Timestamp,
        trace: &Trace,
    ) -> Result<Option<Found>, Error> {
        let read = trace.database(self.store.get_session_in_epoch(id, user));
        Ok(read.await?.map(|(session, epoch)| Found {
            state: session.state(epoch, now),
            session,
        }))
    }
}

/// The session whose token this is, if it counts at `now`.
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
    let Read { sessions, epochs } = store.get_sessions(&[id], user).await?;
    let counts = |session: &Session| {
        // Of the right token, what it says of the user is right.
        let user = session.user.as_ref().map(|user| user_ref(&user.user_id));
        let epoch = user.and_then(|user| epochs.get(&user)).copied();
        session.token_hash == token.hash && session.state(epoch, now) == State::Live
    };
    Ok(sessions.into_iter().find(counts))
}
