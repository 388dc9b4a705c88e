//! The use cases of the administration of users.

mod import;

use crate::domain::{
    Denial, HashString, LoginName, NewUser, Permit, StateChange, User, UserId, UserSearch,
    UserState, printable,
};
use crate::error::Error;
use crate::store::{InsertOutcome, SetPasswordOutcome, Store};

pub use import::ImportOutcome;

/// The administration of users, which takes a permit to come by. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Users {
    store: Store,
}

/// Why a user was not found, added or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserRefusal {
    #[error("there is no user with the login name {}", printable(.0.as_str()))]
    NoSuchName(LoginName),
    #[error("there is no user with the id {}", printable(.0.as_str()))]
    NoSuchId(UserId),
    #[error("the login name {} is taken", printable(.0.as_str()))]
    NameTaken(LoginName),
    #[error("the user id {} is taken", printable(.0.as_str()))]
    IdTaken(UserId),
    #[error("the user is inactive: activate it first")]
    Inactive,
    #[error("the user is locked: unlock it instead")]
    Locked,
    #[error("the user has a state of a newer release: change it with that")]
    NewerState,
    #[error("the user was changed at the same moment by somebody else: try again")]
    Changed,
    #[error("DynamoDB")]
    Failed(#[from] Error),
}

impl Users {
    /// # Errors
    ///
    /// The permit is not for the administration of users.
    pub fn new(store: Store, permit: &Permit) -> Result<Self, Denial> {
        permit.administers_users().map(|()| Self { store })
    }

    /// Reads a user: 1 request by login name, 2 by id.
    pub async fn find(&self, search: &UserSearch) -> Result<User, UserRefusal> {
        let no_such_name = |name: &LoginName| UserRefusal::NoSuchName(name.clone());
        let (name, id, absent) = match search {
            UserSearch::LoginName(name) => (name.folded(), None, no_such_name(name)),
            UserSearch::Both(id, name) => (name.folded(), Some(id), no_such_name(name)),
            UserSearch::Id(id) => {
                let pointer = self.store.get_user_pointer(id).await?;
                let pointer = pointer.ok_or_else(|| UserRefusal::NoSuchId(id.clone()))?;
                // Between the two requests the user may have been renamed.
                (pointer.login_name.folded(), Some(id), UserRefusal::Changed)
            }
        };
        let user = self.store.get_user(&name).await?;
        user.filter(|user| id.is_none_or(|id| user.user_id == *id))
            .ok_or(absent)
    }

    /// Calls `each` with every user, in no order, until it fails. Reads the whole users table.
    pub async fn list<E: From<Error>>(
        &self,
        each: impl FnMut(User) -> Result<(), E>,
    ) -> Result<(), E> {
        self.store.scan_users(each).await
    }

    /// Adds a user.
    pub async fn add(&self, new: NewUser) -> Result<User, UserRefusal> {
        let user = User::from(new);
        match self.store.insert_user(&user).await? {
            InsertOutcome::Inserted => Ok(user),
            InsertOutcome::Taken { user_id: true, .. } => Err(UserRefusal::IdTaken(user.user_id)),
            InsertOutcome::Taken { .. } => Err(UserRefusal::NameTaken(user.login_name)),
        }
    }

    /// Changes the state of a user, who may have the new one already. A user who is not active
    /// afterwards has no sessions but those that prove nothing. Returns the user as it was.
    pub async fn change_state(
        &self,
        search: &UserSearch,
        change: StateChange,
    ) -> Result<User, UserRefusal> {
        let user = self.find(search).await?;
        let state = change.apply(user.state).ok_or(match user.state {
            UserState::Inactive => UserRefusal::Inactive,
            UserState::Active | UserState::Locked => UserRefusal::Locked,
            UserState::Unknown => UserRefusal::NewerState,
        })?;
        let is_written = match change {
            StateChange::Unlock => self.store.unlock_user(&user).await?,
            StateChange::Lock | StateChange::Deactivate | StateChange::Activate => {
                self.store.set_user_state(&user, state).await?
            }
        };
        unless_changed(is_written)?;
        Ok(user)
    }

    /// Ends all sessions in which a user was proved, including those that are just being created.
    /// Returns the user.
    pub async fn end_sessions(&self, search: &UserSearch) -> Result<User, UserRefusal> {
        let user = self.find(search).await?;
        unless_changed(self.store.end_sessions(&user).await?)?;
        Ok(user)
    }

    /// Sets the password of a user that was read, forgives the failures at the old one and ends all
    /// sessions in which the user was proved.
    pub async fn set_password(&self, user: &User, hash: &HashString) -> Result<(), UserRefusal> {
        let outcome = self.store.set_password_hash(user, hash, None).await?;
        unless_changed(outcome == SetPasswordOutcome::Done)
    }

    /// How often a rename is tried. It fails if the user changes after it was read, and somebody
    /// who guesses at the password changes it all the time.
    const MAX_RENAMES: usize = 8;

    /// Gives a user another login name. Returns the user as it was, or `None` if it has the name
    /// already.
    pub async fn rename(
        &self,
        search: &UserSearch,
        to: LoginName,
    ) -> Result<Option<User>, UserRefusal> {
        for _ in 0..Self::MAX_RENAMES {
            let user = self.find(search).await?;
            if user.login_name == to {
                return Ok(None);
            }
            let holder = self.store.get_user(&to.folded()).await?;
            if holder.is_some_and(|holder| holder.user_id != user.user_id) {
                return Err(UserRefusal::NameTaken(to));
            }
            if self.store.rename_user(&user, to.clone()).await? {
                return Ok(Some(user));
            }
        }
        Err(UserRefusal::Changed)
    }

    /// Deletes a user that was read, and ends all sessions.
    pub async fn delete(&self, user: &User) -> Result<(), UserRefusal> {
        unless_changed(self.store.delete_user(user).await?)
    }
}

/// The store writes a user on the condition that it is still the one that was read.
fn unless_changed(is_written: bool) -> Result<(), UserRefusal> {
    is_written.then_some(()).ok_or(UserRefusal::Changed)
}
