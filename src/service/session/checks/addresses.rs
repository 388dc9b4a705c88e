use super::VerifiedUser;
use crate::domain::{AddressGroup, FailureWindow, Password, Permit, UserAgent};
use crate::error::Error;
use crate::log::LoginStep;
use crate::service::user_lookup::Subject;
use crate::service::{Context, Service};

impl Service {
    /// Checks a password, unless too many logins have failed from the client's address, and counts
    /// the failure if it is one: 1 request more.
    ///
    /// The address is asked for before the call waits for its turn, and again before its attempt is
    /// counted. So the limit is exceeded by at most the attempts that are under way, by one for each
    /// process and window, and by failures whose count failed.
    pub(super) async fn check_login(
        &self,
        subject: Subject<'_>,
        password: Password,
        user_agent: Option<&UserAgent>,
        permit: &Permit,
        context: &Context,
    ) -> Result<VerifiedUser, Error> {
        context.record.note(|facts| facts.login = LoginStep::Begun);
        let address = self.counted_by(user_agent, permit, context);
        self.refuse_over_limit(address, context)?;
        let check = self.check_password(subject, password, address, permit, context);
        let outcome = check.await;
        if let (Err(error), Some(address)) = (&outcome, address)
            && error.is_failed_login()
        {
            self.count_failure(address, context).await;
        }
        outcome
    }

    /// # Errors
    ///
    /// [`Error::TooManyFailures`]: the address has reached the limit, as far as this process knows,
    /// and the policy is to refuse.
    pub(super) fn refuse_over_limit(
        &self,
        address: Option<AddressGroup>,
        context: &Context,
    ) -> Result<(), Error> {
        let now = context.time();
        let known = address.and_then(|address| self.limited.limited_until(address, now));
        match known {
            None => Ok(()),
            Some(_) if self.policy.addresses.only_reports => {
                context.record.note(|facts| facts.over_limit = true);
                Ok(())
            }
            Some(end) => Err(Error::TooManyFailures(now.until(end).unwrap_or_default())),
        }
    }

    /// Counts a failure. If that fails, the login's own failure is answered all the same.
    async fn count_failure(&self, address: AddressGroup, context: &Context) {
        let max = self.policy.addresses.max_failures;
        let window = FailureWindow::at(context.time());
        let count = self.store.count_failure(address, window);
        match context.database(count).await {
            Ok(failures) if max.is_some_and(|max| failures >= u64::from(max)) => {
                self.limited.learn(address, window);
            }
            Ok(_) => {}
            Err(error) => context.record.side_error(&error),
        }
    }

    /// The address by which a login's failure is counted, if it is. A principal that sees users
    /// vouches for its client by a user agent; nobody else's says anything.
    fn counted_by(
        &self,
        user_agent: Option<&UserAgent>,
        permit: &Permit,
        context: &Context,
    ) -> Option<AddressGroup> {
        let address = if permit.sees_users() {
            user_agent?.ip.as_ref()?.trim().parse().ok()?
        } else {
            context.client.counted_ip()?
        };
        self.policy.addresses.group(address)
    }
}
