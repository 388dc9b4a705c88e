use super::{PasswordCheck, VerifiedUser};
use crate::domain::{AddressGroup, Password, Permit, Timestamp, User, UserState, WriteId};
use crate::error::Error;
use crate::log::LoginStep;
use crate::password::{PasswordHash, Place, Turn};
use crate::service::user_lookup::{Subject, UserLookup};
use crate::service::{Context, Service};
use crate::store::ReserveOutcome;

impl Service {
    /// Finds a user and checks the password: 1 request by login name, 2 by user id.
    ///
    /// A call that is refused for overload costs no attempt, because it joins the queue of the
    /// hashes before its attempt is counted. While the hashes of others are computed, as many calls
    /// as these find their users and count their attempts: so a process has at most twice as many
    /// attempts pending whose hash is not yet computed as it computes hashes at a time, and of one
    /// login name at most as many attempts, until they are forgiven. Other processes may have more;
    /// a pending attempt counts as a failure for them too.
    pub(super) async fn check_password(
        &self,
        subject: Subject<'_>,
        check: PasswordCheck<'_>,
        address: Option<AddressGroup>,
        permit: &Permit,
        context: &Context,
    ) -> Result<VerifiedUser, Error> {
        let place = self.passwords.join()?;
        place.may_find_user().await;
        let lookup = self.locate(subject, context).await?;
        place.may_count_attempt(&lookup.name).await;
        // Those who waited in the queue when the limit was reached are refused as well.
        self.refuse_over_limit(address, context)?;
        context
            .record
            .note(|facts| facts.login = LoginStep::AttemptPending);
        // The lock is measured from this time: the call may have waited long for its turn.
        let reserved_at = context.time();
        let attempt = self.store.reserve_attempt(
            &lookup.name,
            lookup.wanted,
            self.policy.attempts,
            WriteId::generate(),
            reserved_at,
        );
        let user = match context.database(attempt).await? {
            ReserveOutcome::Reserved(user) => user,
            ReserveOutcome::Refused(found) => {
                if !permit.sees_users() {
                    verify_decoy(place, check.password, context).await?;
                }
                return Err(self.refusal(&lookup, found, context));
            }
        };
        context.record.user(&user.user_id);
        let stored = user.password_hash.as_ref().ok_or(Error::PasswordNotSet)?;
        match PasswordHash::parse(stored.as_str()) {
            Ok(hash) => {
                let turn = place.turn().await;
                self.verify(turn, user, hash, check, reserved_at, context)
                    .await
            }
            Err(unsupported) => {
                context.record.side_error(&unsupported);
                if permit.sees_users() {
                    return Err(Error::Internal(unsupported.into()));
                }
                // Any other error would reveal that the user exists.
                verify_decoy(place, check.password, context).await?;
                Err(Error::PasswordInvalid(None))
            }
        }
    }

    async fn verify(
        &self,
        turn: Turn,
        user: User,
        hash: PasswordHash,
        check: PasswordCheck<'_>,
        reserved_at: Timestamp,
        context: &Context,
    ) -> Result<VerifiedUser, Error> {
        let PasswordCheck { password, chosen } = check;
        let (verification, turn) = turn.verify(password.clone(), hash).await?;
        context
            .record
            .hashed(verification.took, verification.hashes);
        if !verification.matched {
            let lock = user
                .attempts
                .locked_until(self.policy.attempts, reserved_at);
            context
                .record
                .note(|facts| facts.locked_out = lock != Ok(None));
            return Err(Error::PasswordInvalid(Some(user.attempts.failures)));
        }
        let hashed = verification.is_outdated.then_some(password);
        let (new_hash, turn) = match chosen.cloned().or(hashed) {
            Some(password) => {
                let (hash, turn) = turn.hash(password).await?;
                (Some(hash.into()), turn)
            }
            None => (None, turn),
        };
        Ok(VerifiedUser {
            user,
            attempt: turn.into_pending(),
            new_hash,
        })
    }

    /// Why an attempt was not counted, by the user that was found.
    fn refusal(&self, lookup: &UserLookup, found: Option<User>, context: &Context) -> Error {
        let Some(user) = found else {
            return lookup.not_found();
        };
        context.record.user(&user.user_id);
        if let Err(mismatch) = lookup.check_id(&user) {
            return mismatch;
        }
        match (user.state, user.password_hash) {
            (UserState::Inactive | UserState::Locked | UserState::Unknown, _) => {
                Error::UserNotActive
            }
            (UserState::Active, None) => Error::PasswordNotSet,
            (UserState::Active, Some(_)) => {
                let now = context.time();
                let lock = user.attempts.locked_until(self.policy.attempts, now);
                // A lock that has just ended leaves nothing to wait for.
                let left = lock.map(|until| until.and_then(|until| now.until(until)));
                Error::UserLocked(left.map(Option::unwrap_or_default).ok())
            }
        }
    }
}

/// Does the work of a check without one, in the call's turn.
async fn verify_decoy(place: Place, password: Password, context: &Context) -> Result<(), Error> {
    let (verification, _) = place.turn().await.verify_decoy(password).await?;
    context
        .record
        .hashed(verification.took, verification.hashes);
    Ok(())
}
