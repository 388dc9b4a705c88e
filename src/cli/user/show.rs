use serde::Serialize;

use super::selector::UserSelector;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::{print_json, print_line};
use crate::domain::{AttemptPolicy, DisplayName, HashString, Timestamp, User, printable};
use crate::password::PasswordHash;
use crate::service::Users;

#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    user: UserSelector,
    #[command(flatten)]
    policy: AttemptOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    policy: AttemptOptions,
    /// Print one JSON object a line, as `show --json` prints it
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct AttemptOptions {
    /// Wrong passwords in a row before the service locks a password for a while
    #[arg(long, env = "MAX_PASSWORD_ATTEMPTS", value_name = "NUMBER", default_value = "10", value_parser = policy)]
    max_password_attempts: AttemptPolicy,
}

fn policy(text: &str) -> Result<AttemptPolicy, &'static str> {
    let policy = text.parse().ok().and_then(AttemptPolicy::new);
    policy.ok_or("must be a number from 1 to 100")
}

/// A user as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserJson<'a> {
    user_id: &'a str,
    login_name: &'a str,
    /// The login name, if the user has none.
    display_name: &'a str,
    /// The state that an administrator set: `active`, `inactive` or `locked`.
    state: &'static str,
    /// The algorithm of the hash; null without a password.
    password: Option<&'static str>,
    /// How many attempts at the password there ever were.
    attempts: u64,
    /// How many attempts failed since the last success.
    failures: u32,
    last_attempt_at: Option<String>,
    /// Whether too many failures have locked the password.
    password_locked: bool,
    /// The end of the lock; null, if there is a lock, means that an administrator has to end it.
    password_locked_until: Option<String>,
}

impl<'a> UserJson<'a> {
    fn new(user: &'a User, policy: AttemptPolicy, now: Timestamp) -> Self {
        let lock = user.attempts.locked_until(policy, now);
        Self {
            user_id: user.user_id.as_str(),
            login_name: user.login_name.as_str(),
            display_name: DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name),
            state: user.state.as_str(),
            password: user.password_hash.as_ref().map(algorithm),
            attempts: user.attempts.made,
            failures: user.attempts.failures,
            last_attempt_at: user.attempts.last_at.map(Timestamp::to_rfc3339),
            password_locked: lock != Ok(None),
            password_locked_until: lock.ok().flatten().map(Timestamp::to_rfc3339),
        }
    }

    /// The lock as a text for people.
    fn lock(&self) -> String {
        match (self.password_locked, &self.password_locked_until) {
            (false, _) => "no".to_owned(),
            (true, Some(until)) => format!("until {until}"),
            (true, None) => "until an administrator unlocks it".to_owned(),
        }
    }
}

/// The algorithm of a hash. Nothing else of a hash is shown.
fn algorithm(hash: &HashString) -> &'static str {
    PasswordHash::parse(hash.as_str()).map_or("unknown", |hash| hash.algorithm())
}

impl Show {
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        let user = users.find(&self.user.search()).await?;
        let policy = self.policy.max_password_attempts;
        let shown = UserJson::new(&user.account.user, policy, (environment.now)());
        if self.json {
            return print_json(&shown);
        }
        let attempt = shown.last_attempt_at.as_deref();
        let attempt = attempt.map_or(String::new(), |at| format!(", the last at {at}"));
        for (name, value) in [
            ("login name", printable(shown.login_name)),
            ("user id", printable(shown.user_id)),
            ("display name", printable(shown.display_name)),
            ("state", shown.state.to_owned()),
            ("password", shown.password.unwrap_or("none").to_owned()),
            ("attempts", format!("{}{attempt}", shown.attempts)),
            ("failures", format!("{} in a row", shown.failures)),
            ("password locked", shown.lock()),
        ] {
            print_line(format_args!("{name:<17}{value}"))?;
        }
        Ok(())
    }
}

impl List {
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        users
            .list(|user| {
                let policy = self.policy.max_password_attempts;
                let shown = UserJson::new(&user, policy, (environment.now)());
                if self.json {
                    return print_json(&shown);
                }
                print_line(format_args!(
                    "{}\t{}\t{}\t{}\tpassword locked: {}",
                    printable(shown.login_name),
                    printable(shown.user_id),
                    shown.state,
                    shown.password.unwrap_or("no password"),
                    shown.lock(),
                ))
            })
            .await
    }
}

#[test]
fn a_user_is_shown_with_the_algorithm_of_the_hash() {
    for (hash, want) in [
        (
            "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Jc5SM8weTTfpvKMb/vQXEOQERs0ctXWTJ5HF/TeAvTw",
            "argon2id",
        ),
        (
            "$wp$2y$04$abcdefghijklmnopqrstuujv/86KBUqWwIdPp0uRATkCcvgptl1Pm",
            "bcrypt",
        ),
        (
            "{PBKDF2-SHA256}1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
            "pbkdf2-sha256",
        ),
        ("$P$6abcdefghRJFCMvnAbZH2hCiFPRxpk.", "phpass"),
        (
            "$5$rounds=1000$saltstringsaltst$q9YlbkuMoociauONftd2e5Ed6VxRd/LLwz2oOt1AaW3",
            "sha256-crypt",
        ),
        ("$2y$12$abc", "unknown"),
        ("plain", "unknown"),
    ] {
        assert_eq!(algorithm(&HashString::new(hash.to_owned())), want);
    }
}
