use clap::ArgGroup;

use super::profile::ProfileOptions;
use super::selector::UserSelector;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::print_line;
use crate::domain::printable;
use crate::service::{Users, differences};

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("change").args(ProfileOptions::NAMES).required(true).multiple(true))]
pub struct Update {
    #[command(flatten)]
    user: UserSelector,
    #[command(flatten, next_help_heading = "What changes")]
    profile: ProfileOptions,
}

impl Update {
    /// Prints the names of the fields that are changed.
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        let now = (environment.now)();
        let apply = |account: &_| self.profile.apply(account, now);
        let (before, after) = users.change(&self.user.search(), now, &apply).await?;
        let name = printable(after.user.login_name.as_str());
        let changed = differences(&before, &after);
        if changed.is_empty() {
            return print_line(format_args!("{name}: nothing changed"));
        }
        print_line(format_args!("{name}: changed {}", changed.join(", ")))
    }
}
