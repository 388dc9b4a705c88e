use crate::domain::{LoginName, UserId, UserSearch};

/// The arguments that select a user.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct UserSelector {
    /// The user's login name, in upper or lower case
    #[arg(value_name = "LOGIN_NAME", value_parser = |name: &str| LoginName::parse(name.to_owned()))]
    login_name: Option<LoginName>,
    /// The user's id, instead of the login name
    #[arg(long, value_name = "ID", value_parser = |id: &str| UserId::parse(id.to_owned()))]
    id: Option<UserId>,
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
