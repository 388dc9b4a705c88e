use super::add::hash_password;
use super::names::new_login_name;
use super::selector::UserSelector;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::note;
use crate::cli::printable::printable;
use crate::cli::prompt::{Consent, PasswordInput};
use crate::domain::{LoginName, UserState};
use crate::store::Store;

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
    #[arg(long, value_name = "NAME", value_parser = new_login_name)]
    to: LoginName,
}

#[derive(Debug, clap::Args)]
pub struct Delete {
    #[command(flatten)]
    user: UserSelector,
    #[command(flatten)]
    consent: Consent,
}

/// Sets the state of a user, who may have it already.
///
/// No command lets a user in by accident: `activate` doesn't undo a lock, and a lock doesn't replace
/// a deactivation, which `unlock` would then undo.
pub async fn set_state(
    selector: &UserSelector,
    store: &Store,
    state: UserState,
) -> Result<(), Failure> {
    let user = selector.find(store).await?;
    match (user.state, state) {
        (UserState::Locked, UserState::Active) => return Err(Failure::Locked),
        (UserState::Inactive, UserState::Locked) => return Err(Failure::Inactive),
        _ => {}
    }
    if !store.set_user_state(&user, state).await? {
        return Err(Failure::Changed);
    }
    note_done(&user.login_name, state.as_str());
    Ok(())
}

pub async fn logout(selector: &UserSelector, store: &Store) -> Result<(), Failure> {
    let user = selector.find(store).await?;
    if !store.end_sessions(&user).await? {
        return Err(Failure::Changed);
    }
    note_done(&user.login_name, "logged out everywhere");
    Ok(())
}

pub async fn unlock(selector: &UserSelector, store: &Store) -> Result<(), Failure> {
    let user = selector.find(store).await?;
    if user.state == UserState::Inactive {
        return Err(Failure::Inactive);
    }
    if !store.unlock_user(&user).await? {
        return Err(Failure::Changed);
    }
    note_done(&user.login_name, "unlocked");
    Ok(())
}

fn note_done(name: &LoginName, what: &str) {
    note(format_args!("{}: {what}", printable(name.as_str())));
}

impl SetPassword {
    pub async fn run(self, store: &Store, environment: Environment) -> Result<(), Failure> {
        // The user is read first, so that nobody types a password for one that doesn't exist.
        let user = self.user.find(store).await?;
        let hash = hash_password(self.password.read()?, environment).await?;
        if !store.set_password_hash(&user, &hash).await? {
            return Err(Failure::Changed);
        }
        note_done(&user.login_name, "password set");
        Ok(())
    }
}

impl Rename {
    /// A rename fails if the user changes after it was read, and somebody who guesses at the
    /// password changes it all the time.
    const MAX_TRIES: usize = 8;

    pub async fn run(self, store: &Store) -> Result<(), Failure> {
        for _ in 0..Self::MAX_TRIES {
            let user = self.user.find(store).await?;
            if user.login_name == self.to {
                return Ok(());
            }
            let holder = store.get_user(&self.to.folded()).await?;
            if holder.is_some_and(|holder| holder.user_id != user.user_id) {
                return Err(Failure::NameTaken(self.to));
            }
            if store.rename_user(&user, self.to.clone()).await? {
                let what = format!("renamed to {}", printable(self.to.as_str()));
                note_done(&user.login_name, &what);
                return Ok(());
            }
        }
        Err(Failure::Changed)
    }
}

impl Delete {
    pub async fn run(self, store: &Store) -> Result<(), Failure> {
        let user = self.user.find(store).await?;
        let name = printable(user.login_name.as_str());
        let id = printable(user.user_id.as_str());
        let question = format!("Delete the user {name} with the id {id}?");
        self.consent.require(&question)?;
        if !store.delete_user(&user).await? {
            return Err(Failure::Changed);
        }
        note_done(&user.login_name, "deleted");
        Ok(())
    }
}
