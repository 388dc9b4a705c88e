//! Verifies session tokens, for the service, the authorizer and the tower layer.

use crate::domain::{
    Lacking, NamedSession, RequiredStrength, SessionState, SessionUser, Timestamp, TokenValidity,
};
use crate::error::Error;
use crate::store::{SessionsAndUsers, Store};
use crate::token::{PresentedToken, SessionToken};

/// The valid session with this token, at `now`.
///
/// One strongly consistent request: the token carries the key that leads to the session's user,
/// so that both are read at once. One more if the session is of another generation of its user: see
/// [`NamedSession::has_other_generation`].
///
/// # Errors
///
/// - [`Error::Unavailable`], [`Error::Internal`]: the database gave no answer.
pub async fn verify(
    store: &Store,
    token: &SessionToken,
    now: Timestamp,
) -> Result<Option<NamedSession>, Error> {
    let mut session = read_session(store, token, now).await?;
    let found = session.as_ref();
    if found.is_some_and(NamedSession::has_other_generation) {
        session = read_session(store, token, now).await?;
    }
    Ok(session.filter(|named| named.state == SessionState::Live))
}

/// The session with this token that has neither ended nor expired by itself. Its user's generation
/// may have ended it.
async fn read_session(
    store: &Store,
    token: &SessionToken,
    now: Timestamp,
) -> Result<Option<NamedSession>, Error> {
    let user = token.user();
    let SessionsAndUsers { sessions, users } = store
        .get_sessions_and_users(&[token.session()], user.as_slice())
        .await?;
    let session = sessions.into_iter().next().filter(|session| {
        session.is_live(now) && session.token_validity(token.hash(), now) == TokenValidity::Valid
    });
    // A valid token carries the right key: a session that is given a user is given another
    // token, and the one before has no grace.
    Ok(session.map(|session| NamedSession::new(session, &users, now)))
}

/// What a token proves.
#[derive(Debug)]
pub enum TokenVerdict {
    User(Box<SessionUser>),
    Refused(Refusal),
}

/// Why a token doesn't stand for a user. It is for the log. Of the reason, clients get to know no more
/// than what a session lacks that proves its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is a service account's.
    NotASessionToken,
    /// The session is unknown, ended or expired, or the token is not its current one.
    Void,
    /// No more than a user's name was checked in its session.
    Unproven,
    /// Its session lacks a factor that is required.
    TooWeak(Lacking),
}

/// The user whom a token proves, at `now`, as strongly as is `required`.
///
/// One strongly consistent request, a `BatchGetItem`, and none for a token that can't prove a
/// user; two for a session of another generation of its user.
///
/// # Errors
///
/// - [`Error::Unavailable`], [`Error::Internal`]: the database gave no answer.
pub async fn user_of_token(
    store: &Store,
    token: &PresentedToken,
    now: Timestamp,
    required: RequiredStrength,
) -> Result<TokenVerdict, Error> {
    let PresentedToken::Session(token) = token else {
        return Ok(TokenVerdict::Refused(Refusal::NotASessionToken));
    };
    // A session that is given a user is given another token, which carries the user's key.
    if token.user().is_none() {
        return Ok(TokenVerdict::Refused(Refusal::Unproven));
    }
    let Some(session) = verify(store, token, now).await? else {
        return Ok(TokenVerdict::Refused(Refusal::Void));
    };
    let Some(user) = SessionUser::from_session(session) else {
        return Ok(TokenVerdict::Refused(Refusal::Unproven));
    };
    Ok(match required.lacking(user.kinds, &user.factors) {
        Some(lacking) => TokenVerdict::Refused(Refusal::TooWeak(lacking)),
        None => TokenVerdict::User(Box::new(user)),
    })
}
