use std::time::Duration;

use super::line::Refused;
use crate::domain::User;
use crate::error::Error;
use crate::store::{InsertOutcome, Store};

/// The table's capacity comes back within seconds, and on demand it doubles within
/// minutes; the waits add up to a minute and a half.
const TRIES: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What became of a line.
#[derive(Debug)]
pub enum Outcome {
    InsertOutcome,
    /// The user is there, with the same id and login name.
    Unchanged,
    Refused(Refused),
}

/// Adds a user, however busy the table is.
///
/// # Errors
///
/// The table can't be written at all, or not for a long time.
pub async fn write(store: &Store, login: &User) -> Result<Outcome, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match store.insert_user(login).await {
            Ok(InsertOutcome::Inserted) => return Ok(Outcome::InsertOutcome),
            Ok(InsertOutcome::Taken {
                login_name: None, ..
            }) => return Ok(Outcome::Refused(Refused::IdTaken)),
            Ok(InsertOutcome::Taken {
                login_name: Some(holder),
                ..
            }) => return Ok(compare(login, *holder, tries)),
            Err(Error::Unavailable(_)) if tries < TRIES => {
                tokio::time::sleep(wait(tries)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn compare(login: &User, holder: User, tries: u32) -> Outcome {
    if holder.user_id != login.user_id {
        return Outcome::Refused(Refused::NameTaken(holder.user_id));
    }
    // An earlier try may have been carried out though its answer was lost.
    let own = tries > 1
        && holder.attempts == login.attempts
        && holder.password_hash == login.password_hash;
    if own {
        Outcome::InsertOutcome
    } else {
        Outcome::Unchanged
    }
}

/// Doubles with each try, and is drawn from its upper half, so that writers who were
/// turned away together don't come back together.
fn wait(tries: u32) -> Duration {
    let longest = (FIRST_WAIT * 2u32.pow(tries.min(10))).min(LONGEST_WAIT);
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    let share = f64::from(random) / f64::from(u32::MAX);
    longest.mul_f64(f64::midpoint(1.0, share))
}

#[test]
fn waits_double_up_to_the_longest() {
    for (tries, millis) in [(1, 200), (2, 400), (7, 12_800), (8, 20_000), (12, 20_000)] {
        let longest = Duration::from_millis(millis);
        for _ in 0..100 {
            let wait = wait(tries);
            assert!(longest / 2 <= wait && wait <= longest, "{tries}: {wait:?}");
        }
    }
}
