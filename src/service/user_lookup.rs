use super::{Context, Service};
use crate::domain::{FoldedName, LoginName, User, UserId, UserSearch};
use crate::error::Error;

/// The user whom a request wants checked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Named(&'a UserSearch),
    /// The user of the session that it changes, with the current login name.
    Own(&'a UserId, &'a LoginName),
}

/// Where to look for a user.
pub(super) struct UserLookup<'a> {
    /// The login name of the user's item.
    pub name: FoldedName,
    /// The id that the user has to have, if the request says it.
    pub wanted: Option<&'a UserId>,
    /// Whether the name was found by the id.
    by_id: bool,
}

impl Service {
    /// Finds out where to look for a user: 1 request by user id, none otherwise.
    pub(super) async fn locate<'a>(
        &self,
        subject: Subject<'a>,
        context: &Context,
    ) -> Result<UserLookup<'a>, Error> {
        let (name, wanted, by_id) = match subject {
            Subject::Own(id, name) => (name.folded(), Some(id), true),
            Subject::Named(UserSearch::LoginName(name)) => (name.folded(), None, false),
            Subject::Named(UserSearch::Both(id, name)) => (name.folded(), Some(id), false),
            Subject::Named(UserSearch::Id(id)) => {
                let pointer = self.store.get_user_pointer(id);
                match context.database(pointer).await? {
                    Some(pointer) => (pointer.login_name.folded(), Some(id), true),
                    // An unknown id gets a look-up as well, so that it takes the same time as a
                    // known one.
                    None => (FoldedName::for_unknown_user(id.as_str()), Some(id), false),
                }
            }
        };
        Ok(UserLookup {
            name,
            wanted,
            by_id,
        })
    }

    /// The error for a user who was not found: [`Error::UserMismatch`] if the id belongs to a user
    /// with another login name.
    pub(super) async fn explain_not_found(
        &self,
        subject: Option<Subject<'_>>,
        context: &Context,
    ) -> Result<Error, Error> {
        let Some(Subject::Named(UserSearch::Both(id, _))) = subject else {
            return Ok(Error::UserNotFound);
        };
        let pointer = self.store.get_user_pointer(id);
        let pointer = context.database(pointer).await?;
        Ok(pointer.map_or(Error::UserNotFound, |_| Error::UserMismatch))
    }
}

impl UserLookup<'_> {
    /// Checks that `user` has the id that the request says.
    pub fn check_id(&self, user: &User) -> Result<(), Error> {
        match self.wanted {
            Some(wanted) if *wanted != user.user_id && self.by_id => Err(changed_meanwhile()),
            Some(wanted) if *wanted != user.user_id => Err(Error::UserMismatch),
            _ => Ok(()),
        }
    }

    /// The error for a user who is not there.
    pub fn not_found(&self) -> Error {
        if self.by_id {
            changed_meanwhile()
        } else {
            Error::UserNotFound
        }
    }
}

/// The error for a user who was renamed or deleted between two requests. A retry succeeds, or does
/// not find the user.
fn changed_meanwhile() -> Error {
    Error::Unavailable("the user was renamed or deleted in the meantime".into())
}
