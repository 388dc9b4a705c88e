use std::num::NonZeroUsize;

use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::warn;
use crate::cli::prompt::PasswordInput;
use crate::config;
use crate::domain::{DisplayName, HashString, LoginName, Password};
use crate::password::{Kernel, Params, PasswordPool};

/// The options of the commands that set a password.
#[derive(Debug, clap::Args)]
pub struct NewPassword {
    #[command(flatten)]
    input: PasswordInput,
    /// Set the password even if it breaks the rules for passwords
    ///
    /// The variables PASSWORD_MIN_LENGTH and PASSWORD_BLOCKED_WORDS change the rules.
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
        let rules = config::password_rules(environment.variable);
        let (hash_settings, rules) = config::merge(hash, rules)?;

        let password = self.input.read()?;
        match rules.judge(&password, login_name, display_name) {
            Err(weakness) if self.accept_weak => {
                warn(format_args!("{weakness}; it is set all the same"))
            }
            judged => judged.map_err(Failure::Weak)?,
        }
        hash_password(password, hash_settings).await
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
