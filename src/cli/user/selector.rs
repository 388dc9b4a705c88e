use crate::cli::failure::Failure;
use crate::domain::{Invalid, LoginName, User, UserId};
use crate::store::Store;

/// The arguments that select a user.
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

fn login_name(text: &str) -> Result<LoginName, Invalid> {
    LoginName::parse(text.to_owned())
}

fn user_id(text: &str) -> Result<UserId, Invalid> {
    UserId::parse(text.to_owned())
}

impl UserSelector {
    /// Reads the selected user.
    pub async fn find(&self, store: &Store) -> Result<User, Failure> {
        match (&self.login_name, &self.id) {
            (_, Some(id)) => find_by_id(store, id).await,
            (Some(name), None) => {
                let user = store.get_user(&name.folded()).await?;
                user.ok_or_else(|| Failure::NoSuchName(name.clone()))
            }
            (None, None) => Err(Failure::Changed),
        }
    }
}

async fn find_by_id(store: &Store, id: &UserId) -> Result<User, Failure> {
    let Some(pointer) = store.get_user_pointer(id).await? else {
        return Err(Failure::NoSuchId(id.clone()));
    };
    // Between the two requests the user may have been renamed.
    let user = store.get_user(&pointer.login_name.folded()).await?;
    user.filter(|user| user.user_id == *id)
        .ok_or(Failure::Changed)
}
