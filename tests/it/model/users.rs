//! The users of the model, and the checks of requests.

use sesame::domain::UserState;

/// The id of an error, or its code.
pub type Refusal = &'static str;

/// The number of failures in a row that locks a password.
pub const MAX_ATTEMPTS: u32 = 3;

#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    /// The login name in lower case.
    pub name: String,
    pub display_name: Option<String>,
    pub exists: bool,
    pub state: UserState,
    /// The index of a password in [`super::steps::PASSWORDS`].
    pub password: Option<usize>,
    pub failures: u32,
    pub last_at: i64,
    /// The session generation, which changes whenever all sessions are ended.
    pub generation: u32,
}

/// How a request names a user.
#[derive(Clone, Debug, Default)]
pub struct NamedUser {
    pub id: Option<String>,
    pub name: Option<String>,
}

/// A password attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub password: usize,
    pub at: i64,
}

/// A user who was checked.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedUser {
    pub user: usize,
    pub by_password: bool,
}

impl User {
    /// The time at which the lock after the last attempt ends.
    pub fn unlocked_at(&self) -> i64 {
        let Some(over) = self.failures.checked_sub(MAX_ATTEMPTS) else {
            return i64::MIN;
        };
        self.last_at + (30_000 << over.min(7)).min(3_600_000)
    }
}

/// Carries out a request's checks, which give a user or none.
///
/// An attempt counts as a failure until its session is put.
pub fn check(
    users: &mut [User],
    named: Option<&NamedUser>,
    attempt: Option<Attempt>,
    sees_users: bool,
) -> Result<Option<VerifiedUser>, Refusal> {
    let Some(named) = named else {
        return attempt.map_or(Ok(None), |_| Err("COMMAND-Sfw3f"));
    };
    let checked = check_user(users, named, attempt);
    // A principal that may not name users gets the error for a wrong password in all cases.
    checked
        .map(Some)
        .map_err(|error| if sees_users { error } else { "COMMAND-3M0fs" })
}

fn check_user(
    users: &mut [User],
    named: &NamedUser,
    attempt: Option<Attempt>,
) -> Result<VerifiedUser, Refusal> {
    let find = |is: &dyn Fn(&User) -> bool| users.iter().position(|user| user.exists && is(user));
    let by_id = named.id.as_ref().map(|id| find(&|user| user.id == *id));
    let folded = named.name.as_ref().map(|name| name.to_lowercase());
    let by_name = folded.map(|name| find(&|user| user.name == name));
    let found = match (by_id, by_name) {
        (Some(Some(id)), Some(name)) if name != Some(id) => return Err("code 3"),
        (Some(None), Some(Some(_))) => return Err("code 3"),
        (by_id, by_name) => by_name.or(by_id).flatten().ok_or("QUERY-Dfbg2")?,
    };
    let user = &mut users[found];
    if user.state != UserState::Active {
        return Err("SESSION-Gj4ko");
    }
    if let Some(Attempt { password, at }) = attempt {
        let right = user.password.ok_or("COMMAND-3nJ4t")?;
        if at < user.unlocked_at() {
            return Err("COMMAND-JLK35");
        }
        user.failures += 1;
        user.last_at = at;
        if password != right {
            return Err("COMMAND-3M0fs");
        }
    }
    Ok(VerifiedUser {
        user: found,
        by_password: attempt.is_some(),
    })
}
