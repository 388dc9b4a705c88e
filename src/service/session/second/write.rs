//! Writing a session together with the codes that were right for it.

use super::{PassedSecond, SecondChecks};
use crate::domain::{CodeId, FactorKind, OtpMethod, Permit, SecondFactors, Session};
use crate::error::{Error, FactorError};
use crate::service::session::web_authn::PassedAnswer;
use crate::service::{Context, Service};
use crate::store::{FactorPutOutcome, PutOutcome, UsedProofs};

/// How often a session is written whose user's factors others use at the same time.
const TRIES: usize = 8;

/// What was right for a session, and is used up when it is written.
#[derive(Default)]
pub(in crate::service::session) struct Proofs<'a> {
    pub second: Option<&'a mut PassedSecond>,
    pub answer: Option<&'a mut PassedAnswer>,
}

impl Proofs<'_> {
    fn used(&self) -> UsedProofs<'_> {
        UsedProofs {
            factors: self.second.as_deref().map(|second| &second.used),
            credential: self.answer.as_deref().map(|answer| &answer.used),
        }
    }

    /// Checks that the challenges of what was right are still those of a session that others have
    /// written since.
    pub fn require_challenges_of(&self, session: &Session, context: &Context) -> Result<(), Error> {
        if let Some(answer) = &self.answer {
            answer.require_challenge_of(session, context)?;
        }
        if let Some(second) = &self.second {
            second.require_challenges_of(session)?;
        }
        Ok(())
    }
}

impl PassedSecond {
    /// The challenges whose codes were right.
    pub fn used_codes(&self) -> Vec<CodeId> {
        self.challenges.iter().map(|(_, id)| *id).collect()
    }

    /// Checks that the challenges are still those of a session that others have written since: a code
    /// that was used is a wrong one, and so is one whose challenge was replaced.
    fn require_challenges_of(&self, session: &Session) -> Result<(), FactorError> {
        for (method, id) in &self.challenges {
            let own = session.challenges.get(*method);
            if !own.is_some_and(|own| own.id == *id && !own.is_used) {
                return Err(FactorError::Wrong(method.kind()));
            }
        }
        Ok(())
    }

    /// Judges the codes once more, by factors that others have written since.
    fn judge_again(&mut self, stored: SecondFactors) -> Result<(), FactorError> {
        let kinds = self.checks.kinds();
        let there = stored.kinds();
        // The last recovery code may have been the one that was used.
        let is_gone =
            |kind: &&FactorKind| **kind != FactorKind::RecoveryCodes && !there.has(**kind);
        if let Some(gone) = kinds.iter().find(is_gone) {
            return Err(FactorError::NotSetUp(*gone));
        }
        if let (Some(used), Some(totp)) = (&mut self.used.totp, &stored.totp) {
            if totp.last_step >= used.step {
                return Err(FactorError::Wrong(FactorKind::Totp));
            }
            let seen = self.used.seen.totp.as_ref();
            if seen.is_none_or(|seen| seen.added_at != totp.added_at) {
                // Another app was set up: the code is one of the former.
                return Err(FactorError::Wrong(FactorKind::Totp));
            }
            used.resealed = None;
        }
        if let Some(code) = &self.used.recovery_code
            && !stored.recovery_codes.contains(code)
        {
            return Err(FactorError::Wrong(FactorKind::RecoveryCodes));
        }
        self.used.seen = stored;
        Ok(())
    }
}

impl Service {
    /// Writes a session over the one that was `seen`, with what was right for it, if there is anything.
    pub(in crate::service::session) async fn put_with_second(
        &self,
        seen: Option<&Session>,
        session: &Session,
        proofs: &mut Proofs<'_>,
        context: &Context,
    ) -> Result<PutOutcome, Error> {
        if proofs.second.is_none() && proofs.answer.is_none() {
            return match seen {
                Some(seen) => self.store.put_session(seen, session).await,
                None => self.store.insert_session(session).await,
            };
        }
        for _ in 0..TRIES {
            let put = self
                .store
                .put_session_with_factors(seen, session, proofs.used());
            match Box::pin(put).await? {
                FactorPutOutcome::Done => return Ok(PutOutcome::Done),
                FactorPutOutcome::Session(conflict) => return Ok(conflict),
                FactorPutOutcome::Factors(stored) => {
                    if let Some(second) = proofs.second.as_deref_mut() {
                        second.judge_again(*stored)?;
                    }
                }
                FactorPutOutcome::Credential(stored) => {
                    if let Some(answer) = proofs.answer.as_deref_mut() {
                        self.judge_again(answer, stored, context)?;
                    }
                }
                FactorPutOutcome::Address(method) => {
                    return Err(FactorError::Wrong(method.kind()).into());
                }
            }
        }
        let text = "others used the user's factors each time that the session was written";
        Err(Error::Unavailable(text.into()))
    }

    /// Settles the attempt of second factors that were right, once the session was written or not: it
    /// counts only if a code turned out to be used.
    pub(in crate::service::session) async fn settle_second<T>(
        &self,
        outcome: Result<T, Error>,
        passed: Option<&PassedSecond>,
        context: &Context,
    ) -> Result<T, Error> {
        if let (Err(error), Some(passed)) = (&outcome, passed)
            && !matches!(error, Error::Factor(FactorError::Wrong(_)))
        {
            self.give_back(Some(passed), context).await;
        }
        outcome
    }

    /// Gives back the attempt of codes that were right and are not used.
    pub(in crate::service::session) async fn give_back(
        &self,
        passed: Option<&PassedSecond>,
        context: &Context,
    ) {
        if let Some(PassedSecond { used, .. }) = passed {
            let back = self.return_factor_attempt(&used.user, used.write, context);
            Box::pin(back).await;
        }
    }

    /// Tells a user by e-mail that a recovery code was used. A failure is only noted.
    ///
    /// Requests: 2, and 1 and the message, if the deployment sends e-mail and a recovery code was
    /// used.
    pub(in crate::service::session) async fn tell_of_recovery(
        &self,
        passed: Option<&PassedSecond>,
        permit: &Permit,
        context: &Context,
    ) {
        let used = passed.map(|passed| &passed.used);
        if let Some(used) = used.filter(|used| used.recovery_code.is_some()) {
            let left = used.recovery_codes_left();
            let told = self.tell_of_recovery_code(&used.user, left, permit, context);
            Box::pin(told).await;
        }
    }
}

/// The challenges that the codes of a request answer.
pub(super) fn answered(
    checks: &SecondChecks,
    stored: Option<&Session>,
) -> Vec<(OtpMethod, CodeId)> {
    let challenges = stored.map(|session| &session.challenges);
    let ids = checks.sent().filter_map(|(method, _)| {
        let challenge = challenges?.get(method)?;
        Some((method, challenge.id))
    });
    ids.collect()
}
