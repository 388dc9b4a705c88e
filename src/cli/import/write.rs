use std::time::Duration;

use super::line::LineError;
use crate::domain::User;
use crate::error::Error;
use crate::store::{InsertOutcome, Store};

/// The tries of one write. A table's capacity recovers within seconds, and on-demand capacity
/// doubles within minutes; all waits together take a minute and a half.
const MAX_TRIES: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The result of writing a line.
#[derive(Debug)]
pub enum LineOutcome {
    Added,
    /// The user exists with the same id and login name.
    Unchanged,
    Refused(LineError),
}

/// Adds a user, and tries again while the table is busy.
///
/// # Errors
///
/// The table can't be written, or is busy for too long.
pub async fn write_user(store: &Store, user: &User) -> Result<LineOutcome, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match store.insert_user(user).await {
            Ok(InsertOutcome::Inserted) => return Ok(LineOutcome::Added),
            Ok(InsertOutcome::Taken {
                login_name: None, ..
            }) => return Ok(LineOutcome::Refused(LineError::IdTaken)),
            Ok(InsertOutcome::Taken {
                login_name: Some(holder),
                ..
            }) => return Ok(outcome_of_taken_name(user, *holder, tries)),
            Err(Error::Unavailable(_)) if tries < MAX_TRIES => {
                tokio::time::sleep(backoff(tries)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn outcome_of_taken_name(user: &User, holder: User, tries: u32) -> LineOutcome {
    if holder.user_id != user.user_id {
        return LineOutcome::Refused(LineError::NameTaken(holder.user_id));
    }
    // An earlier try may have been carried out though its answer was lost.
    let is_own =
        tries > 1 && holder.attempts == user.attempts && holder.password_hash == user.password_hash;
    if is_own {
        LineOutcome::Added
    } else {
        LineOutcome::Unchanged
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
