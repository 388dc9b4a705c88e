use std::num::NonZeroUsize;

use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::warn;
use crate::cli::prompt::PasswordInput;
use crate::config;
use crate::domain::{Account, HashString, Password};
use crate::error::chain;
use crate::password::{Kernel, Params, PasswordPool};
use crate::service::{NewPasswordRules, PasswordRefusal};

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
    /// Reads a password for a user, and hashes it as the service does. The settings are read first,
    /// so that nobody types a password in vain.
    pub async fn hash(
        &self,
        account: &Account,
        environment: Environment,
    ) -> Result<HashString, Failure> {
        let hash = config::hash_settings(environment.variable);
        let rules = config::new_password_rules(environment.variable);
        let (hash_settings, new_passwords) = config::merge(hash, rules)?;

        let password = self.input.read()?;
        let rules = &new_passwords.rules;
        let judged = rules.judge(&password);
        match judged.and_then(|()| rules.judge_names(&password, account.names())) {
            Err(weakness) if self.accept_weak => {
                warn(format_args!("{weakness}; it is accepted all the same"));
            }
            judged => judged.map_err(Failure::Weak)?,
        }
        if !self.accept_weak {
            look_up(&new_passwords, &password).await?;
        }
        hash_password(password, hash_settings).await
    }
}

async fn look_up(rules: &NewPasswordRules, password: &Password) -> Result<(), Failure> {
    match rules.look_up(password).await {
        Ok(None) => Ok(()),
        Ok(Some(not_looked_up)) => {
            warn(format_args!(
                "{}, and BREACHED_PASSWORDS_ON_FAILURE accepts it",
                chain(&not_looked_up)
            ));
            Ok(())
        }
        Err(PasswordRefusal::Weak(weakness)) => Err(Failure::Weak(weakness)),
        Err(PasswordRefusal::NotLookedUp(cause)) => Err(Failure::NotLookedUp(cause)),
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
