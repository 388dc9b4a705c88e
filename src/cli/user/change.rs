use super::add::hash_password;
use super::selector::UserSelector;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::note;
use crate::cli::prompt::{Consent, PasswordInput};
use crate::domain::{LoginName, StateChange, printable};
use crate::service::Users;

#[derive(Debug, clap::Args)]
pub struct SetPassword {
    #[command(flatten)]
    user: UserSelector,
    #[command(flatten)]
    password: PasswordInput,
}

#[derive(Debug, clap::Args)]
pub struct Rename {
    #[command(flatten)]
    user: UserSelector,
    /// The login name that the user gets
    #[arg(long, value_name = "NAME", value_parser = LoginName::parse_new)]
    to: LoginName,
}

#[derive(Debug, clap::Args)]
pub struct Delete {
    #[command(flatten)]
    user: UserSelector,
    #[command(flatten)]
    consent: Consent,
}

pub async fn state(
    selector: &UserSelector,
    users: &Users,
    change: StateChange,
) -> Result<(), Failure> {
    let user = users.change_state(&selector.search(), change).await?;
    let done = match change {
        StateChange::Lock => "locked",
        StateChange::Unlock => "unlocked",
        StateChange::Deactivate => "inactive",
        StateChange::Activate => "active",
    };
    note_done(&user.login_name, done);
    Ok(())
}

pub async fn logout(selector: &UserSelector, users: &Users) -> Result<(), Failure> {
    let user = users.end_sessions(&selector.search()).await?;
    note_done(&user.login_name, "logged out everywhere");
    Ok(())
}

fn note_done(name: &LoginName, what: &str) {
    note(format_args!("{}: {what}", printable(name.as_str())));
}

impl SetPassword {
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        // The user is read first, so that nobody types a password for one that doesn't exist.
        let user = users.find(&self.user.search()).await?;
        let hash = hash_password(self.password.read()?, environment).await?;
        users.set_password(&user, &hash).await?;
        note_done(&user.login_name, "password set");
        Ok(())
    }
}

impl Rename {
    pub async fn run(self, users: &Users) -> Result<(), Failure> {
        let renamed = users.rename(&self.user.search(), self.to.clone()).await?;
        if let Some(user) = renamed {
            let what = format!("renamed to {}", printable(self.to.as_str()));
            note_done(&user.login_name, &what);
        }
        Ok(())
    }
}

impl Delete {
    pub async fn run(self, users: &Users) -> Result<(), Failure> {
        let user = users.find(&self.user.search()).await?;
        let name = printable(user.login_name.as_str());
        let id = printable(user.user_id.as_str());
        let question = format!("Delete the user {name} with the id {id}?");
        self.consent.require(&question)?;
        users.delete(&user).await?;
        note_done(&user.login_name, "deleted");
        Ok(())
    }
}
