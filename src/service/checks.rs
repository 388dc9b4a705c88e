use super::Service;
use crate::domain::{
    FoldedName, HashString, LoginName, Password, PasswordFactor, Principal, Timestamp, User,
    UserFactor, UserId, UserSearch, UserState,
};
use crate::error::Error;
use crate::log::CallRecord;
use crate::password::{PasswordHash, Turn};
use crate::store::ReserveOutcome;
use crate::token::generate_write_id;

/// A user whom a call has checked.
#[derive(Debug)]
pub(super) struct Checked {
    pub login: User,
    /// The password was right as well.
    pub by_password: bool,
    /// What is to be stored in place of the hash, which was made with other settings or
    /// by another service.
    pub renewed: Option<HashString>,
}

/// Whom a request wants checked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Named(&'a UserSearch),
    /// The user of the session that it changes, as that user is called today.
    Own(&'a UserFactor),
}

/// Where a login is looked for.
struct Address {
    /// The keys that it may have, in the order in which they are tried.
    keys: Vec<FoldedName>,
    /// The login has to be this user's.
    wanted: Option<UserId>,
    /// That user's own item led here.
    located: bool,
}

impl Service {
    /// Carries out the checks of a request. None: it has none.
    pub(super) async fn check(
        &self,
        subject: Option<Subject<'_>>,
        password: Option<Password>,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Option<Checked>, Error> {
        let outcome = match (subject, password) {
            (None, None) => return Ok(None),
            (None, Some(_)) => Err(Error::UserMissing),
            (Some(subject), None) => self.check_user(subject, record).await,
            (Some(subject), Some(password)) => {
                self.check_password(subject, password, caller, now, record)
                    .await
            }
        };
        let explained = match outcome {
            Err(error) if !caller.sees_users() => {
                let truth = error.kind();
                let told = error.concealed();
                if told.kind() != truth {
                    record.conceal(truth);
                }
                Err(told)
            }
            Err(Error::UserNotFound) => Err(self.explain(subject, record).await?),
            outcome => outcome,
        };
        explained.map(Some)
    }

    /// Finds a user who may log in: 1 request by login name, 2 by user id.
    async fn check_user(
        &self,
        subject: Subject<'_>,
        record: &CallRecord,
    ) -> Result<Checked, Error> {
        let address = self.locate(subject, record).await?;
        let mut login = None;
        for key in &address.keys {
            login = record.database(self.store.get_user(key)).await?.or(login);
            if login.as_ref().is_some_and(|login| address.is_wanted(login)) {
                break;
            }
        }
        let login = login.ok_or_else(|| address.nobody())?;
        record.user(&login.user_id);
        address.admits(&login)?;
        if login.state != UserState::Active {
            return Err(Error::UserNotActive);
        }
        Ok(Checked {
            login,
            by_password: false,
            renewed: None,
        })
    }

    /// Finds a user and checks the password: 1 request by login name, 2 by user id.
    ///
    /// It waits for its turn at the processor before it counts the attempt: so a call
    /// that is turned away has not cost the user an attempt, and no more attempts are
    /// under way in a process than it computes hashes at once. In several processes
    /// together there may be more: an attempt under way counts as a failure there, too.
    async fn check_password(
        &self,
        subject: Subject<'_>,
        password: Password,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Checked, Error> {
        record.note(|facts| facts.login = true);
        let turn = self.passwords.turn().await?;
        let address = self.locate(subject, record).await?;
        record.note(|facts| facts.attempt_pending = true);
        // The lock is counted from here: the call may have waited long for its turn.
        let reserved_at = record.time(now);
        match self.reserve(&address, reserved_at, record).await? {
            ReserveOutcome::Reserved(login) => {
                record.user(&login.user_id);
                let stored = login.password_hash.clone();
                let stored = stored.ok_or(Error::PasswordNotSet)?;
                match PasswordHash::parse(stored.as_str()) {
                    Ok(hash) => {
                        self.verify(turn, login, hash, password, reserved_at, record)
                            .await
                    }
                    Err(unsupported) => {
                        record.side_error(&unsupported);
                        if caller.sees_users() {
                            return Err(Error::Internal(unsupported.into()));
                        }
                        // That would tell that there is such a user.
                        let (checked, _) = turn.verify_decoy(password).await?;
                        record.hashed(checked.took);
                        Err(Error::PasswordInvalid)
                    }
                }
            }
            ReserveOutcome::Refused(found) => {
                if !caller.sees_users() {
                    let (checked, _) = turn.verify_decoy(password).await?;
                    record.hashed(checked.took);
                }
                Err(refusal(&address, found, record))
            }
        }
    }

    /// Counts an attempt at the login that is stored: 1 request, and one more for a name that
    /// has a former key.
    async fn reserve(
        &self,
        address: &Address,
        at: Timestamp,
        record: &CallRecord,
    ) -> Result<ReserveOutcome, Error> {
        let wanted = address.wanted.as_ref();
        let mut refused = None;
        for key in &address.keys {
            let policy = self.policy.attempts;
            let attempt = self
                .store
                .reserve_attempt(key, wanted, policy, generate_write_id(), at);
            match record.database(attempt).await? {
                ReserveOutcome::Refused(None) => {}
                ReserveOutcome::Refused(Some(login)) if !address.is_wanted(&login) => {
                    refused = Some(login);
                }
                settled => return Ok(settled),
            }
        }
        Ok(ReserveOutcome::Refused(refused))
    }

    async fn verify(
        &self,
        turn: Turn,
        login: User,
        hash: PasswordHash,
        password: Password,
        reserved_at: Timestamp,
        record: &CallRecord,
    ) -> Result<Checked, Error> {
        let replace = self.passwords.is_to_be_replaced(&hash, &password);
        let (checked, turn) = turn.verify(password.clone(), hash).await?;
        record.hashed(checked.took);
        if !checked.matched {
            let lock = login
                .attempts
                .locked_until(self.policy.attempts, reserved_at);
            record.note(|facts| facts.locked_out = lock != Ok(None));
            return Err(Error::PasswordInvalid);
        }
        let renewed = if replace {
            let hash = turn.hash(password).await?;
            Some(HashString::new(hash.as_str().to_owned()))
        } else {
            None
        };
        Ok(Checked {
            login,
            by_password: true,
            renewed,
        })
    }

    /// Carries out `put`, and side by side with it what a right password changes of the
    /// login. The session is what the caller was promised: that the rest failed is noted,
    /// and made good by the next login.
    pub(super) async fn settling<T>(
        &self,
        put: impl Future<Output = T>,
        checked: Option<&Checked>,
        record: &CallRecord,
    ) -> T {
        let clear = async {
            match checked {
                Some(checked) if checked.by_password => {
                    self.store.clear_failures(&checked.login).await
                }
                _ => Ok(()),
            }
        };
        let renew = async {
            match checked.and_then(|checked| Some((&checked.login, checked.renewed.as_ref()?))) {
                // That somebody else replaced it first is fine.
                Some((login, renewed)) => self
                    .store
                    .replace_password_hash(login, renewed)
                    .await
                    .map(drop),
                None => Ok(()),
            }
        };

        let (put, clear, renew) = tokio::join!(put, clear, renew);

        for error in [clear.err(), renew.err()].into_iter().flatten() {
            record.side_error(&error);
        }
        put
    }

    /// Where the login of a user is: 1 request by user id, none otherwise.
    async fn locate(&self, subject: Subject<'_>, record: &CallRecord) -> Result<Address, Error> {
        let user = match subject {
            Subject::Named(user) => user,
            Subject::Own(user) => {
                return Ok(Address {
                    keys: of_known(&user.login_name),
                    wanted: Some(user.user_id.clone()),
                    located: true,
                });
            }
        };
        Ok(match user {
            UserSearch::LoginName(name) => Address {
                keys: name.keys(),
                wanted: None,
                located: false,
            },
            UserSearch::Both(id, name) => Address {
                keys: name.keys(),
                wanted: Some(id.clone()),
                located: false,
            },
            UserSearch::Id(id) => {
                let name = record.database(self.store.get_user_pointer(id)).await?;
                let name = name.map(|pointer| pointer.login_name);
                Address {
                    located: name.is_some(),
                    // Nobody is looked for all the same: an id that doesn't exist costs
                    // what another costs.
                    keys: name.map_or_else(
                        || vec![FoldedName::for_unknown_user(id.as_str())],
                        |name| of_known(&name),
                    ),
                    wanted: Some(id.clone()),
                }
            }
        })
    }

    /// Why a user was not found: an id and a login name that don't belong together are
    /// a fault of the request, not a user who doesn't exist.
    async fn explain(
        &self,
        subject: Option<Subject<'_>>,
        record: &CallRecord,
    ) -> Result<Error, Error> {
        let Some(Subject::Named(UserSearch::Both(id, _))) = subject else {
            return Ok(Error::UserNotFound);
        };
        let known = record.database(self.store.get_user_pointer(id)).await?;
        Ok(known.map_or(Error::UserNotFound, |_| Error::UserMismatch))
    }
}

/// Where a user is looked for whose id is known. Almost all are under the key of today, and
/// another's login there is not taken for theirs.
fn of_known(name: &LoginName) -> Vec<FoldedName> {
    name.keys().into_iter().rev().collect()
}

impl Address {
    fn is_wanted(&self, login: &User) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_none_or(|wanted| *wanted == login.user_id)
    }

    fn admits(&self, login: &User) -> Result<(), Error> {
        match &self.wanted {
            Some(wanted) if *wanted == login.user_id => Ok(()),
            None => Ok(()),
            Some(_) if self.located => Err(moved()),
            Some(_) => Err(Error::UserMismatch),
        }
    }

    /// What it means that nobody lives here.
    fn nobody(&self) -> Error {
        if self.located {
            moved()
        } else {
            Error::UserNotFound
        }
    }
}

/// The user was renamed or deleted between two requests: asked again, it is found or
/// it isn't.
fn moved() -> Error {
    Error::Unavailable("the user was renamed or deleted in the meantime".into())
}

/// Why an attempt was not even counted, by the login that was found in its place.
fn refusal(address: &Address, found: Option<User>, record: &CallRecord) -> Error {
    let Some(login) = found else {
        return address.nobody();
    };
    record.user(&login.user_id);
    if let Err(mismatch) = address.admits(&login) {
        return mismatch;
    }
    match (login.state, login.password_hash) {
        (UserState::Inactive | UserState::Locked, _) => Error::UserNotActive,
        (UserState::Active, None) => Error::PasswordNotSet,
        (UserState::Active, Some(_)) => Error::UserLocked,
    }
}

pub(super) fn user_factor(checked: &Checked, now: Timestamp) -> UserFactor {
    let login = &checked.login;
    UserFactor {
        user_id: login.user_id.clone(),
        login_name: login.login_name.clone(),
        display_name: login.display_name.clone(),
        verified_at: now,
        generation: login.generation,
    }
}

pub(super) fn password_factor(checked: &Checked, now: Timestamp) -> Option<PasswordFactor> {
    checked
        .by_password
        .then_some(PasswordFactor { verified_at: now })
}
