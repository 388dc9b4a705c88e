use crate::domain::{Invalid, LoginName, UserId, UserSearch};

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
    pub fn search(&self) -> UserSearch {
        match (&self.login_name, &self.id) {
            (_, Some(id)) => UserSearch::Id(id.clone()),
            (Some(name), None) => UserSearch::LoginName(name.clone()),
            (None, None) => unreachable!("clap takes no command without one of them"),
        }
    }
}
