use super::new_password::NewPassword;
use super::profile::ProfileOptions;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::print_line;
use crate::domain::{Account, LoginName, NewUser, Profile, UserId, UserState};
use crate::service::Users;

#[derive(Debug, clap::Args)]
pub struct Add {
    /// The name that the user logs in with, 1 to 200 characters; no two users have the same in
    /// upper or lower case
    ///
    /// White space around it is dropped; invisible characters are refused.
    #[arg(long, value_name = "NAME", value_parser = LoginName::parse_new)]
    login_name: LoginName,
    /// The user's id, which never changes, 1 to 200 characters [default: a random UUID]
    #[arg(long, value_name = "ID", value_parser = |id: &str| UserId::parse_new(id.to_owned()))]
    user_id: Option<UserId>,
    #[command(flatten)]
    password: NewPassword,
    /// Add a user without a password
    #[arg(long, conflicts_with_all = ["password_stdin", "accept_weak"])]
    no_password: bool,
    #[command(flatten)]
    profile: ProfileOptions,
}

impl Add {
    /// Prints the user's id.
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        let now = (environment.now)();
        let new = NewUser {
            login_name: self.login_name,
            user_id: self.user_id.unwrap_or_else(UserId::generate),
            display_name: None,
            state: UserState::Active,
            password_hash: None,
            change_required: false,
            profile: Profile::default(),
        };
        let mut account = self.profile.apply(&Account::new(new, now), now)?;
        if !self.no_password {
            let hash = self.password.hash(&account, environment).await?;
            account.user = account.user.with_password(hash, false, now);
        }
        let added = users.add_account(account).await?;
        print_line(added.user.user_id.as_str())
    }
}
