use super::find::verify;
use crate::domain::{SessionUser, Timestamp};
use crate::error::Error;
use crate::store::Store;
use crate::token::{Presented, Shown};

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
