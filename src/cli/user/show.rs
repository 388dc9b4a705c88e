use std::fmt;

use serde::Serialize;

use super::selector::UserSelector;
use crate::cli::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::{print_json, print_line};
use crate::domain::{
    Account, AttemptPolicy, Attempts, Contact, DisplayName, EmailAddress, FactorKind, Gender,
    HashString, Language, PersonName, Timestamp, printable,
};
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
    #[command(flatten)]
    factors: FactorAttempts,
}

#[derive(Debug, clap::Args)]
pub struct FactorAttempts {
    /// Wrong codes in a row before the service locks second factors for a while
    #[arg(long, env = "MAX_FACTOR_ATTEMPTS", value_name = "NUMBER", default_value = "5", value_parser = factor_policy)]
    max_factor_attempts: AttemptPolicy,
}

/// A lock that follows too many failures.
pub struct Lock {
    pub is_locked: bool,
    /// `None`, if there is a lock: an administrator has to end it.
    pub until: Option<Timestamp>,
}

impl FactorAttempts {
    pub fn lock(&self, attempts: &Attempts, now: Timestamp) -> Lock {
        Lock::of(attempts, self.max_factor_attempts, now)
    }
}

impl Lock {
    fn of(attempts: &Attempts, policy: AttemptPolicy, now: Timestamp) -> Self {
        let lock = attempts.locked_until(policy, now);
        Self {
            is_locked: lock != Ok(None),
            until: lock.ok().flatten(),
        }
    }
}

/// As a text for people.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.until.map(Timestamp::to_rfc3339);
        f.write_str(&lock(self.is_locked, until.as_ref()))
    }
}

fn factor_policy(text: &str) -> Result<AttemptPolicy, &'static str> {
    let number = text.parse().ok().filter(|max| *max <= 20);
    let policy = number.and_then(AttemptPolicy::new);
    policy.ok_or("must be a number from 1 to 20")
}

fn policy(text: &str) -> Result<AttemptPolicy, &'static str> {
    let policy = text.parse().ok().and_then(AttemptPolicy::new);
    policy.ok_or("must be a number from 1 to 100")
}

/// A user as `--json` prints it. What the user has none of is null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserJson<'a> {
    user_id: &'a str,
    login_name: &'a str,
    /// The login name, if the user has none.
    display_name: &'a str,
    given_name: Option<&'a str>,
    family_name: Option<&'a str>,
    nick_name: Option<&'a str>,
    preferred_language: Option<&'a str>,
    gender: Option<&'static str>,
    email: Option<&'a str>,
    /// Null without an address.
    email_verified: Option<bool>,
    /// The address that takes the place of `email` when it is verified.
    new_email: Option<&'a str>,
    phone: Option<&'a str>,
    phone_verified: Option<bool>,
    /// The state that an administrator set: `active`, `inactive` or `locked`.
    state: &'static str,
    /// The algorithm of the hash; null without a password.
    password: Option<&'static str>,
    /// Null if a release without this time set the password.
    password_changed_at: Option<String>,
    password_change_required: bool,
    /// How many attempts at the password there ever were.
    attempts: u64,
    /// How many attempts failed since the last success.
    failures: u32,
    last_attempt_at: Option<String>,
    /// Whether too many failures have locked the password.
    password_locked: bool,
    /// The end of the lock; null, if there is a lock, means that an administrator has to end it.
    password_locked_until: Option<String>,
    /// The kinds of second factors that the user has.
    second_factors: Vec<&'static str>,
    /// How many attempts at their codes failed since the last success.
    factor_failures: u32,
    /// Whether too many failures have locked them.
    factors_locked: bool,
    /// The end of that lock, as of the password's.
    factors_locked_until: Option<String>,
    /// Null for a user of a release without profiles.
    created_at: Option<String>,
    changed_at: Option<String>,
    /// How many changes of the user there were.
    sequence: u64,
}

impl<'a> UserJson<'a> {
    fn new(account: &'a Account, policy: &AttemptOptions, now: Timestamp) -> Self {
        let Account {
            user,
            profile,
            factors,
            credentials: _,
        } = account;
        let lock = Lock::of(&user.attempts, policy.max_password_attempts, now);
        let factor_lock = policy.factors.lock(&factors.attempts, now);
        let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
        let name = |name: &'a Option<PersonName>| name.as_ref().map(PersonName::as_str);
        let (email, phone) = (profile.email.as_ref(), profile.phone.as_ref());
        Self {
            user_id: user.user_id.as_str(),
            login_name: user.login_name.as_str(),
            display_name: DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name),
            given_name: name(&profile.given_name),
            family_name: name(&profile.family_name),
            nick_name: name(&profile.nick_name),
            preferred_language: profile.language.as_ref().map(Language::as_str),
            gender: profile.gender.map(Gender::as_str),
            email: email.map(|email| email.address.as_str()),
            email_verified: email.map(Contact::is_verified),
            new_email: profile.new_email.as_ref().map(EmailAddress::as_str),
            phone: phone.map(|phone| phone.address.as_str()),
            phone_verified: phone.map(Contact::is_verified),
            state: user.state.as_str(),
            password: user.password_hash.as_ref().map(algorithm),
            password_changed_at: time(user.password_changed_at),
            password_change_required: user.change_required,
            attempts: user.attempts.made,
            failures: user.attempts.failures,
            last_attempt_at: time(user.attempts.last_at),
            password_locked: lock.is_locked,
            password_locked_until: time(lock.until),
            second_factors: account.kinds().iter().map(FactorKind::as_str).collect(),
            factor_failures: factors.attempts.failures,
            factors_locked: factor_lock.is_locked,
            factors_locked_until: time(factor_lock.until),
            created_at: time(profile.created_at),
            changed_at: time(profile.changed_at),
            sequence: profile.sequence.0,
        }
    }
}

/// A lock as a text for people.
fn lock(is_locked: bool, until: Option<&String>) -> String {
    match (is_locked, until) {
        (false, _) => "no".to_owned(),
        (true, Some(until)) => format!("until {until}"),
        (true, None) => "until an administrator unlocks it".to_owned(),
    }
}

/// The algorithm of a hash. Nothing else of a hash is shown.
fn algorithm(hash: &HashString) -> &'static str {
    PasswordHash::parse(hash.as_str()).map_or("unknown", |hash| hash.algorithm())
}

impl Show {
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        let user = users.find(&self.user.search()).await?;
        let shown = UserJson::new(&user.account, &self.policy, (environment.now)());
        if self.json {
            return print_json(&shown);
        }
        for (name, value) in shown.rows() {
            print_line(format_args!("{name:<17}{value}"))?;
        }
        Ok(())
    }
}

impl UserJson<'_> {
    /// The rows for people. What the user has none of has no row, but for the password.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let text = |text: Option<&str>| text.map(printable);
        let contact = |address: Option<&str>, verified: Option<bool>| {
            let word = if verified == Some(true) {
                "verified"
            } else {
                "not verified"
            };
            address.map(|address| format!("{} ({word})", printable(address)))
        };
        let attempt = self.last_attempt_at.as_deref();
        let attempt = attempt.map_or(String::new(), |at| format!(", the last at {at}"));
        let change = self.password_change_required.then_some("required");
        let has_factors = !self.second_factors.is_empty() || self.factor_failures > 0;
        let factors = |text: String| has_factors.then_some(text);
        let kinds = match &*self.second_factors {
            [] => "none".to_owned(),
            kinds => kinds.join(", "),
        };
        let factor_lock = lock(self.factors_locked, self.factors_locked_until.as_ref());
        let password_lock = lock(self.password_locked, self.password_locked_until.as_ref());
        let rows = [
            ("login name", text(Some(self.login_name))),
            ("user id", text(Some(self.user_id))),
            ("display name", text(Some(self.display_name))),
            ("given name", text(self.given_name)),
            ("family name", text(self.family_name)),
            ("nick name", text(self.nick_name)),
            ("language", text(self.preferred_language)),
            ("gender", text(self.gender)),
            ("e-mail", contact(self.email, self.email_verified)),
            ("new e-mail", contact(self.new_email, Some(false))),
            ("phone", contact(self.phone, self.phone_verified)),
            ("state", text(Some(self.state))),
            ("password", text(self.password.or(Some("none")))),
            ("password set at", self.password_changed_at.clone()),
            ("password change", text(change)),
            ("attempts", Some(format!("{}{attempt}", self.attempts))),
            ("failures", Some(format!("{} in a row", self.failures))),
            ("password locked", Some(password_lock)),
            ("second factors", factors(kinds)),
            (
                "wrong codes",
                factors(format!("{} in a row", self.factor_failures)),
            ),
            ("factors locked", factors(factor_lock)),
            ("created at", self.created_at.clone()),
            ("changed at", self.changed_at.clone()),
            ("changes", Some(self.sequence.to_string())),
        ];
        let rows = rows.into_iter();
        rows.filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

impl List {
    pub async fn run(self, users: &Users, environment: Environment) -> Result<(), Failure> {
        users
            .list(|scanned| {
                let shown = UserJson::new(&scanned.account, &self.policy, (environment.now)());
                if self.json {
                    return print_json(&shown);
                }
                print_line(format_args!(
                    "{}\t{}\t{}\t{}\tpassword locked: {}",
                    printable(shown.login_name),
                    printable(shown.user_id),
                    shown.state,
                    shown.password.unwrap_or("no password"),
                    lock(shown.password_locked, shown.password_locked_until.as_ref()),
                ))
            })
            .await
            .map(drop)
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
