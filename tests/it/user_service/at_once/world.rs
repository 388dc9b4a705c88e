//! What the clients of the random calls know.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sesame::domain::Operation;

use crate::support::app::App;
use crate::support::client::Client;
use crate::support::dice::Dice;

/// What the clients know together.
pub struct World {
    pub app: App,
    pub bearer: String,
    pub seed: u64,
    pub next: AtomicU64,
    /// The ids of users who may exist.
    pub users: Mutex<Vec<String>>,
    /// The passwords that each user may ever have had. No two are the same.
    pub passwords: Mutex<BTreeMap<String, Vec<String>>>,
    pub sessions: Mutex<Vec<Login>>,
    pub codes: Mutex<Vec<KnownCode>>,
}

/// A session of a user.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub id: String,
    pub token: String,
    /// The password that was proved in it, if any was.
    pub password: Option<String>,
    /// Whether the user may have changed the password with its token, so that it stays.
    pub may_be_kept: bool,
}

/// A code that was returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCode {
    pub user: String,
    pub taken_by: Operation,
    pub text: String,
    pub is_used: bool,
}

impl World {
    pub fn admin(&self) -> Client<'_> {
        self.app.client().bearing(&self.bearer)
    }

    /// A password that no user has had.
    pub fn new_password(&self, user: &str) -> String {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let password = format!("correct horse {} {number}", self.seed);
        let mut all = self.passwords.lock().unwrap();
        all.entry(user.to_owned())
            .or_default()
            .push(password.clone());
        password
    }
}

pub fn pick<'a, T>(dice: &mut Dice, all: &'a [T]) -> Option<&'a T> {
    let index = dice.below(all.len().max(1) as u64);
    all.get(usize::try_from(index).unwrap())
}
