use super::new_password::NewPassword;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::print_line;
use crate::domain::{DisplayName, LoginName, NewUser, Profile, UserId, UserState};
use crate::service::Users;

/// The display name that was given. It has a name of its own because clap gives `Option` a meaning.
type GivenName = Option<DisplayName>;

#[derive(Debug, clap::Args)]
pub struct Add {
    /// The name that the user logs in with, 1 to 200 characters; no two users have the same in
    /// upper or lower case
    ///
    /// White space around it is dropped; invisible characters are refused.
    #[arg(long, value_name = "NAME", value_parser = LoginName::parse_new)]
    login_name: LoginName,
    /// The name to show for the user [default: today's login name]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, value_parser = DisplayName::parse_new)]
    display_name: GivenName,
    /// The user's id, which never changes, 1 to 200 characters [default: a random UUID]
    #[arg(long, value_name = "ID", value_parser = |id: &str| UserId::parse_new(id.to_owned()))]
    user_id: Option<UserId>,
    #[command(flatten)]
    password: NewPassword,
    /// Add a user without a password
    #[arg(long, conflicts_with_all = ["password_stdin", "accept_weak"])]
    no_password: bool,
}

impl Add {
    /// Prints the user's id.
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        let (name, shown) = (&self.login_name, self.display_name.as_ref());
        let password_hash = if self.no_password {
            None
        } else {
            Some(self.password.hash(name, shown, environment).await?)
        };
        let new = NewUser {
            login_name: self.login_name,
            user_id: self.user_id.unwrap_or_else(UserId::generate),
            display_name: self.display_name,
            state: UserState::Active,
            password_hash,
            change_required: false,
            profile: Profile::default(),
        };
        let added = users.add(new, (environment.now)()).await?;
        print_line(added.user.user_id.as_str())
    }
}
