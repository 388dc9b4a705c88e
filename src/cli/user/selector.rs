use super::{login_name, user_id};
use crate::cli::failure::Failure;
use crate::domain::{LoginName, User, UserId};
use crate::store::Store;

/// How a command names a user.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct UserSelector {
    /// The user's login name, in upper or lower case
    #[arg(value_name = "LOGIN_NAME", value_parser = login_name)]
    login_name: Option<LoginName>,
    /// The user's id, instead of the login name
    #[arg(long, value_name = "ID", value_parser = user_id)]
    id: Option<UserId>,
}

impl UserSelector {
    /// Reads the user as it is now.
    pub async fn find(&self, store: &Store) -> Result<User, Failure> {
        match (&self.login_name, &self.id) {
            (_, Some(id)) => find_by_id(store, id).await,
            (Some(name), None) => {
                let login = store.find_user(name, None).await?;
                login.ok_or_else(|| Failure::NoSuchName(name.clone()))
            }
            (None, None) => Err(Failure::Changed),
        }
    }
}

async fn find_by_id(store: &Store, id: &UserId) -> Result<User, Failure> {
    let Some(name) = store.get_login_name(id).await? else {
        return Err(Failure::NoSuchId(id.clone()));
    };
    // Between the two requests the user may have been renamed.
    let login = store.find_user(&name, Some(id)).await?;
    login
        .filter(|login| login.user_id == *id)
        .ok_or(Failure::Changed)
}
