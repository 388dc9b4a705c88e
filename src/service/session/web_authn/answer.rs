//! A Set with the answer of an authenticator.

use super::{Fault, PresentedAnswer, ReadAnswer, WebAuthnChallenge, refuse};
use crate::domain::{
    Challenge, Factor, NamedSession, Permit, Session, SessionId, UserFactor, UserRef, WriteId,
};
use crate::error::{Error, WebAuthnError};
use crate::service::session::second::{CheckedChallenges, PreparedSecond, require_proof};
use crate::service::session::set::{ChangedSession, PreparedSet};
use crate::service::session::web_authn::{KeyRights, PassedAnswer};
use crate::service::{Context, Service};
use crate::store::PutOutcome;

/// How often it is tried to write a session that others write at the same time.
const TRIES: usize = 16;

impl Service {
    /// Finds the session of a Set and, at the same time, the credential that its answer names, if it has
    /// one.
    ///
    /// # Errors
    ///
    /// [`WebAuthnError::MalformedAnswer`].
    pub(in crate::service::session) async fn find_with_answer(
        &self,
        id: SessionId,
        user: Option<UserRef>,
        presented: Option<Box<PresentedAnswer>>,
        context: &Context,
    ) -> Result<(Option<NamedSession>, Option<Box<ReadAnswer>>), Error> {
        let Some(presented) = presented else {
            return Ok((self.find(id, user, context).await?, None));
        };
        let response = presented.map_err(|malformed| {
            context
                .record
                .note(|facts| facts.key_fault = Some(malformed.0));
            WebAuthnError::MalformedAnswer
        })?;
        let hash = response.id.hash();
        let both = async {
            let credential = self.store.get_credential(hash);
            tokio::join!(self.find(id, user, context), credential)
        };
        // On the heap, because a Set without an answer would be moved together with it.
        let (named, credential) = Box::pin(both).await;
        let answer = ReadAnswer {
            response,
            credential: credential?,
        };
        Ok((named?, Some(answer.into())))
    }

    /// Judges the answer of a Set whose user and password have passed, then its other checks, and
    /// writes what it changes. The challenge that the answer names is consumed, whether the answer is
    /// right or wrong, and whether or not something else of the request is.
    pub(in crate::service::session) async fn set_with_answer(
        &self,
        mut set: PreparedSet,
        answer: ReadAnswer,
        asked: &CheckedChallenges,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedSession, Error> {
        let verified = set.verified.take();
        let challenge = match named_challenge(&set.session, &answer, context) {
            Ok(challenge) => challenge,
            Err(error) => {
                let refused = std::future::ready(Err(error.into()));
                return self
                    .put_and_settle(refused, verified.as_ref(), context)
                    .await;
            }
        };
        // The client's deadline must not end the call before the challenge is consumed.
        context.record.note(|facts| facts.runs_to_end = true);
        let session = set.session.clone();
        let change = async {
            let known = verified.as_ref().map(|verified| &verified.user);
            let judged = self.judge_answer(&set, answer, &challenge, known, context);
            let passed = judged.await?;
            set.add(passed);
            let prepared = self.prepare_others(&set, asked, permit, context).await?;
            self.change(set, asked, prepared, permit, context).await
        };
        let outcome = self
            .put_and_settle(change, verified.as_ref(), context)
            .await;
        match outcome {
            // Nobody knows what was written, and an answer that was is consumed.
            Err(error) if !error.is_server_fault() => {
                let consumed = self.consume(session, &challenge.challenge, context);
                consumed.await?;
                Err(error)
            }
            outcome => outcome,
        }
    }

    /// Judges what a Set asks for beside the answer that was right.
    async fn prepare_others(
        &self,
        set: &PreparedSet,
        asked: &CheckedChallenges,
        permit: &Permit,
        context: &Context,
    ) -> Result<PreparedSecond, Error> {
        let proved = Some(&set.session.factors);
        require_proof(&set.second, asked, &set.checks, proved)?;
        let rights = KeyRights {
            permit,
            has_user: true,
            user: set.checked.as_ref().map(|user| &user.user_id),
            checks: &set.checks,
            proved,
        };
        rights.check(asked.web_authn.as_deref())?;
        if set.second.is_empty() && asked.is_empty() {
            return Ok(PreparedSecond::default());
        }
        let subject = set.second_subject();
        self.prepare_second(&set.second, asked, subject, context)
            .await
    }

    /// Writes that a challenge was answered, on top of what others write at the same time.
    async fn consume(
        &self,
        session: Session,
        challenge: &Challenge,
        context: &Context,
    ) -> Result<(), Error> {
        let mut seen = session;
        for _ in 0..TRIES {
            if seen.challenges.web_authn(challenge).is_none() {
                return Ok(());
            }
            let next = seen.after_wrong_answer(challenge, WriteId::generate(), context.now);
            let put = self.store.put_session(&seen, &next);
            match context.database(put).await? {
                PutOutcome::Done | PutOutcome::Gone => return Ok(()),
                PutOutcome::Conflict(stored) => seen = *stored,
            }
            context.record.note(|facts| facts.conflicts += 1);
        }
        Err(Error::Conflict)
    }
}

/// The challenge that an answer names.
///
/// # Errors
///
/// [`WebAuthnError::NoChallenge`], [`WebAuthnError::WrongAnswer`].
fn named_challenge(
    session: &Session,
    answer: &ReadAnswer,
    context: &Context,
) -> Result<WebAuthnChallenge, WebAuthnError> {
    if session.challenges.web_authn.is_empty() {
        return Err(WebAuthnError::NoChallenge);
    }
    let named = answer.response.challenge();
    let named = named.and_then(|named| session.challenges.web_authn(&named));
    let unknown = || refuse(Fault("it names no challenge of the session"), context);
    named.cloned().ok_or_else(unknown)
}

impl PreparedSet {
    /// Adds an answer that was right, as if its factors were checks of the request.
    fn add(&mut self, passed: PassedAnswer) {
        if self.session.factors.user().is_none() {
            self.checks.insert(Factor::User);
        }
        self.checks.insert(passed.factor);
        self.checked = Some(UserFactor::from(&passed.user));
        self.login_name = Some(passed.user.login_name.clone());
        self.changes.answered = Some(passed.challenge);
        self.answered = Some(Box::new(passed));
    }
}
