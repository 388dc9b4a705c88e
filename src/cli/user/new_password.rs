use std::num::NonZeroUsize;

use crate::breached::{BreachedPasswords, OnFailure};
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::warn;
use crate::cli::prompt::PasswordInput;
use crate::config::{self, PasswordSettings};
use crate::domain::{DisplayName, HashString, LoginName, Password, Weakness};
use crate::error::chain;
use crate::password::{Kernel, Params, PasswordPool};

/// The options of the commands that set a password.
#[derive(Debug, clap::Args)]
pub struct NewPassword {
    #[command(flatten)]
    input: PasswordInput,
    /// Set the password even if it breaks the rules for passwords, and don't look it up
    ///
    /// The variables `PASSWORD_MIN_LENGTH` and `PASSWORD_BLOCKED_WORDS` change the rules, and
    /// `BREACHED_PASSWORDS=hibp` has passwords looked up that are known from breaches.
    #[arg(long)]
    accept_weak: bool,
}

impl NewPassword {
    /// Reads a password for the user of these names, and hashes it as the service does. The
    /// settings are read first, so that nobody types a password in vain.
    pub async fn hash(
        &self,
        login_name: &LoginName,
        display_name: Option<&DisplayName>,
        environment: Environment,
    ) -> Result<HashString, Failure> {
        let hash = config::hash_settings(environment.variable);
        let checks = PasswordSettings::read(environment.variable);
        let (hash_settings, checks) = config::merge(hash, checks)?;

        let password = self.input.read()?;
        match checks.rules.judge(&password, login_name, display_name) {
            Err(weakness) if self.accept_weak => {
                warn(format_args!("{weakness}; it is accepted all the same"));
            }
            judged => judged.map_err(Failure::Weak)?,
        }
        if let Some(breached) = checks.breached
            && !self.accept_weak
        {
            look_up(&breached, &password).await?;
        }
        hash_password(password, hash_settings).await
    }
}

async fn look_up(breached: &BreachedPasswords, password: &Password) -> Result<(), Failure> {
    match (breached.know(password).await, breached.on_failure) {
        (Ok(false), _) => Ok(()),
        (Ok(true), _) => Err(Failure::Weak(Weakness::Breached)),
        (Err(cause), OnFailure::Refuse) => Err(Failure::NotLookedUp(cause)),
        (Err(cause), OnFailure::Accept) => {
            warn(format_args!(
                "the password was not looked up among breached ones, and \
                 BREACHED_PASSWORDS_ON_FAILURE accepts it: {}",
                chain(&*cause)
            ));
            Ok(())
        }
    }
}

/// Hashes a password as the service itself does, by the settings for that.
pub async fn hash_password(
    password: Password,
    (params, kernel): (Params, Kernel),
) -> Result<HashString, Failure> {
    let pool = PasswordPool::new(params, kernel, NonZeroUsize::MIN, 0);
    let hash = pool.hash(password).await.map_err(Failure::Hash)?;
    Ok(hash.into())
}
