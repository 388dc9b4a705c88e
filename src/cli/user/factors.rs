mod add_totp;
mod keys;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use self::add_totp::AddTotp;
use self::keys::{KeyJson, RemoveKey, RenameKey};
use super::selector::UserSelector;
use super::show::FactorAttempts;
use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::notices::{Notices, tell};
use crate::cli::output::{note, print_json, print_line, warn};
use crate::cli::prompt::Consent;
use crate::domain::{FactorKind, FactorKinds, Timestamp, UserSearch, printable};
use crate::service::Users;
use crate::store::StoredUser;

/// For support cases: users look after their second factors themselves.
#[derive(Debug, Subcommand)]
pub enum Factors {
    /// List the second factors of a user
    List(ListFactors),
    /// Take second factors from a user, and end all sessions that prove anything
    ///
    /// What is being set up is dropped as well. The failed attempts stay counted: `unlock` forgives
    /// them. The user is told by e-mail, if `MAIL_FROM` and what goes with it are set as for the
    /// service.
    #[command(allow_missing_positional = true)]
    Remove {
        #[command(flatten)]
        user: UserSelector,
        /// The factor to remove
        #[arg(value_enum, value_name = "FACTOR")]
        which: Which,
        #[command(flatten)]
        consent: Consent,
    },
    /// Take one passkey or security key from a user, and end all sessions that prove anything
    ///
    /// `list` shows the ids. The user is told by e-mail, as by `remove`.
    RemoveKey(RemoveKey),
    /// Give a passkey or security key another name
    ///
    /// `list` shows the ids and names.
    RenameKey(RenameKey),
    /// Give a user an authenticator app
    ///
    /// Shows its secret and a QR code of it, and asks for a code of the app, so that nobody is given
    /// one that doesn't work. With --yes it asks for none, and the app is set up at once. Whoever sees
    /// the secret has the factor: show it to nobody but the user. `SERVER_KEY` or `SERVER_KEY_SECRET`
    /// must be that of the service. The user is told by e-mail, as by `remove`.
    #[command(after_help = ADD_EXAMPLES)]
    AddTotp(AddTotp),
}

const ADD_EXAMPLES: &str = "\
Examples:
  SERVER_KEY_SECRET=acme-key sesame user factors add-totp mini@mouse.com
  SERVER_KEY_SECRET=acme-key sesame user factors add-totp --id 7 --yes --json --issuer Acme";

/// What a command takes from a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// The authenticator app
    Totp,
    /// One-time codes by e-mail
    OtpEmail,
    /// One-time codes by SMS
    OtpSms,
    /// All recovery codes
    RecoveryCodes,
    /// All passkeys
    Passkey,
    /// All security keys
    U2f,
    /// All of these
    All,
}

impl Which {
    fn kinds(self) -> FactorKinds {
        let kind = match self {
            Self::Totp => FactorKind::Totp,
            Self::OtpEmail => FactorKind::OtpEmail,
            Self::OtpSms => FactorKind::OtpSms,
            Self::RecoveryCodes => FactorKind::RecoveryCodes,
            Self::Passkey => FactorKind::Passkey,
            Self::U2f => FactorKind::U2f,
            Self::All => return FactorKind::ALL.into_iter().collect(),
        };
        FactorKinds::default().with(kind)
    }
}

#[derive(Debug, clap::Args)]
pub struct ListFactors {
    #[command(flatten)]
    user: UserSelector,
    #[command(flatten)]
    policy: FactorAttempts,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Factors {
    pub async fn run(self, users: &Users, connection: &Connection) -> Result<(), Failure> {
        let now = connection.environment.now;
        match self {
            Self::List(list) => list.run(users, now()).await,
            Self::AddTotp(add) => add.run(users, connection).await,
            Self::RemoveKey(remove) => remove.run(users, connection).await,
            Self::RenameKey(rename) => rename.run(users, now()).await,
            Self::Remove {
                user,
                which,
                consent,
            } => {
                let notices = Notices::open(connection).await?;
                let stored = users.find(&user.search()).await?;
                let user = &stored.account.user;
                let found = UserSearch::Id(user.user_id.clone());
                let (name, id) = (user.login_name.as_str(), user.user_id.as_str());
                let (name, id) = (printable(name), printable(id));
                let what = names(which.kinds());
                let question = format!("Take {what} from the user {name} with the id {id}?");
                consent.require(&question)?;
                let (before, after) = users.remove_factors(&found, which.kinds(), now()).await?;
                tell(notices.as_ref(), (&before, &after), now()).await;
                warn_of_others(&stored, after.kinds())?;
                let left = after.kinds();
                let removed = before.kinds().iter().filter(|kind| !left.has(*kind));
                let removed: FactorKinds = removed.collect();
                if removed.is_empty() {
                    return print_line(format_args!("{name}: had no {}", or(which.kinds())));
                }
                print_line(format_args!("{name}: removed {}", names(removed)))
            }
        }
    }
}

/// Warns if the pointer of a user, whose factors now are `kinds`, has named others than there were.
fn warn_of_others(stored: &StoredUser, kinds: FactorKinds) -> Result<(), Failure> {
    let (named, had) = (stored.kinds()?, stored.account.kinds());
    if named.has_unknown() {
        warn("the user has second factors of a newer release, which this one can't change");
    }
    if named.iter().ne(had.iter()) && named.iter().ne(kinds.iter()) {
        warn("a login demands other second factors than there were: sesame tables check --repair");
    }
    Ok(())
}

/// The names of the kinds, as the command has them.
fn words(kinds: FactorKinds) -> Vec<String> {
    let words = kinds.iter().map(|kind| kind.as_str().replace('_', "-"));
    words.collect()
}

fn names(kinds: FactorKinds) -> String {
    words(kinds).join(", ")
}

fn or(kinds: FactorKinds) -> String {
    words(kinds).join(" or ")
}

/// The second factors of a user as `--json` prints them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FactorsJson<'a> {
    user_id: &'a str,
    login_name: &'a str,
    /// When each was set up; null for one that the user doesn't have.
    totp: Option<String>,
    otp_email: Option<String>,
    otp_sms: Option<String>,
    /// How many are left.
    recovery_codes: usize,
    /// The passkeys and security keys.
    keys: Vec<KeyJson<'a>>,
    /// Until when an authenticator app that is being set up can be verified.
    pending_totp_until: Option<String>,
    /// What a login demands, by the names that are stored. It differs from the others after a restore.
    demanded: Vec<&'static str>,
    /// How many attempts at codes failed since the last success.
    failures: u32,
    locked: bool,
    /// The end of the lock; null, if there is a lock, means that an administrator has to end it.
    locked_until: Option<String>,
}

impl ListFactors {
    async fn run(self, users: &Users, now: Timestamp) -> Result<(), Failure> {
        let stored = users.find(&self.user.search()).await?;
        let (user, factors) = (&stored.account.user, &stored.account.factors);
        let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
        let pending = factors.pending_totp.as_ref();
        let pending = pending.filter(|pending| pending.is_open(now));
        let lock = self.policy.lock(&factors.attempts, now);
        let named = stored.kinds()?;
        let credentials = users.credentials(&stored.account).await?;
        let shown = FactorsJson {
            user_id: user.user_id.as_str(),
            login_name: user.login_name.as_str(),
            totp: time(factors.totp.as_ref().map(|totp| totp.added_at)),
            otp_email: time(factors.otp_email),
            otp_sms: time(factors.otp_sms),
            recovery_codes: factors.recovery_codes.len(),
            keys: KeyJson::all(&stored.account, &credentials),
            pending_totp_until: time(pending.map(|pending| pending.expires_at)),
            demanded: named.iter().map(FactorKind::as_str).collect(),
            failures: factors.attempts.failures,
            locked: lock.is_locked,
            locked_until: time(lock.until),
        };
        if self.json {
            print_json(&shown)?;
        } else {
            for (name, value) in shown.rows(&lock.to_string()) {
                print_line(format_args!("{name:<17}{value}"))?;
            }
        }
        if named.has_unknown() {
            warn("the user has second factors of a newer release, which this one doesn't know");
        }
        let kinds = stored.account.kinds();
        if named.iter().ne(kinds.iter()) {
            let demanded = names(named);
            warn(format_args!(
                "a login demands others than these ({}): sesame tables check --repair",
                if demanded.is_empty() {
                    "none"
                } else {
                    &demanded
                }
            ));
        }
        if kinds.is_empty() {
            note("no second factors");
        }
        Ok(())
    }
}

impl FactorsJson<'_> {
    /// The rows for people. What the user doesn't have has none.
    fn rows(&self, lock: &str) -> Vec<(&'static str, String)> {
        let since = |at: &Option<String>| at.as_ref().map(|at| format!("since {at}"));
        let until = |at: &Option<String>| at.as_ref().map(|at| format!("until {at}"));
        let codes = self.recovery_codes;
        let failures = format!("{} in a row", self.failures);
        let rows = [
            ("totp", since(&self.totp)),
            ("otp-email", since(&self.otp_email)),
            ("otp-sms", since(&self.otp_sms)),
            (
                "recovery-codes",
                (codes > 0).then(|| format!("{codes} left")),
            ),
            (
                "being set up",
                until(&self.pending_totp_until).map(|at| format!("totp, {at}")),
            ),
            ("failures", Some(failures)),
            ("locked", Some(lock.to_owned())),
        ];
        let rows = rows.into_iter();
        let rows = rows.filter_map(|(name, value)| Some((name, value?)));
        let keys = self.keys.iter().map(KeyJson::row);
        keys.chain(rows).collect()
    }
}
