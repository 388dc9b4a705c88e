use super::add::hash;
use super::names::new_login_name;
use super::who::UserSelector;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::{note, plain};
use crate::cli::prompt::{Consent, PasswordInput};
use crate::domain::{LoginName, UserState};
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub struct SetPassword {
    #[command(flatten)]
    who: UserSelector,
    #[command(flatten)]
    password: PasswordInput,
}

#[derive(Debug, clap::Args)]
pub struct Rename {
    #[command(flatten)]
    who: UserSelector,
    /// The login name that the user gets
    #[arg(long, value_name = "NAME", value_parser = new_login_name)]
    to: LoginName,
}

#[derive(Debug, clap::Args)]
pub struct Delete {
    #[command(flatten)]
    who: UserSelector,
    #[command(flatten)]
    consent: Consent,
}

/// Sets a state that the user may have already.
///
/// Nobody is let in by accident: a lock isn't undone by `activate`, and doesn't
/// replace a deactivation, which `unlock` would then undo.
pub async fn set_state(who: &UserSelector, store: &Store, state: UserState) -> Result<(), Failure> {
    let login = who.find(store).await?;
    match (login.state, state) {
        (UserState::Locked, UserState::Active) => return Err(Failure::Locked),
        (UserState::Inactive, UserState::Locked) => return Err(Failure::Inactive),
        _ => {}
    }
    if !store.set_user_state(&login, state).await? {
        return Err(Failure::Changed);
    }
    done(&login.login_name, state.as_str());
    Ok(())
}

pub async fn logout(who: &UserSelector, store: &Store) -> Result<(), Failure> {
    let login = who.find(store).await?;
    if !store.end_sessions(&login).await? {
        return Err(Failure::Changed);
    }
    done(&login.login_name, "logged out everywhere");
    Ok(())
}

pub async fn unlock(who: &UserSelector, store: &Store) -> Result<(), Failure> {
    let login = who.find(store).await?;
    if login.state == UserState::Inactive {
        return Err(Failure::Inactive);
    }
    if !store.unlock_user(&login).await? {
        return Err(Failure::Changed);
    }
    done(&login.login_name, "unlocked");
    Ok(())
}

fn done(name: &LoginName, what: &str) {
    note(format_args!("{}: {what}", plain(name.as_str())));
}

impl SetPassword {
    pub async fn run(self, store: &Store, environment: Environment) -> Result<(), Failure> {
        // First, so that nobody types a password for a user who isn't there.
        let login = self.who.find(store).await?;
        let hash = hash(self.password.read()?, environment).await?;
        if !store.set_password_hash(&login, &hash).await? {
            return Err(Failure::Changed);
        }
        done(&login.login_name, "password set");
        Ok(())
    }
}

impl Rename {
    /// A move fails when the login changes while it is read, and somebody who guesses at
    /// the password changes it all the time.
    const TRIES: usize = 8;

    pub async fn run(self, store: &Store) -> Result<(), Failure> {
        for _ in 0..Self::TRIES {
            let login = self.who.find(store).await?;
            if login.login_name == self.to && !login.under_former_key {
                return Ok(());
            }
            let holder = store.get_user_by_login_name(&self.to, None).await?;
            if holder.is_some_and(|holder| holder.user_id != login.user_id) {
                return Err(Failure::NameTaken(self.to));
            }
            if store.rename_user(&login, self.to.clone()).await? {
                done(
                    &login.login_name,
                    &format!("renamed to {}", plain(self.to.as_str())),
                );
                return Ok(());
            }
        }
        Err(Failure::Changed)
    }
}

impl Delete {
    pub async fn run(self, store: &Store) -> Result<(), Failure> {
        let login = self.who.find(store).await?;
        let (name, id) = (login.login_name.as_str(), login.user_id.as_str());
        let question = format!("Delete the user {} with the id {}?", plain(name), plain(id));
        self.consent.get(&question)?;
        if !store.delete_user(&login).await? {
            return Err(Failure::Changed);
        }
        done(&login.login_name, "deleted");
        Ok(())
    }
}
