mod lifetime;

use std::io::Write as _;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use self::lifetime::parse_lifetime;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{note, print_json, print_line};
use super::prompt::Consent;
use crate::domain::{
    Invalid, Permission, Permissions, ServiceAccount, ServiceAccountName, Timestamp, printable,
};
use crate::store::Store;
use crate::token::ServiceAccountToken;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Issue a token for a service account, and show it once
    #[command(after_help = ADD_EXAMPLES)]
    Add(Add),
    /// List the service accounts: the start of the token's hash, name, permissions, times
    ///
    /// Reads the whole users table.
    List {
        /// Print one JSON object a line, with the whole hash
        #[arg(long)]
        json: bool,
    },
    /// Revoke tokens for good
    ///
    /// A process of the service that has just seen a token accepts it for up to 60 seconds more.
    Revoke {
        #[command(flatten)]
        tokens: TokenSelector,
        #[command(flatten)]
        consent: Consent,
    },
}

const ADD_EXAMPLES: &str = "\
The token alone goes to stdout:
  TOKEN=$(sesame service-account add --name backend --permission session.write)
  curl -H \"Authorization: Bearer $TOKEN\" …";

#[derive(Debug, Args)]
pub struct Add {
    /// The name of the service account in logs and lists
    #[arg(long, value_parser = account_name)]
    name: ServiceAccountName,
    /// A permission of the service account; may be given several times
    ///
    /// session.write, session.read, session.delete, user.write, user.read, user.delete,
    /// user.credential.write or user.code.read. user.write sets any user's password, so whoever has it can take over every
    /// user. With user.code.read beside it, codes are returned and not only sent.
    /// user.credential.write sets up any user's second factors. user.passkey.write is reserved: no
    /// call needs it.
    #[arg(
        long = "permission",
        value_name = "PERMISSION",
        required = true,
        value_delimiter = ','
    )]
    permissions: Vec<Permission>,
    /// How long the token is valid, such as 12h, 90d or 52w; ten years at most
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = parse_lifetime)]
    expires_in: Duration,
    /// Print a JSON object with the token, its hash, name, permissions and expiry
    #[arg(long)]
    json: bool,
}

/// The arguments that select tokens.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct TokenSelector {
    /// The first 8 or more digits of the token's hash, as the list shows them
    #[arg(value_name = "HASH", value_parser = hash_start)]
    hash: Option<String>,
    /// Revoke all tokens of the service account with this name
    #[arg(long, value_parser = account_name)]
    name: Option<ServiceAccountName>,
}

fn account_name(text: &str) -> Result<ServiceAccountName, Invalid> {
    ServiceAccountName::parse(text.to_owned())
}

fn hash_start(text: &str) -> Result<String, &'static str> {
    if !(8..=64).contains(&text.len()) {
        return Err("must be 8 to 64 digits long");
    }
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("may only contain 0-9 and a-f");
    }
    Ok(text.to_ascii_lowercase())
}

impl Command {
    pub async fn run(self, connection: &Connection) -> Result<(), Failure> {
        let store = connection.store().await?;
        let now = (connection.environment.now)();
        match self {
            Self::Add(add) => add.run(&store, now).await,
            Self::List { json } => list(&store, json, now).await,
            Self::Revoke { tokens, consent } => revoke(tokens, &consent, &store).await,
        }
    }
}

/// A service account as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceAccountJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    token_hash: &'a str,
    name: &'a str,
    permissions: Vec<&'static str>,
    created_at: String,
    expires_at: String,
}

impl<'a> ServiceAccountJson<'a> {
    fn new(token: Option<&'a str>, token_hash: &'a str, account: &'a ServiceAccount) -> Self {
        Self {
            token,
            token_hash,
            name: account.name.as_str(),
            permissions: account.permissions.iter().map(|one| one.as_str()).collect(),
            created_at: account.created_at.to_rfc3339(),
            expires_at: account.expires_at.to_rfc3339(),
        }
    }
}

impl Add {
    async fn run(self, store: &Store, now: Timestamp) -> Result<(), Failure> {
        let token = ServiceAccountToken::generate().map_err(Failure::Random)?;
        let hash = token.hash().to_hex();
        let account = ServiceAccount {
            name: self.name,
            permissions: self.permissions.into_iter().collect::<Permissions>(),
            created_at: now,
            expires_at: now.plus(self.expires_in),
        };
        store.insert_service_account(token.hash(), &account).await?;

        let text = if self.json {
            let json = ServiceAccountJson::new(Some(token.as_str()), &hash, &account);
            serde_json::to_string(&json).map_err(std::io::Error::from)?
        } else {
            token.as_str().to_owned()
        };
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{text}")
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::TokenNotShown {
                hash: shown(&hash).to_owned(),
                error,
            })?;
        note(format_args!(
            "This token is not stored and can't be shown again. It expires at {}.",
            account.expires_at.to_rfc3339()
        ));
        Ok(())
    }
}

/// The digits of a hash that are shown: so many that no two of a billion tokens are likely to share
/// them.
fn shown(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

async fn list(store: &Store, json: bool, now: Timestamp) -> Result<(), Failure> {
    let mut accounts = store.scan_service_accounts().await?;
    accounts
        .sort_by_cached_key(|(_, account)| (account.name.as_str().to_owned(), account.created_at));

    for (hash, account) in &accounts {
        if json {
            print_json(&ServiceAccountJson::new(None, hash, account))?;
            continue;
        }
        let permissions: Vec<_> = account.permissions.iter().map(|one| one.as_str()).collect();
        let expires = if account.expires_at <= now {
            "expired"
        } else {
            "expires"
        };
        print_line(format_args!(
            "{}\t{}\t{}\tcreated {}\t{expires} {}",
            shown(hash),
            printable(account.name.as_str()),
            permissions.join(","),
            account.created_at.to_rfc3339(),
            account.expires_at.to_rfc3339(),
        ))?;
    }
    Ok(())
}

async fn revoke(tokens: TokenSelector, consent: &Consent, store: &Store) -> Result<(), Failure> {
    let TokenSelector { hash, name } = tokens;
    let mut found = store.scan_service_accounts().await?;
    found.retain(|(full, account)| {
        let has_start = hash.as_ref().is_none_or(|start| full.starts_with(start));
        has_start && name.as_ref().is_none_or(|name| *name == account.name)
    });
    match (hash, name, found.len()) {
        (Some(start), _, 0) => return Err(Failure::NoSuchToken(start)),
        (Some(_), _, 2..) => return Err(Failure::AmbiguousToken(found.len())),
        (None, Some(name), 0) => {
            return Err(Failure::NoSuchServiceAccount(name.as_str().to_owned()));
        }
        _ => {}
    }

    let in_words = |(hash, account): &(String, ServiceAccount)| {
        format!("{} ({})", shown(hash), printable(account.name.as_str()))
    };
    let names: Vec<_> = found.iter().map(in_words).collect();
    consent.require(&format!("Revoke {}?", names.join(", ")))?;
    // All of them are revoked, whether or not anybody reads the output.
    for (hash, _) in &found {
        store.delete_service_account(hash).await?;
    }
    for name in names {
        print_line(format_args!("revoked {name}"))?;
    }
    note("A process that has just seen a token accepts it for up to 60 seconds more.");
    Ok(())
}

#[test]
fn a_token_is_selected_by_8_to_64_digits_of_its_hash() {
    for (text, good) in [
        ("0123abcd", true),
        ("0123ABCD", true),
        (&*"a".repeat(64), true),
        (&*"a".repeat(65), false),
        ("0123abc", false),
        ("0123abcg", false),
        ("", false),
    ] {
        assert_eq!(hash_start(text).is_ok(), good, "{text}");
    }
}
