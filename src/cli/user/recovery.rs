use serde::Serialize;

use super::selector::UserSelector;
use crate::cli::Environment;
use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{note, print_json, print_line};
use crate::cli::server_keys::server_keys;
use crate::domain::{Timestamp, printable};
use crate::service::{ResetCode, Users};

#[derive(Debug, clap::Args)]
pub struct VerifyEmail {
    #[command(flatten)]
    user: UserSelector,
}

#[derive(Debug, clap::Args)]
pub struct ResetPassword {
    #[command(flatten)]
    user: UserSelector,
    /// Print one JSON object, which also has the end of the code
    #[arg(long)]
    json: bool,
}

impl VerifyEmail {
    /// Prints the address, and whether it was verified already.
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        let search = self.user.search();
        let (before, after) = users.verify_email(&search, (environment.now)()).await?;
        let name = printable(after.user.login_name.as_str());
        let address = after.profile.verified_email();
        let address = printable(address.map_or("", |address| address.as_str()));
        if before == after {
            return print_line(format_args!("{name}: {address} is verified already"));
        }
        print_line(format_args!("{name}: verified {address}"))
    }
}

/// A code as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeJson<'a> {
    user_id: &'a str,
    login_name: &'a str,
    code: &'a str,
    expires_at: String,
}

impl ResetPassword {
    /// Prints the short form of the code, which is what people pass on.
    pub async fn run(self, users: &Users, connection: &Connection) -> Result<(), Failure> {
        let keys = server_keys(connection).await?;
        let now = (connection.environment.now)();
        let reset = users.reset_code(&self.user.search(), &keys, now).await?;
        let ResetCode {
            account,
            code,
            expires_at,
        } = reset;
        let user = &account.user;
        let expires_at = Timestamp::to_rfc3339(expires_at);
        if self.json {
            return print_json(&CodeJson {
                user_id: user.user_id.as_str(),
                login_name: user.login_name.as_str(),
                code: code.short(),
                expires_at,
            });
        }
        print_line(code.short())?;
        let name = printable(user.login_name.as_str());
        note(format_args!("{name}: valid until {expires_at}"));
        Ok(())
    }
}
