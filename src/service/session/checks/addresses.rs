use crate::domain::{AddressGroup, FailureWindow, Permit, UserAgent, parse_address};
use crate::error::Error;
use crate::log::LoginStep;
use crate::service::{Checks, Context, Service};

impl Service {
    /// The address by which the failure of a login with these checks is counted, if it is. A
    /// principal that sees users vouches for its client by a user agent; nobody else's says anything.
    pub(in crate::service) fn login_address(
        &self,
        checks: &Checks,
        user_agent: Option<&UserAgent>,
        permit: &Permit,
        context: &Context,
    ) -> Option<AddressGroup> {
        checks.password.as_ref()?;
        context.record.note(|facts| facts.login = LoginStep::Begun);
        let (address, is_vouched) = if permit.sees_users() {
            (parse_address(user_agent?.ip.as_ref()?)?, true)
        } else {
            (context.client.counted_ip()?, false)
        };
        let address = self.policy.addresses.group(address)?;
        let vouched = is_vouched.then(|| address.to_string());
        context.record.note(|facts| facts.login_address = vouched);
        Some(address)
    }

    /// Carries out a login, unless too many have failed from its address, and counts its failure: 1
    /// request more.
    ///
    /// The address is asked for before anything is known of the user, and again before an attempt
    /// is counted. So the limit is exceeded by at most the attempts that are under way, by one for
    /// each process and window, and by failures whose count failed.
    pub(in crate::service) async fn limited<T>(
        &self,
        address: Option<AddressGroup>,
        context: &Context,
        login: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.refuse_over_limit(address, context)?;
        let outcome = login.await;
        if let (Err(error), Some(address)) = (&outcome, address)
            // An invalid argument, here, is another user than the session's.
            && (error.is_failed_login() || matches!(error, Error::InvalidArgument(_)))
        {
            self.count_failure(address, context).await;
        }
        outcome
    }

    /// # Errors
    ///
    /// [`Error::TooManyFailures`]: the address has reached the limit, as far as this process knows,
    /// and the policy is to refuse.
    pub(in crate::service) fn refuse_over_limit(
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
        // The client's deadline must not end the call before this.
        context
            .record
            .note(|facts| facts.login = LoginStep::AttemptPending);
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
}
