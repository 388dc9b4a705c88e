use crate::domain::{
    HashString, Password, PasswordFactor, Permit, Timestamp, User, UserFactor, UserState, WriteId,
};
use crate::error::Error;
use crate::password::{PasswordHash, PendingAttempt, Place, Turn};
use crate::service::user_lookup::{Subject, UserLookup};
use crate::service::{Context, Service};
use crate::store::ReserveOutcome;

/// A user who has passed the checks of a call.
#[derive(Debug)]
pub(super) struct VerifiedUser {
    pub user: User,
    /// The attempt at the password, if it was checked as well. No more attempts at the user's
    /// password may be pending than hashes are computed at once, so this is kept until the attempt
    /// is forgiven.
    pub attempt: Option<PendingAttempt>,
    /// The hash to store in place of the user's, which was made with other settings or by
    /// another service.
    pub new_hash: Option<HashString>,
}

impl Service {
    /// Carries out the checks of a request, if it has any.
    pub(super) async fn check(
        &self,
        subject: Option<Subject<'_>>,
        password: Option<Password>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<VerifiedUser>, Error> {
        let outcome = match (subject, password) {
            (None, None) => return Ok(None),
            (None, Some(_)) => Err(Error::UserMissing),
            (Some(subject), None) => self.check_user(subject, context).await,
            (Some(subject), Some(password)) => {
                self.check_password(subject, password, permit, context)
                    .await
            }
        };
        match outcome {
            Err(error) if !permit.sees_users() => {
                let kind = error.kind();
                let concealed = error.concealed();
                if concealed.kind() != kind {
                    context.record.conceal(kind);
                }
                Err(concealed)
            }
            Err(Error::UserNotFound) => Err(self.explain_not_found(subject, context).await?),
            outcome => outcome.map(Some),
        }
    }

    /// Finds a user who may log in: 1 request by login name, 2 by user id.
    async fn check_user(
        &self,
        subject: Subject<'_>,
        context: &Context,
    ) -> Result<VerifiedUser, Error> {
        let lookup = self.locate(subject, context).await?;
        let user = context.database(self.store.get_user(&lookup.name)).await?;
        let user = user.ok_or_else(|| lookup.not_found())?;
        context.record.user(&user.user_id);
        lookup.check_id(&user)?;
        if user.state != UserState::Active {
            return Err(Error::UserNotActive);
        }
        Ok(VerifiedUser {
            user,
            attempt: None,
            new_hash: None,
        })
    }

    /// Finds a user and checks the password: 1 request by login name, 2 by user id.
    ///
    /// A call that is refused for overload costs no attempt, because it joins the queue of the
    /// hashes before its attempt is counted. While the hashes of others are computed, as many calls
    /// as these find their users and count their attempts: so a process has at most twice as many
    /// attempts pending whose hash is not yet computed as it computes hashes at a time, and of one
    /// login name at most as many attempts, until they are forgiven. Other processes may have more;
    /// a pending attempt counts as a failure for them too.
    async fn check_password(
        &self,
        subject: Subject<'_>,
        password: Password,
        permit: &Permit,
        context: &Context,
    ) -> Result<VerifiedUser, Error> {
        context.record.note(|facts| facts.login = true);
        let place = self.passwords.join()?;
        place.may_find_user().await;
        let lookup = self.locate(subject, context).await?;
        place.may_count_attempt(&lookup.name).await;
        context.record.note(|facts| facts.attempt_pending = true);
        // The lock is measured from this time: the call may have waited long for its turn.
        let reserved_at = context.time();
        let attempt = self.store.reserve_attempt(
            &lookup.name,
            lookup.wanted.as_ref(),
            self.policy.attempts,
            WriteId::generate(),
            reserved_at,
        );
        match context.database(attempt).await? {
            ReserveOutcome::Reserved(user) => {
                context.record.user(&user.user_id);
                let stored = user.password_hash.clone();
                let stored = stored.ok_or(Error::PasswordNotSet)?;
                match PasswordHash::parse(stored.as_str()) {
                    Ok(hash) => {
                        let turn = place.turn().await;
                        self.verify(turn, user, hash, password, reserved_at, context)
                            .await
                    }
                    Err(unsupported) => {
                        context.record.side_error(&unsupported);
                        if permit.sees_users() {
                            return Err(Error::Internal(unsupported.into()));
                        }
                        // Any other error would reveal that the user exists.
                        verify_decoy(place, password, context).await?;
                        Err(Error::PasswordInvalid)
                    }
                }
            }
            ReserveOutcome::Refused(found) => {
                if !permit.sees_users() {
                    verify_decoy(place, password, context).await?;
                }
                Err(refusal(&lookup, found, context))
            }
        }
    }

    async fn verify(
        &self,
        turn: Turn,
        user: User,
        hash: PasswordHash,
        password: Password,
        reserved_at: Timestamp,
        context: &Context,
    ) -> Result<VerifiedUser, Error> {
        let replace = self.passwords.is_to_be_replaced(&hash, &password);
        let (verification, turn) = turn.verify(password.clone(), hash).await?;
        context.record.hashed(verification.took);
        if !verification.matched {
            let lock = user
                .attempts
                .locked_until(self.policy.attempts, reserved_at);
            context
                .record
                .note(|facts| facts.locked_out = lock != Ok(None));
            return Err(Error::PasswordInvalid);
        }
        let (new_hash, turn) = if replace {
            let (hash, turn) = turn.hash(password).await?;
            (Some(hash.into()), turn)
        } else {
            (None, turn)
        };
        Ok(VerifiedUser {
            user,
            attempt: turn.into_pending(),
            new_hash,
        })
    }

    /// Carries out `put` and, side by side with it, the writes that a right password makes to the
    /// user's item. The call's result is `put` alone: an error of the others is logged, and the
    /// next login repeats those writes.
    pub(super) async fn put_and_settle<T>(
        &self,
        put: impl Future<Output = T>,
        verified: Option<&VerifiedUser>,
        context: &Context,
    ) -> T {
        let clear = async {
            match verified {
                Some(verified) if verified.attempt.is_some() => {
                    self.store.clear_failures(&verified.user).await
                }
                _ => Ok(()),
            }
        };
        let replace = async {
            match verified.and_then(|verified| Some((&verified.user, verified.new_hash.as_ref()?)))
            {
                // Another call may have replaced the hash first, which is fine.
                Some((user, new_hash)) => {
                    let replace = self.store.replace_password_hash(user, new_hash);
                    replace.await.map(drop)
                }
                None => Ok(()),
            }
        };

        let (put, clear, replace) = tokio::join!(put, clear, replace);

        for error in [clear.err(), replace.err()].into_iter().flatten() {
            context.record.side_error(&error);
        }
        put
    }
}

/// Does the work of a check without one, in the call's turn.
async fn verify_decoy(place: Place, password: Password, context: &Context) -> Result<(), Error> {
    let (verification, _) = place.turn().await.verify_decoy(password).await?;
    context.record.hashed(verification.took);
    Ok(())
}

/// Why an attempt was not counted, by the user that was found.
fn refusal(lookup: &UserLookup, found: Option<User>, context: &Context) -> Error {
    let Some(user) = found else {
        return lookup.not_found();
    };
    context.record.user(&user.user_id);
    if let Err(mismatch) = lookup.check_id(&user) {
        return mismatch;
    }
    match (user.state, user.password_hash) {
        (UserState::Inactive | UserState::Locked, _) => Error::UserNotActive,
        (UserState::Active, None) => Error::PasswordNotSet,
        (UserState::Active, Some(_)) => Error::UserLocked,
    }
}

/// The factors of a session whose checks `verified` has passed.
pub(super) fn factors(
    verified: Option<&VerifiedUser>,
    now: Timestamp,
) -> (Option<UserFactor>, Option<PasswordFactor>) {
    let user = verified.map(|VerifiedUser { user, .. }| UserFactor {
        user_id: user.user_id.clone(),
        display_name: user.display_name.clone(),
        verified_at: now,
        generation: user.generation,
    });
    let by_password = verified.is_some_and(|verified| verified.attempt.is_some());
    (
        user,
        by_password.then_some(PasswordFactor { verified_at: now }),
    )
}
