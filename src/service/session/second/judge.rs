//! Judging second factors: an attempt is reserved before anything is compared.

use std::sync::Arc;

use super::write::answered;
use super::{PassedSecond, SecondChecks, SecondSubject};
use crate::domain::{
    Address as _, FactorKind, OtpChallenge, OtpMethod, PresentedOtp, Profile, RecoveryCodeHash,
    SealedSecret, SecondFactors, Timestamp, TotpSecret, UserId, WriteId,
};
use crate::error::{Error, FactorError, FactorLock};
use crate::service::factor_keys::seal_totp;
use crate::service::{Context, Service};
use crate::store::{ReservedFactors, UsedFactors, UsedTotp};
use crate::token::ServerKeys;

/// An attempt that is reserved, and all that the codes are compared with.
struct Attempt<'a> {
    factors: SecondFactors,
    profile: Profile,
    keys: Option<Arc<ServerKeys>>,
    subject: SecondSubject<'a>,
}

/// Why a code is not accepted.
enum Fault {
    /// The attempt was one, and counts.
    Wrong(FactorKind),
    /// Nothing was compared, so it doesn't count.
    Failed(Error),
}

impl Service {
    /// Judges the second factors of a request. Nothing is used up yet.
    ///
    /// Requests, one after another: 1, which reserves the attempt, and beside it one that reads the
    /// address of a code that was sent. One more without a session.
    ///
    /// # Errors
    ///
    /// Those of [`FactorError`], in the order of the checks; [`Error::Internal`]: no key opens the
    /// secret of an authenticator app.
    pub(in crate::service::session) async fn judge_second(
        &self,
        checks: &SecondChecks,
        subject: SecondSubject<'_>,
        context: &Context,
    ) -> Result<Option<PassedSecond>, Error> {
        let kinds = checks.kinds();
        if kinds.is_empty() {
            return Ok(None);
        }
        let needs_key = kinds.iter().any(|kind| *kind != FactorKind::RecoveryCodes);
        let keys = if needs_key {
            Some(self.factor_keys(context).await?)
        } else {
            None
        };
        self.require_challenges(checks, subject, context).await?;

        let user_id = &subject.user.user_id;
        let write = subject.attempt;
        // The client's deadline must not end the call before the attempt is settled.
        context.record.note(|facts| facts.runs_to_end = true);
        let now = context.time();
        let policy = self.policy.factor_attempts;
        let reserve = self
            .store
            .reserve_factor_attempt(user_id, &kinds, policy, write, now);
        let profile = async {
            match checks.sent().next() {
                Some(_) => self.store.get_profile(user_id).await,
                None => Ok(Profile::default()),
            }
        };
        let (reserved, profile) = context
            .database(async { tokio::join!(reserve, profile) })
            .await;
        let factors = match reserved {
            Ok(ReservedFactors::Reserved(factors)) => factors,
            Ok(ReservedFactors::Refused(factors)) => {
                return Err(self.factor_refusal(&kinds, &factors, now).into());
            }
            Err(error) => {
                // It may have been counted all the same.
                self.return_factor_attempt(user_id, write, context).await;
                return Err(error);
            }
        };
        let lock = factors
            .attempts
            .locked_until(self.policy.factor_attempts, now);
        let attempt = async {
            let attempt = Attempt {
                factors,
                profile: profile.map_err(Fault::Failed)?,
                keys,
                subject,
            };
            self.judge_codes(checks, attempt, context).await
        };
        match attempt.await {
            Ok(used) => Ok(Some(PassedSecond {
                used: UsedFactors { write, ..used },
                checks: checks.clone(),
                challenges: answered(checks, subject.stored),
            })),
            Err(Fault::Wrong(kind)) => {
                let locks = lock != Ok(None);
                context.record.note(|facts| facts.locked_out = locks);
                Err(FactorError::Wrong(kind).into())
            }
            Err(Fault::Failed(error)) => {
                self.return_factor_attempt(user_id, write, context).await;
                Err(error)
            }
        }
    }

    /// Checks that there is a challenge for each code that was sent. What it needs of the user's kinds
    /// is read if it isn't known: 1 request.
    async fn require_challenges(
        &self,
        checks: &SecondChecks,
        subject: SecondSubject<'_>,
        context: &Context,
    ) -> Result<(), Error> {
        if checks.sent().next().is_none() {
            return Ok(());
        }
        let kinds = if let Some(kinds) = subject.kinds {
            kinds
        } else {
            let factors = self.store.get_factors(&subject.user.user_id);
            context.database(factors).await?.kinds()
        };
        for (method, _) in checks.sent() {
            if !kinds.has(method.kind()) {
                return Err(FactorError::NotSetUp(method.kind()).into());
            }
            let challenge = challenge(subject, method).ok_or(FactorError::NoChallenge)?;
            if challenge.is_expired(context.now) {
                return Err(FactorError::Expired.into());
            }
        }
        Ok(())
    }

    /// Reserves an attempt at codes that are compared with former ones: 1 request.
    ///
    /// # Errors
    ///
    /// [`FactorError::Locked`].
    pub(in crate::service::session) async fn reserve_comparison(
        &self,
        kind: FactorKind,
        subject: SecondSubject<'_>,
        context: &Context,
    ) -> Result<(), Error> {
        context.record.note(|facts| facts.runs_to_end = true);
        let now = context.time();
        let policy = self.policy.factor_attempts;
        let user = &subject.user.user_id;
        // What the user has by now doesn't matter.
        let reserve = self
            .store
            .reserve_factor_attempt(user, &[], policy, subject.attempt, now);
        match context.database(reserve).await? {
            ReservedFactors::Refused(factors) if factors.are_locked(policy, now) => {
                Err(self.factor_refusal(&[kind], &factors, now).into())
            }
            ReservedFactors::Refused(_) | ReservedFactors::Reserved(_) => Ok(()),
        }
    }

    /// Why no attempt was counted.
    fn factor_refusal(
        &self,
        kinds: &[FactorKind],
        factors: &SecondFactors,
        now: Timestamp,
    ) -> FactorError {
        let there = factors.kinds();
        if let Some(kind) = kinds.iter().find(|kind| !there.has(**kind)) {
            return FactorError::NotSetUp(*kind);
        }
        let lock = factors
            .attempts
            .locked_until(self.policy.factor_attempts, now);
        // A lock that has just ended leaves nothing to wait for.
        let left = lock.map(|until| until.and_then(|until| now.until(until)));
        let first = kinds.first().copied();
        FactorError::Locked(FactorLock {
            kind: first.unwrap_or(FactorKind::Totp),
            left: left.map(Option::unwrap_or_default).ok(),
        })
    }

    async fn judge_codes(
        &self,
        checks: &SecondChecks,
        attempt: Attempt<'_>,
        context: &Context,
    ) -> Result<UsedFactors, Fault> {
        let mut used = UsedFactors::new(attempt.subject.user.user_id.clone(), &attempt.factors);
        if let Some(code) = &checks.totp {
            let not_set_up = || Fault::Failed(FactorError::NotSetUp(FactorKind::Totp).into());
            let totp = attempt.factors.totp.as_ref().ok_or_else(not_set_up)?;
            let (keys, user_id) = (attempt.keys()?, &attempt.subject.user.user_id);
            let secret = self.open_totp_secret(keys, user_id, &totp.secret, context);
            let secret = secret.await.map_err(Fault::Failed)?;
            let step = secret.accepted_step(code, context.time(), Some(totp.last_step));
            let step = step.ok_or(Fault::Wrong(FactorKind::Totp))?;
            let resealed = attempt.resealed(&secret, &totp.secret)?;
            used.totp = Some(UsedTotp { step, resealed });
        }
        for (method, code) in checks.sent() {
            let since = self.judge_sent(&attempt, method, code, context).await?;
            used.sent.push((method, since));
        }
        if let Some(code) = &checks.recovery_code {
            let hash = RecoveryCodeHash::of(&attempt.subject.user.user_id, code);
            if !attempt.factors.recovery_codes.contains(&hash) {
                return Err(Fault::Wrong(FactorKind::RecoveryCodes));
            }
            used.recovery_code = Some(hash);
        }
        used.seen = attempt.factors;
        Ok(used)
    }

    /// Judges a code that was sent. Returns when the address was verified that it was sent to.
    async fn judge_sent(
        &self,
        attempt: &Attempt<'_>,
        method: OtpMethod,
        code: &PresentedOtp,
        context: &Context,
    ) -> Result<Timestamp, Fault> {
        let wrong = || Fault::Wrong(method.kind());
        let subject = attempt.subject;
        let challenge = challenge(subject, method).ok_or_else(wrong)?;
        let (address, since) = verified_address(&attempt.profile, method).ok_or_else(wrong)?;
        let mut keys = attempt.keys.clone();
        if attempt.keys()?.with_name(challenge.key).is_none() {
            let read = self.server_keys_with(challenge.key, context).await;
            keys = read.map_err(Fault::Failed)?;
        }
        let key = keys.as_ref().and_then(|keys| keys.with_name(challenge.key));
        let key = key.ok_or_else(wrong)?;
        let name = method.kind().as_str();
        let user = &subject.user.user_id;
        let right = key.one_time_code(subject.session, user, name, &address, since, challenge.id);
        if challenge.is_used || !right.is(code) {
            return Err(wrong());
        }
        Ok(since)
    }

    pub(in crate::service::session) async fn return_factor_attempt(
        &self,
        user: &UserId,
        write: WriteId,
        context: &Context,
    ) {
        let returned = self.store.return_factor_attempt(user, write);
        if let Err(error) = context.database(returned).await {
            context.record.side_error(&error);
        }
    }
}

impl Attempt<'_> {
    /// The keys, which were read if a check needs them.
    fn keys(&self) -> Result<&ServerKeys, Fault> {
        let none = || Fault::Failed(Error::Internal("a check has no keys".into()));
        self.keys.as_deref().ok_or_else(none)
    }

    /// The secret sealed anew, if another key than the first has sealed it.
    fn resealed(
        &self,
        secret: &TotpSecret,
        stored: &SealedSecret,
    ) -> Result<Option<SealedSecret>, Fault> {
        let keys = self.keys()?;
        if keys.first().name() == stored.key {
            return Ok(None);
        }
        let sealed = seal_totp(keys, &self.subject.user.user_id, secret);
        sealed.map(Some).map_err(Fault::Failed)
    }
}

fn challenge(subject: SecondSubject<'_>, method: OtpMethod) -> Option<&OtpChallenge> {
    subject.stored?.challenges.get(method)
}

/// The verified address that codes go to, as they are derived from it, and when it was verified.
pub(super) fn verified_address(
    profile: &Profile,
    method: OtpMethod,
) -> Option<(String, Timestamp)> {
    match method {
        OtpMethod::Email => {
            let email = profile.email.as_ref()?;
            Some((email.address.folded(), email.verified_at?))
        }
        OtpMethod::Sms => {
            let phone = profile.phone.as_ref()?;
            Some((phone.address.folded(), phone.verified_at?))
        }
    }
}
