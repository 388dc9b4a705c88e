mod add;
mod export;
mod factors;
mod new_password;
mod profile;
mod recovery;
mod selector;
mod show;
mod update;

use clap::Subcommand;

use self::add::Add;
use self::export::Export;
use self::factors::Factors;
use self::new_password::NewPassword;
#[cfg(feature = "dev")]
pub use self::new_password::hash_password;
use self::recovery::{ResetPassword, VerifyEmail};
use self::selector::UserSelector;
use self::show::{List, Show};
use self::update::Update;
use super::connection::Connection;
use super::failure::Failure;
use super::import::Import;
use super::output::note;
use super::prompt::Consent;
use crate::config;
use crate::domain::{LoginName, Permit, StateChange, UserSearch, printable};
use crate::error::Error;
use crate::service::Users;
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a user
    #[command(after_help = ADD_EXAMPLES)]
    Add(Add),
    /// Add many users, with the password hashes of another program, or update them
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Write all users to stdout, with their password hashes, as `import` reads them
    ///
    /// Reads the whole users table. The output is as secret as the table.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// List, take or give second factors, for support cases
    #[command(subcommand)]
    Factors(Factors),
    /// Show a user, and whether password and second factors are locked
    Show(Show),
    /// List all users, in no order
    ///
    /// Reads the whole users table.
    List(List),
    /// Change a user's names, language, gender, e-mail address and phone number
    ///
    /// What has no option stays as it is; an empty value removes. Prints the fields that changed.
    /// The sessions stay.
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(Update),
    /// Set a user's password, end all sessions that prove anything and reset the failed attempts
    SetPassword {
        #[command(flatten)]
        user: UserSelector,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Print a code by which a user sets a new password; nothing is sent
    ///
    /// It is the code that an application would send, and as long as that is valid the same one; no
    /// limit on messages applies. An application sets the password with it, and whoever has it can
    /// log in as the user: give it to nobody else. `SERVER_KEY` or `SERVER_KEY_SECRET` must be
    /// that of the service.
    #[command(after_help = RESET_EXAMPLES)]
    ResetPassword(ResetPassword),
    /// Note that a user reads the mail of the e-mail address
    ///
    /// A new address that waits to be verified takes the place of the former one.
    VerifyEmail(VerifyEmail),
    /// End all sessions of a user that prove anything; the user may log in again
    ///
    /// From then on none of them is valid, including those that are just being created.
    Logout(UserSelector),
    /// Keep a user out until `unlock`, and end all sessions that prove anything
    Lock(UserSelector),
    /// Let a user in again whom an administrator or too many wrong passwords or codes have locked
    Unlock(UserSelector),
    /// Keep a user out until `activate`, and end all sessions that prove anything
    Deactivate(UserSelector),
    /// Let a user in again who was deactivated
    Activate(UserSelector),
    /// Give a user another login name; id, password and failed attempts stay
    Rename {
        #[command(flatten)]
        user: UserSelector,
        /// The login name that the user gets
        #[arg(long, value_name = "NAME", value_parser = LoginName::parse_new)]
        to: LoginName,
    },
    /// Delete a user, and end all sessions
    Delete {
        #[command(flatten)]
        user: UserSelector,
        #[command(flatten)]
        consent: Consent,
    },
}

const ADD_EXAMPLES: &str = "\
Examples:
  sesame user add --login-name mini@mouse.com --display-name 'Mini Mouse'
  pass show mini | sesame user add --login-name mini@mouse.com --password-stdin
  sesame user add --login-name robot --no-password
  sesame user add --login-name mini --email mini@mouse.com --given-name Mini --no-password";

const UPDATE_EXAMPLES: &str = "\
Examples:
  sesame user update mini@mouse.com --display-name 'Minnie Mouse' --language en
  sesame user update --id 7 --email minnie@mouse.com --email-verified true
  sesame user update mini@mouse.com --phone '' --nick-name ''";

const RESET_EXAMPLES: &str = "\
Examples:
  SERVER_KEY_SECRET=acme-key sesame user reset-password mini@mouse.com
  sesame user reset-password --id 7 --json";

const EXPORT_EXAMPLES: &str = "\
What is not written: failed attempts, the time of the password and whether it must be changed, when
addresses were verified, new addresses that wait to be verified, codes, sessions. An authenticator
app's last code is not written either: one of the last 90 seconds may be used once more. A user whose
second factors can't be read is left out with --factors, named on stderr, and makes the command fail.

Examples:
  sesame user export | age -e -R keys.txt > users.jsonl.age
  sesame user export | sesame user import --users-table other --dry-run -
  SERVER_KEY_SECRET=acme-key sesame user export --factors | age -e -R keys.txt > users.jsonl.age";

const IMPORT_EXAMPLES: &str = r#"The input is JSON Lines in UTF-8: in each line a user, as a JSON object.
  {"userId":"7","loginName":"mini@mouse.com","displayName":"Mini","passwordHash":"$2b$12$…"}
  {"userId":"8","loginName":"ada","givenName":"Ada","familyName":"King","nickName":"A",
   "preferredLanguage":"en","gender":"female","email":"ada@x.org","emailVerified":true,
   "phone":"+4930123456","phoneVerified":false,"state":"locked","createdAt":"2024-02-29T12:00:00Z"}
  {"userId":"9","loginName":"bob","totpSecret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
   "recoveryCodeHashes":["8Fz…="],"otpEmail":true,"otpSms":false}

userId and loginName must be there. White space around names is dropped; control characters
and other invisible characters are refused. Without displayName, a user is shown by the given and
family name or, without these, by the login name; without passwordHash, a user has no password.
gender is female, male or diverse, and state active, inactive or locked. Names of fields may be
written in snake_case. A line with any other field, or with a plaintext password, is refused.

passwordHash is a string of argon2, bcrypt, scrypt, PBKDF2, SHA-crypt or phpass, as a PHC or
modular crypt string or as Django, Werkzeug, ASP.NET, WordPress, Spring or LDAP write it; the
service replaces it by argon2id at the first login. docs/migrating.md has more, and commands
that make such lines of the exports of other programs.

totpSecret is the secret of an authenticator app, 16 to 64 bytes in base32. It is sealed with the
server key: SERVER_KEY or SERVER_KEY_SECRET must be set as it is for the service. recoveryCodeHashes
are as an export writes them. A user who is there is told by e-mail of other second factors, if
MAIL_FROM is set.

With --firebase-hash-config, passwordHash is what Firebase exports, in base64, and salt is one
more field: each passwordHash must have one.

A user who is there already, with the same id and login name, is left alone: run the same
import again and it goes on from where it stopped. If the line has other values, the fields are
named, and with --update the user gets them. What a line leaves out, or has as null or an empty
text, is not looked at. A login replaces a hash of other parameters, so users who have logged in
since an import differ in passwordHash.

Examples:
  sesame user import users.jsonl
  sesame user import --update --dry-run users.jsonl
  jq -c '.users[] | {userId: .id, …}' export.json | sesame user import -
  sesame user import --firebase-hash-config project.txt users.jsonl"#;

impl Command {
    pub async fn run(self, connection: &Connection) -> Result<(), Failure> {
        let environment = connection.environment;
        let unique_emails = config::unique_emails(environment.variable)?;
        let users = &administration(connection.store().await?, unique_emails)?;
        let now = (environment.now)();
        let set_state =
            async |user: UserSelector, state| users.change_state(&user.search(), state, now).await;
        let (user, done) = match self {
            Self::Add(add) => return add.run(users, environment).await,
            Self::Import(import) => return import.run(users, connection).await,
            Self::Export(export) => return export.run(users, connection).await,
            Self::Factors(factors) => return factors.run(users, connection).await,
            Self::Show(show) => return show.run(users, environment).await,
            Self::Update(update) => return update.run(users, environment).await,
            Self::List(list) => return list.run(users, environment).await,
            Self::ResetPassword(reset) => return reset.run(users, connection).await,
            Self::VerifyEmail(verify) => return verify.run(users, environment).await,
            Self::SetPassword { user, password } => {
                // The user is read first, so that nobody types a password for one that doesn't
                // exist.
                let account = users.find(&user.search()).await?.account;
                let hash = password.hash(&account, environment).await?;
                let user = account.user;
                let found = UserSearch::Id(user.user_id.clone());
                users.set_password(&found, &hash, now).await?;
                (user, "password set")
            }
            Self::Logout(user) => {
                let user = users.end_sessions(&user.search(), now).await?;
                (user, "logged out everywhere")
            }
            Self::Lock(user) => (set_state(user, StateChange::Lock).await?, "locked"),
            Self::Unlock(user) => (set_state(user, StateChange::Unlock).await?, "unlocked"),
            Self::Deactivate(user) => (set_state(user, StateChange::Deactivate).await?, "inactive"),
            Self::Activate(user) => (set_state(user, StateChange::Activate).await?, "active"),
            Self::Rename { user, to } => {
                let renamed = users.rename(&user.search(), to.clone(), now).await?;
                let Some(user) = renamed else { return Ok(()) };
                (user, &*format!("renamed to {}", printable(to.as_str())))
            }
            Self::Delete { user, consent } => {
                let user = users.find(&user.search()).await?.account.user;
                let name = printable(user.login_name.as_str());
                let id = printable(user.user_id.as_str());
                consent.require(&format!("Delete the user {name} with the id {id}?"))?;
                users.delete(&UserSearch::Id(user.user_id.clone())).await?;
                (user, "deleted")
            }
        };
        note(format_args!(
            "{}: {done}",
            printable(user.login_name.as_str())
        ));
        Ok(())
    }
}

/// The administration of users, by the right of whoever has the credentials for the tables.
pub fn administration(store: Store, unique_emails: bool) -> Result<Users, Failure> {
    Ok(Users::new(store, unique_emails, &Permit::operator()).map_err(Error::from)?)
}
