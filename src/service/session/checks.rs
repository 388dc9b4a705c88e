mod addresses;
mod password;

use super::{PresentedAnswer, SecondChecks};
use crate::domain::{
    AddressGroup, Factor, FactorSet, HashString, Password, Permit, User, UserSearch, UserState,
};
use crate::error::Error;
use crate::password::PendingAttempt;
use crate::service::user_lookup::Subject;
use crate::service::{Context, Service};

/// The checks that a request asks for. It is refused unless all of them pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    pub user: Option<UserSearch>,
    pub password: Option<Password>,
    pub web_authn: Option<Box<PresentedAnswer>>,
    pub second: SecondChecks,
}

impl Checks {
    /// The factors that the session has once the checks pass, but for the one of an authenticator:
    /// only its answer tells which one that is.
    pub fn factors(&self) -> FactorSet {
        // Exhaustive on purpose: a check that is added has a factor.
        let Self {
            user,
            password,
            web_authn: _,
            second,
        } = self;
        let user = user.as_ref().map(|_| Factor::User);
        let password = password.as_ref().map(|_| Factor::Password);
        let second = second.kinds().into_iter().map(Factor::from);
        user.into_iter().chain(password).chain(second).collect()
    }
}

/// A user who has passed the checks of a call.
#[derive(Debug)]
pub(in crate::service) struct VerifiedUser {
    pub user: User,
    /// The attempt at the password, if it was checked as well. No more attempts at the user's
    /// password may be pending than hashes are computed at once, so this is kept until the attempt
    /// is forgiven.
    pub attempt: Option<PendingAttempt>,
    /// The hash to store in place of the user's: of the password that the user has chosen, or of
    /// the same one, if the stored hash was made with other settings or by another service.
    pub new_hash: Option<HashString>,
}

/// A password to check, and one that the user has chosen in its place, if any.
struct PasswordCheck<'a> {
    password: Password,
    chosen: Option<&'a Password>,
}

impl Service {
    /// Carries out the checks of a request of a user and a password, if it has any. `subject` is the user whom they are of:
    /// the one that they name, or the session's. A failure is counted by `address`, in
    /// [`Service::limited`].
    pub(in crate::service) async fn check(
        &self,
        subject: Option<Subject<'_>>,
        checks: &Checks,
        address: Option<AddressGroup>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<VerifiedUser>, Error> {
        let check = self.check_and_hash(subject, checks, None, address, permit, context);
        check.await
    }

    /// The same, and computes the hash of a password that the user has chosen, if a right password
    /// was checked. It is computed in that check's turn: a call that waited for another one while
    /// its attempt is pending would have those wait for it who stand before it in the queue.
    pub(in crate::service) async fn check_and_hash(
        &self,
        subject: Option<Subject<'_>>,
        checks: &Checks,
        chosen: Option<&Password>,
        address: Option<AddressGroup>,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<VerifiedUser>, Error> {
        // Exhaustive on purpose: a check that is added is carried out here, or by `judge_answer` and
        // `judge_second`.
        let Checks {
            user,
            password,
            web_authn: _,
            second: _,
        } = checks;
        let outcome = match (subject, password.clone()) {
            (None, None) => return Ok(None),
            (None, Some(_)) => Err(Error::UserMissing),
            (Some(_), None) if user.is_none() => return Ok(None),
            (Some(subject), None) => self.check_user(subject, context).await,
            (Some(subject), Some(password)) => {
                let check = PasswordCheck { password, chosen };
                self.check_password(subject, check, address, permit, context)
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

    /// Carries out `put` and, side by side with it, the writes that a right password makes to the
    /// user's item. The call's result is `put` alone: an error of the others is logged, and the
    /// next login repeats those writes.
    pub(in crate::service) async fn put_and_settle<T>(
        &self,
        put: impl Future<Output = T>,
        verified: Option<&VerifiedUser>,
        context: &Context,
    ) -> T {
        let (put, ()) = tokio::join!(put, self.settle(verified, context));
        put
    }

    /// Forgives the failures before a right password, and stores its new hash if there is one.
    async fn settle(&self, verified: Option<&VerifiedUser>, context: &Context) {
        let Some(VerifiedUser {
            user,
            attempt,
            new_hash,
        }) = verified
        else {
            return;
        };
        let clear = async {
            attempt.as_ref()?;
            self.store.clear_failures(user).await.err()
        };
        let replace = async {
            let replace = self.store.replace_password_hash(user, new_hash.as_ref()?);
            // Another call may have replaced the hash first, which is fine.
            replace.await.err()
        };
        let (clear, replace) = tokio::join!(clear, replace);
        for error in clear.iter().chain(&replace) {
            context.record.side_error(error);
        }
    }
}
