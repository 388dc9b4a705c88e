use serde::Serialize;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::notices::{Notices, tell};
use crate::cli::output::print_line;
use crate::cli::prompt::Consent;
use crate::cli::user::selector::UserSelector;
use crate::domain::{Account, Credential, RegistrationId, Timestamp, UserSearch, printable};
use crate::service::Users;

#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub struct RemoveKey {
    #[command(flatten)]
    user: UserSelector,
    /// The id of the passkey or security key
    #[arg(value_name = "KEY_ID", value_parser = registration)]
    key: RegistrationId,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub struct RenameKey {
    #[command(flatten)]
    user: UserSelector,
    /// The id of the passkey or security key
    #[arg(value_name = "KEY_ID", value_parser = registration)]
    key: RegistrationId,
    /// The new name: 1 to 200 characters
    #[arg(long, value_name = "NAME", value_parser = name)]
    to: String,
}

fn registration(text: &str) -> Result<RegistrationId, &'static str> {
    RegistrationId::parse(text).ok_or("must be 32 hexadecimal digits, as `list` shows them")
}

fn name(text: &str) -> Result<String, &'static str> {
    let is_name = (1..=200).contains(&text.chars().count());
    is_name
        .then(|| text.to_owned())
        .ok_or("must be 1 to 200 characters")
}

impl RemoveKey {
    pub async fn run(self, users: &Users, connection: &Connection) -> Result<(), Failure> {
        let now = connection.environment.now;
        let notices = Notices::open(connection).await?;
        let account = users.find(&self.user.search()).await?.account;
        let user = &account.user;
        let (login_name, id) = (user.login_name.as_str(), user.user_id.as_str());
        let (login_name, id) = (printable(login_name), printable(id));
        let mut listed = account.credentials.listed.iter();
        let key = listed.find(|one| one.registration == self.key);
        let key = key.map_or_else(String::new, |key| format!(" {}", printable(&key.name)));
        let question = format!("Take the key{key} from the user {login_name} with the id {id}?");
        self.consent.require(&question)?;
        let found = UserSearch::Id(user.user_id.clone());
        let removed = users.remove_credential(&found, self.key, now()).await?;
        tell(notices.as_ref(), (&removed.0, &removed.1), now()).await;
        print_line(format_args!("{login_name}: removed the key{key}"))
    }
}

impl RenameKey {
    pub async fn run(self, users: &Users, now: Timestamp) -> Result<(), Failure> {
        let search = self.user.search();
        let renamed = users.rename_credential(&search, self.key, &self.to, now);
        let (_, after) = renamed.await?;
        let login_name = printable(after.user.login_name.as_str());
        print_line(format_args!(
            "{login_name}: the key is called {}",
            printable(&self.to)
        ))
    }
}

/// A passkey or security key as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyJson<'a> {
    id: String,
    name: &'a str,
    kind: &'static str,
    /// The domain that it is bound to.
    rp_id: &'a str,
    /// Whether it is kept on several devices; null if it isn't stored as the list says.
    synced: Option<bool>,
    created_at: String,
    last_used_at: Option<String>,
}

impl<'a> KeyJson<'a> {
    /// Those of a user's list, each with what is stored of it.
    pub fn all(account: &'a Account, stored: &[Credential]) -> Vec<Self> {
        let listed = account.credentials.listed.iter();
        let all = listed.map(|listed| {
            let own = stored.iter().find(|one| one.id == listed.id);
            let used_at = own.and_then(|own| own.used_at);
            Self {
                id: listed.registration.to_string(),
                name: &listed.name,
                kind: listed.kind.as_str(),
                rp_id: listed.rp_id.as_str(),
                synced: own.map(|own| own.backup.is_backed_up),
                created_at: listed.created_at.to_rfc3339(),
                last_used_at: used_at.map(Timestamp::to_rfc3339),
            }
        });
        all.collect()
    }

    /// The row for people.
    pub fn row(&self) -> (&'static str, String) {
        let synced = match self.synced {
            Some(true) => "synced",
            Some(false) => "on one device",
            None => "not stored: sesame tables check --repair",
        };
        let used = match &self.last_used_at {
            Some(at) => format!("last used {at}"),
            None => "never used".to_owned(),
        };
        let (id, name, rp_id) = (&self.id, printable(self.name), printable(self.rp_id));
        let since = &self.created_at;
        let text = format!("{id} {name}, for {rp_id}, {synced}, since {since}, {used}");
        (self.kind, text)
    }
}
