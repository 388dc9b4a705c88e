use sesame::domain::{
    Account, Credentials, HashString, LoginName, Profile, SecondFactors, SessionId, StateChange,
    User, UserSearch, UserState,
};
use sesame::error::Error;
use sesame::store::{Alongside, ChangeOutcome, InsertOutcome, Store, StoredUser};

use super::app::NOW;

/// The outcome of setting a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetPasswordOutcome {
    Done,
    UserChanged,
    /// The session that was to be kept has ended.
    SessionEnded,
}

/// What administrators do to a user, on condition that the user has the id, the login name and the
/// state that it was read with. False: it hasn't, or the change is refused.
pub trait Administration {
    fn insert_user(&self, user: &User)
    -> impl Future<Output = Result<InsertOutcome, Error>> + Send;
    fn set_user_state(
        &self,
        user: &User,
        state: UserState,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    fn unlock_user(&self, user: &User) -> impl Future<Output = Result<bool, Error>> + Send;
    /// On condition that the user is of the generation that it was read with, too.
    fn set_password_hash(
        &self,
        user: &User,
        hash: &HashString,
        kept: Option<SessionId>,
    ) -> impl Future<Output = Result<SetPasswordOutcome, Error>> + Send;
    fn end_sessions(&self, user: &User) -> impl Future<Output = Result<bool, Error>> + Send;
    fn rename_user(
        &self,
        user: &User,
        name: LoginName,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    fn delete_user(&self, user: &User) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl Administration for Store {
    async fn insert_user(&self, user: &User) -> Result<InsertOutcome, Error> {
        let account = Account {
            user: user.clone(),
            profile: Profile {
                created_at: Some(NOW),
                ..Profile::default()
            },
            factors: SecondFactors::default(),
            credentials: Credentials::default(),
        };
        self.insert_account(&account.changed(NOW), false).await
    }

    async fn set_user_state(&self, user: &User, state: UserState) -> Result<bool, Error> {
        let set = |user: User| (user.state != UserState::Unknown).then(|| user.with_state(state));
        change(self, user, set).await
    }

    async fn unlock_user(&self, user: &User) -> Result<bool, Error> {
        let unlock = |user: User| {
            let state = StateChange::Unlock.apply(user.state)?;
            Some(user.with_state(state).forgiven())
        };
        change(self, user, unlock).await
    }

    async fn set_password_hash(
        &self,
        user: &User,
        hash: &HashString,
        kept: Option<SessionId>,
    ) -> Result<SetPasswordOutcome, Error> {
        let found = as_read(self, user).await?;
        let found = found.filter(|found| found.account.user.generation == user.generation);
        let Some(found) = found else {
            return Ok(SetPasswordOutcome::UserChanged);
        };
        let user = found.account.user.clone();
        let after = Account {
            user: user.with_password(hash.clone(), false, NOW),
            ..found.account.clone()
        };
        let after = after.changed(NOW);
        let alongside = Alongside {
            kept,
            codes: Vec::new(),
        };
        Ok(
            match self
                .change_account(&found, &after, false, &alongside)
                .await?
            {
                ChangeOutcome::Done => SetPasswordOutcome::Done,
                ChangeOutcome::SessionEnded => SetPasswordOutcome::SessionEnded,
                _ => SetPasswordOutcome::UserChanged,
            },
        )
    }

    async fn end_sessions(&self, user: &User) -> Result<bool, Error> {
        change(self, user, |user| Some(user.logged_out())).await
    }

    async fn rename_user(&self, user: &User, name: LoginName) -> Result<bool, Error> {
        let rename = |user: User| {
            Some(User {
                login_name: name.clone(),
                ..user
            })
        };
        change(self, user, rename).await
    }

    async fn delete_user(&self, user: &User) -> Result<bool, Error> {
        match as_read(self, user).await? {
            Some(found) => self.delete_account(&found).await,
            None => Ok(false),
        }
    }
}

async fn as_read(store: &Store, user: &User) -> Result<Option<StoredUser>, Error> {
    // As the service reads one, whose requests a test may hold against its role.
    let found = store
        .read_user(&UserSearch::Id(user.user_id.clone()))
        .await?;
    Ok(found.filter(|found| {
        let now = &found.account.user;
        now.state == user.state && now.login_name == user.login_name
    }))
}

async fn change(
    store: &Store,
    user: &User,
    change: impl Fn(User) -> Option<User>,
) -> Result<bool, Error> {
    let Some(found) = as_read(store, user).await? else {
        return Ok(false);
    };
    let Some(user) = change(found.account.user.clone()) else {
        return Ok(false);
    };
    let after = Account {
        user,
        ..found.account.clone()
    };
    let after = after.changed(NOW);
    let outcome = store
        .change_account(&found, &after, false, &Alongside::default())
        .await?;
    Ok(outcome == ChangeOutcome::Done)
}
