//! Judging the answer of an authenticator.

use super::{Fault, PassedAnswer, ReadAnswer, refuse};
use crate::domain::{
    CounterPolicy, Credential, CredentialKind, Factor, FoldedName, LoginName, SignCount, User,
    UserId, UserRef, UserState, UserVerification, WebAuthnChallenge,
};
use crate::error::{Error, WebAuthnError};
use crate::service::session::set::PreparedSet;
use crate::service::user_lookup::Subject;
use crate::service::{Context, Service};
use crate::store::UsedCredential;
use crate::webauthn::{Asserted, Expected, FORGED, verify_assertion, verify_nothing};

impl Service {
    /// Judges an answer to `challenge`, which the session of `set` has. `known` is the user who was
    /// checked in the same request. Nothing is used up yet.
    ///
    /// Requests, one after another: 1 for a challenge of a user, 2 for one without.
    ///
    /// # Errors
    ///
    /// Those of [`WebAuthnError`].
    pub(super) async fn judge_answer(
        &self,
        set: &PreparedSet,
        answer: ReadAnswer,
        challenge: &WebAuthnChallenge,
        known: Option<&User>,
        context: &Context,
    ) -> Result<PassedAnswer, Error> {
        if challenge.is_expired(context.now) {
            return Err(refuse(Fault("the challenge has expired"), context).into());
        }
        let is_discoverable = challenge.user.is_none();
        let (credential, user, asserted) = if let Some(user) = challenge.user {
            let of_user = self.judge_of_user(set, &answer, challenge, user, known, context);
            of_user.await?
        } else {
            let of_anybody = self.judge_of_anybody(set, &answer, challenge, known, context);
            of_anybody.await?
        };
        self.judge_count(credential.sign_count, asserted.sign_count, context)?;
        let is_passkey = credential.kind == CredentialKind::Passkey && asserted.user_verified;
        Ok(PassedAnswer {
            challenge: challenge.challenge,
            used: UsedCredential {
                seen: credential,
                sign_count: asserted.sign_count,
                is_backed_up: asserted.backup.is_backed_up,
                at: context.now,
            },
            user,
            factor: if is_passkey {
                Factor::Passkey
            } else {
                Factor::U2f
            },
            u2f_verified_user: !is_passkey && asserted.user_verified,
            is_discoverable,
        })
    }

    /// Judges an answer to a challenge of a user: the session's own, or the one who was checked in the
    /// request that asked for it.
    async fn judge_of_user(
        &self,
        set: &PreparedSet,
        answer: &ReadAnswer,
        challenge: &WebAuthnChallenge,
        user: UserRef,
        known: Option<&User>,
        context: &Context,
    ) -> Result<(Credential, User, Asserted), Error> {
        let is_his = |one: &&Credential| UserRef::from(&one.user) == user && challenge.takes(one);
        let credential = answer.credential.as_ref().filter(is_his);
        let credential = credential.ok_or(WebAuthnError::NotFound)?;
        answer
            .require_handle(credential, false)
            .map_err(|fault| refuse(fault, context))?;
        let user = match known {
            Some(user) => user.clone(),
            None => self.credential_user(set, &credential.user, context).await?,
        };
        context.record.user(&user.user_id);
        if user.state != UserState::Active {
            return Err(WebAuthnError::UserNotActive.into());
        }
        let asserted = self.verify_answer(answer, challenge, credential);
        let asserted = asserted.map_err(|fault| refuse(fault, context))?;
        Ok((credential.clone(), user, asserted))
    }

    /// The user of a session, who has the credential: 1 request.
    async fn credential_user(
        &self,
        set: &PreparedSet,
        id: &UserId,
        context: &Context,
    ) -> Result<User, Error> {
        let name: &LoginName = set
            .login_name
            .as_ref()
            .ok_or(WebAuthnError::UserNotActive)?;
        let lookup = self.locate(Subject::Own(id, name), context).await?;
        let user = context.database(self.store.get_user(&lookup.name)).await?;
        let user = user.ok_or_else(|| lookup.not_found())?;
        lookup.check_id(&user)?;
        Ok(user)
    }

    /// Judges an answer to a challenge without a user, which finds the user. Whatever is wrong with it,
    /// it takes the same requests and the same work: or else anybody could find out which credentials
    /// there are, and whose users are active.
    async fn judge_of_anybody(
        &self,
        set: &PreparedSet,
        answer: &ReadAnswer,
        challenge: &WebAuthnChallenge,
        known: Option<&User>,
        context: &Context,
    ) -> Result<(Credential, User, Asserted), Error> {
        let credential = answer.credential.as_ref();
        let wanted = credential.map_or_else(UserId::generate, |one| one.user.clone());
        let pointer = self.store.get_user_pointer(&wanted);
        let pointer = context.database(pointer).await?;
        let kinds = pointer.as_ref().map(|pointer| pointer.kinds);
        let kinds = kinds.unwrap_or_default();
        let name = match pointer {
            Some(pointer) => pointer.login_name.folded(),
            None => FoldedName::for_unknown_user(wanted.as_str()),
        };
        let user = context.database(self.store.get_user(&name)).await?;
        let user = user.filter(|user| user.user_id == wanted);
        let asserted = match credential {
            Some(credential) => self.verify_answer(answer, challenge, credential),
            None => Err(Fault("the credential is not known")),
        };
        if asserted.is_err_and(|fault| fault != FORGED) {
            verify_nothing(&answer.response);
        }
        let session_user = set.session.factors.user().map(|own| &own.user_id);
        let wanted_user = known.map(|user| &user.user_id).or(session_user);
        let judged = async {
            let asserted = asserted?;
            let credential = credential.ok_or(Fault("the credential is not known"))?;
            answer.require_handle(credential, true)?;
            if !challenge.takes(credential) {
                return Err(Fault("the credential is of another kind or domain"));
            }
            let user = user.ok_or(Fault("the credential's user doesn't exist"))?;
            // A release without credentials leaves those of a user whom it deletes, and the id may be
            // another one's since.
            if !kinds.has(credential.kind.into()) {
                return Err(Fault("the user has no credential of the kind"));
            }
            if user.state != UserState::Active {
                return Err(Fault("the credential's user is not active"));
            }
            if wanted_user.is_some_and(|wanted| *wanted != user.user_id) {
                return Err(Fault("the session has another user"));
            }
            Ok((credential.clone(), user, asserted))
        };
        let judged = judged.await.map_err(|fault| refuse(fault, context))?;
        context.record.user(&judged.1.user_id);
        Ok(judged)
    }

    fn verify_answer(
        &self,
        answer: &ReadAnswer,
        challenge: &WebAuthnChallenge,
        credential: &Credential,
    ) -> Result<Asserted, Fault> {
        let parties = self.policy.relying_parties.as_ref();
        let expected = Expected {
            challenge: challenge.challenge,
            rp_id: &challenge.rp_id,
            parties: parties.ok_or(Fault("there are no domains for credentials"))?,
            user_verification: challenge.verification == UserVerification::Required,
        };
        verify_assertion(
            &answer.response,
            &expected,
            &credential.key,
            credential.backup,
        )
    }

    /// Judges the count of a signature that is right.
    fn judge_count(
        &self,
        stored: SignCount,
        next: SignCount,
        context: &Context,
    ) -> Result<(), WebAuthnError> {
        const MAY_BE_COPIED: Fault = Fault("the sign count has not grown");
        if stored.is_followed_by(next) {
            return Ok(());
        }
        match self.policy.counter {
            CounterPolicy::Refuse => {
                refuse(MAY_BE_COPIED, context);
                Err(WebAuthnError::MayBeCopied)
            }
            CounterPolicy::Warn => {
                context.record.side_error(&MAY_BE_COPIED);
                Ok(())
            }
        }
    }

    /// Judges a right answer once more, by the credential that others have written since.
    pub(in crate::service::session) fn judge_again(
        &self,
        answer: &mut PassedAnswer,
        stored: Option<Box<Credential>>,
        context: &Context,
    ) -> Result<(), WebAuthnError> {
        let used = &mut answer.used;
        let is_same = |one: &Credential| one.user == used.seen.user && one.key == used.seen.key;
        let stored = stored.map(|one| *one).filter(is_same);
        let Some(stored) = stored else {
            return Err(answer.not_found(context));
        };
        self.judge_count(stored.sign_count, used.sign_count, context)?;
        used.seen = stored;
        Ok(())
    }
}
