use std::time::Duration;

use super::Users;
use crate::domain::{Account, NewUser, Timestamp, User, UserId};
use crate::error::Error;
use crate::store::{AddressConflict, InsertOutcome};

/// The tries of one write. A table's capacity recovers within seconds, and on-demand capacity
/// doubles within minutes; all waits together take a minute and a half.
const MAX_TRIES: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The outcome of importing a user.
#[derive(Debug)]
pub enum ImportOutcome {
    Added,
    /// The user exists with the same id and login name.
    Unchanged,
    /// Another user, with this id, has the login name.
    NameTaken(UserId),
    /// A user with another login name has the id.
    IdTaken,
    /// The e-mail address, or the login name as one, is another user's.
    AddressTaken,
    /// As many users as may have the e-mail address or the phone number.
    AddressFull,
}

impl Users {
    /// Adds a user, and tries again while the table is busy.
    ///
    /// # Errors
    ///
    /// The table can't be written, or is busy for too long.
    pub async fn import(&self, new: NewUser, now: Timestamp) -> Result<ImportOutcome, Error> {
        let account = Account::new(new, now);
        let mut tries = 0;
        loop {
            tries += 1;
            match self
                .store
                .insert_account(&account, self.unique_emails)
                .await
            {
                Ok(InsertOutcome::Inserted) => return Ok(ImportOutcome::Added),
                Ok(InsertOutcome::Taken { login_name, .. }) => {
                    return Ok(match login_name {
                        None => ImportOutcome::IdTaken,
                        Some(holder) => outcome_of_taken_name(&account.user, *holder, tries),
                    });
                }
                Ok(InsertOutcome::Refused(AddressConflict::Taken)) => {
                    return Ok(ImportOutcome::AddressTaken);
                }
                Ok(InsertOutcome::Refused(AddressConflict::Full)) => {
                    return Ok(ImportOutcome::AddressFull);
                }
                Err(Error::Unavailable(_)) if tries < MAX_TRIES => {
                    tokio::time::sleep(backoff(tries)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn outcome_of_taken_name(user: &User, holder: User, tries: u32) -> ImportOutcome {
    if holder.user_id != user.user_id {
        return ImportOutcome::NameTaken(holder.user_id);
    }
    // An earlier try may have been carried out though its answer was lost.
    let is_own =
        tries > 1 && holder.attempts == user.attempts && holder.password_hash == user.password_hash;
    if is_own {
        ImportOutcome::Added
    } else {
        ImportOutcome::Unchanged
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
