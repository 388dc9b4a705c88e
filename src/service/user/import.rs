use std::sync::Arc;
use std::time::Duration;

use super::fields::{UserFields, differences};
use super::given_factors::GivenFactors;
use super::{UserRefusal, Users};
use crate::domain::{
    Account, FactorChanges, LoginName, NewUser, Profile, Timestamp, UserId, UserSearch, UserState,
};
use crate::error::Error;
use crate::store::{AddressConflict, Alongside, InsertOutcome};
use crate::token::ServerKeys;

/// The tries of one write. A table's capacity recovers within seconds, and on-demand capacity
/// doubles within minutes; all waits together take a minute and a half.
const MAX_TRIES: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(20);

/// A user to import.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    pub user_id: UserId,
    pub login_name: LoginName,
    /// What is `None` a new user doesn't have, and that of a user who is there isn't looked at.
    pub fields: UserFields,
    pub factors: GivenFactors,
    /// What the secret of an authenticator app is sealed with, if the factors have one.
    pub keys: Option<Arc<ServerKeys>>,
}

/// The outcome of importing a user.
#[derive(Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    Added,
    /// The user exists with the same values.
    Unchanged,
    /// The user exists with other values of these fields, and was left alone.
    Differs(Vec<&'static str>),
    /// The user existed with other values of these fields, and has those of the import.
    Updated(Vec<&'static str>, Box<Updated>),
    /// Another user, with this id, has the login name.
    NameTaken(UserId),
    /// A user with another login name has the id.
    IdTaken,
    /// The e-mail address, or the login name as one, is another user's.
    AddressTaken,
    /// As many users as may have the e-mail address or the phone number.
    AddressFull,
    /// A credential is another user's.
    CredentialTaken,
}

/// An update of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The user as it is.
    pub account: Account,
    pub factors: FactorChanges,
}

impl From<AddressConflict> for ImportOutcome {
    fn from(conflict: AddressConflict) -> Self {
        match conflict {
            AddressConflict::Taken => Self::AddressTaken,
            AddressConflict::Full => Self::AddressFull,
        }
    }
}

impl ImportedUser {
    fn account(&self, now: Timestamp) -> Result<Account, Error> {
        let new = NewUser {
            login_name: self.login_name.clone(),
            user_id: self.user_id.clone(),
            display_name: None,
            state: UserState::Active,
            password_hash: None,
            change_required: false,
            profile: Profile::default(),
        };
        self.apply(&Account::new(new, now), now)
    }

    fn update(&self, account: &Account, now: Timestamp) -> Result<Account, Error> {
        let mut account = account.clone();
        account.user.login_name = self.login_name.clone();
        self.apply(&account, now)
    }

    fn apply(&self, account: &Account, now: Timestamp) -> Result<Account, Error> {
        let account = self.fields.apply(account, now);
        self.factors.apply(&account, self.keys.as_deref(), now)
    }
}

impl Users {
    /// The same users, of whom nothing is written: adding and changing them tells what would be.
    #[must_use]
    pub fn rehearsing(self) -> Self {
        Self {
            store: self.store.rehearsing(),
            ..self
        }
    }

    /// Adds a user or, with `updates`, changes one who is there with other values. Tries again while
    /// the table is busy.
    ///
    /// # Errors
    ///
    /// The table can't be written, or is busy for too long.
    pub async fn import(
        &self,
        user: &ImportedUser,
        updates: bool,
        now: Timestamp,
    ) -> Result<ImportOutcome, Error> {
        let account = user.account(now)?;
        let mut written = None;
        let mut tries = 0;
        loop {
            tries += 1;
            let outcome = match self.insert(user, &account).await {
                Ok(Some(outcome)) => Ok(outcome),
                Ok(None) => self.import_existing(user, updates, &mut written, now).await,
                Err(error) => Err(error),
            };
            match outcome {
                Err(Error::Unavailable(_)) if tries < MAX_TRIES => {
                    tokio::time::sleep(backoff(tries)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Adds a user. `None`: the user is there.
    async fn insert(
        &self,
        user: &ImportedUser,
        account: &Account,
    ) -> Result<Option<ImportOutcome>, Error> {
        let inserted = self.store.insert_account(account, self.unique_emails);
        Ok(match inserted.await? {
            InsertOutcome::Inserted => Some(ImportOutcome::Added),
            InsertOutcome::Refused(conflict) => Some(conflict.into()),
            InsertOutcome::CredentialTaken => Some(ImportOutcome::CredentialTaken),
            InsertOutcome::Taken { login_name, .. } => match login_name {
                None => Some(ImportOutcome::IdTaken),
                Some(holder) if holder.user_id != user.user_id => {
                    Some(ImportOutcome::NameTaken(holder.user_id))
                }
                // An earlier try was carried out though its answer was lost: nobody else draws
                // this generation.
                Some(holder) if holder.generation == account.user.generation => {
                    Some(ImportOutcome::Added)
                }
                Some(_) => None,
            },
        })
    }

    /// Compares a user who is there, and with `updates` changes what differs. `written` has what an
    /// earlier try has sent, which may have been carried out though its answer was lost.
    async fn import_existing(
        &self,
        user: &ImportedUser,
        updates: bool,
        written: &mut Option<ImportOutcome>,
        now: Timestamp,
    ) -> Result<ImportOutcome, Error> {
        let gone = || Error::Unavailable("the user is being renamed or deleted".into());
        let search = UserSearch::Both(user.user_id.clone(), user.login_name.clone());
        let seen = self.store.read_user(&search).await?.ok_or_else(gone)?;
        let after = user.update(&seen.account, now)?;
        let fields = differences(&seen.account, &after);
        if fields.is_empty() {
            return Ok(written.take().unwrap_or(ImportOutcome::Unchanged));
        }
        if !updates {
            return Ok(ImportOutcome::Differs(fields));
        }
        let outcome = |before: &Account, account: Account| {
            let factors = before.factor_changes_to(&account);
            let user = Updated { account, factors };
            ImportOutcome::Updated(fields.clone(), Box::new(user))
        };
        *written = Some(outcome(&seen.account, after));
        let update = |account: &Account| Ok::<_, UserRefusal>(user.update(account, now)?);
        match self
            .change_seen(seen, &Alongside::default(), now, &update)
            .await
        {
            Ok((before, after)) => Ok(outcome(&before, after)),
            Err(UserRefusal::AddressTaken) => Ok(ImportOutcome::AddressTaken),
            Err(UserRefusal::AddressFull) => Ok(ImportOutcome::AddressFull),
            Err(UserRefusal::CredentialTaken) => Ok(ImportOutcome::CredentialTaken),
            Err(UserRefusal::Failed(error)) => Err(error),
            Err(refusal) => Err(Error::Unavailable(refusal.into())),
        }
    }
}

/// How long to wait after a number of tries. The limit doubles with each try, and the wait is
/// drawn from its upper half, so that writers that failed together don't try again together.
fn backoff(tries: u32) -> Duration {
    let longest = (FIRST_WAIT * 2u32.pow(tries.min(10))).min(MAX_WAIT);
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    let share = f64::from(random) / f64::from(u32::MAX);
    longest.mul_f64(f64::midpoint(1.0, share))
}

#[test]
fn waits_double_up_to_a_limit() {
    for (tries, millis) in [(1, 200), (2, 400), (7, 12_800), (8, 20_000), (12, 20_000)] {
        let longest = Duration::from_millis(millis);
        for _ in 0..100 {
            let wait = backoff(tries);
            assert!(longest / 2 <= wait && wait <= longest, "{tries}: {wait:?}");
        }
    }
}
