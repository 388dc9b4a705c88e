//! Codes that are sent to a session's user, or returned.

use std::time::Duration;

use super::asked::CheckedOtp;
use super::judge::verified_address;
use super::{
    CheckedChallenges, PassedSecond, PreparedSecond, ReturnedChallenges, SecondChecks,
    SecondSubject,
};
use crate::domain::{
    Challenges, CodeId, DisplayName, Language, LinkValues, OneTimeCode, OtpChallenge, OtpMethod,
    Permit, Profile, SecondFactors, Session, day_of, until_next_day,
};
use crate::error::{Error, FactorError, UserError};
use crate::messages::{self, MessageKind, MessageValues};
use crate::service::session::web_authn::KeyChallenge;
use crate::service::{Context, Service};
use crate::store::MessageCounter;
use crate::token::ServerKey;

/// The challenges that a request has made, which are still to be stored with its session.
#[derive(Debug, Default)]
pub(in crate::service::session) struct MadeChallenges {
    pub challenges: Challenges,
    pub returned: ReturnedChallenges,
}

impl MadeChallenges {
    pub fn with_key(mut self, key: Option<Box<KeyChallenge>>) -> Self {
        if let Some(KeyChallenge { challenge, request }) = key.map(|key| *key) {
            self.challenges.web_authn.push(challenge);
            self.returned.web_authn = Some(request.into());
        }
        self
    }
}

/// What a code is made of.
struct Otp<'a> {
    method: OtpMethod,
    key: &'a ServerKey,
    factors: &'a SecondFactors,
    profile: &'a Profile,
    subject: SecondSubject<'a>,
    /// The challenges whose codes the same request uses up.
    used: &'a [CodeId],
}

impl Service {
    /// Judges the second factors of a request, and reads what its challenges need. Without a user there
    /// is only the challenge that finds one.
    ///
    /// # Errors
    ///
    /// Those of [`Self::judge_second`] and [`Self::make_key_challenge`]; [`Error::Unimplemented`]: the deployment has no key for
    /// codes.
    pub(in crate::service::session) async fn prepare_second(
        &self,
        checks: &SecondChecks,
        asked: &CheckedChallenges,
        subject: Option<SecondSubject<'_>>,
        context: &Context,
    ) -> Result<PreparedSecond, Error> {
        let Some(subject) = subject else {
            return Ok(PreparedSecond {
                key: self.make_key_challenge(asked, None, context).await?,
                ..PreparedSecond::default()
            });
        };
        let passed = self.judge_second(checks, subject, context).await?;
        let of_codes = async {
            if !asked.has_otps() {
                return Ok(None);
            }
            self.factor_keys(context).await?;
            let user = &subject.user.user_id;
            let read = self.store.get_factors_and_profile(user);
            context.database(read).await.map(Some)
        };
        let of_key = self.make_key_challenge(asked, Some(subject), context);
        let made = async {
            let (key, read) = tokio::join!(of_key, of_codes);
            Ok((key?, read?))
        };
        let made = made.await;
        let (key, read) = self.settle_second(made, passed.as_ref(), context).await?;
        Ok(PreparedSecond { passed, read, key })
    }

    /// Sends or returns the codes that a request asks for, all of whose checks have passed.
    ///
    /// The messages go out before the session is written: if the provider refuses, session and token
    /// are as they were. A code whose session is then not written fits nothing.
    ///
    /// Requests, one after another: 1 that counts each message, and the message.
    ///
    /// # Errors
    ///
    /// - [`FactorError::NotReady`]: the user has no such codes, or no verified address for them.
    /// - [`UserError::TooManyMessages`].
    /// - [`Error::Unavailable`]: the message can't be sent. It then counts against nothing.
    pub(in crate::service::session) async fn make_challenges(
        &self,
        asked: &CheckedChallenges,
        subject: SecondSubject<'_>,
        read: &(SecondFactors, Profile),
        passed: Option<&PassedSecond>,
        permit: &Permit,
        context: &Context,
    ) -> Result<MadeChallenges, Error> {
        let mut made = MadeChallenges::default();
        let used = passed.map(PassedSecond::used_codes).unwrap_or_default();
        let (factors, profile) = read;
        let keys = self.factor_keys(context).await?;
        for (method, delivery) in asked.iter() {
            let otp = Otp {
                method,
                key: keys.first(),
                factors,
                profile,
                subject,
                used: &used,
            };
            self.make_challenge(&otp, delivery, &mut made, permit, context)
                .await?;
        }
        Ok(made)
    }

    /// The codes and the challenge that a create has returned, for a repeated one: as long as they are
    /// open, and no other ones have taken their place.
    ///
    /// Requests: 1 for codes, 1 for a challenge of a user.
    pub(in crate::service::session) async fn open_codes(
        &self,
        asked: &CheckedChallenges,
        stored: &Session,
        context: &Context,
    ) -> Result<ReturnedChallenges, Error> {
        let mut returned = ReturnedChallenges {
            web_authn: self.open_key_challenge(asked, stored, context).await?,
            ..ReturnedChallenges::default()
        };
        let Some(user) = stored.factors.user().map(|user| &user.user_id) else {
            return Ok(returned);
        };
        let first_end = stored.created_at.plus(OtpChallenge::LIFETIME);
        let open: Vec<_> = asked
            .iter()
            .filter(|(_, delivery)| matches!(delivery, CheckedOtp::Return))
            .filter_map(|(method, _)| Some((method, stored.challenges.get(method)?)))
            .filter(|(_, one)| !one.is_used && !one.is_expired(context.now))
            .filter(|(_, one)| one.expires_at == first_end)
            .collect();
        if open.is_empty() {
            return Ok(returned);
        }
        let profile = context.database(self.store.get_profile(user)).await?;
        for (method, challenge) in open {
            let keys = self.server_keys_with(challenge.key, context).await?;
            let key = keys.as_ref().and_then(|keys| keys.with_name(challenge.key));
            let address = verified_address(&profile, method);
            let (Some(key), Some((address, since))) = (key, address) else {
                continue;
            };
            if key.address_tag(&address, since) == challenge.address {
                let name = method.kind().as_str();
                let id = challenge.id;
                let code = key.one_time_code(stored.id, user, name, &address, since, id);
                returned.put((method, code));
            }
        }
        Ok(returned)
    }

    async fn make_challenge(
        &self,
        otp: &Otp<'_>,
        delivery: &CheckedOtp,
        made: &mut MadeChallenges,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        let method = otp.method;
        let not_ready = FactorError::NotReady(method.kind());
        if !otp.factors.kinds().has(method.kind()) {
            return Err(not_ready.into());
        }
        let (address, since) = verified_address(otp.profile, method).ok_or(not_ready)?;
        let tag = otp.key.address_tag(&address, since);
        let now = context.now;
        let open = otp
            .subject
            .stored
            .and_then(|one| one.challenges.get(method));
        let open = open.filter(|one| one.stands(tag, otp.key.name(), now));
        let open = open.filter(|one| !otp.used.contains(&one.id));
        let mut challenge = open.cloned().unwrap_or_else(|| OtpChallenge {
            id: CodeId::generate(),
            key: otp.key.name(),
            address: tag,
            expires_at: now.plus(OtpChallenge::LIFETIME),
            sent_at: None,
            is_used: false,
        });
        let user = &otp.subject.user.user_id;
        let (session, name) = (otp.subject.session, method.kind().as_str());
        let code = otp
            .key
            .one_time_code(session, user, name, &address, since, challenge.id);
        match delivery {
            CheckedOtp::Return => {
                context
                    .record
                    .note(|facts| _ = facts.codes_returned.insert(name));
                made.returned.put((method, code));
                if open.is_some() {
                    return Ok(());
                }
            }
            CheckedOtp::Send(_) => {
                if challenge.was_just_sent(now) {
                    return Ok(());
                }
                self.send_otp(otp, &code, delivery, permit, context).await?;
                challenge.sent_at = Some(now);
            }
        }
        made.challenges.set(method, challenge);
        Ok(())
    }

    /// Counts the message of a code, and sends it.
    async fn send_otp(
        &self,
        otp: &Otp<'_>,
        code: &OneTimeCode,
        delivery: &CheckedOtp,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        // What is counted is sent, whatever the client's deadline.
        context.record.note(|facts| facts.runs_to_end = true);
        let user = &otp.subject.user.user_id;
        let (method, day) = (otp.method, day_of(context.now));
        let seen = otp.factors.sent.get(method);
        let max = self.policy.messages.max_per_day;
        let counted = async {
            tokio::join!(
                self.store.count_sent_code(user, method, seen, day),
                self.store
                    .count_message(MessageCounter::Deployment, max, day),
            )
        };
        let (of_user, of_all) = context.database(counted).await;
        if matches!(of_all, Ok(false)) {
            context.record.message_limit();
        }
        let is_counted = |counted: &Result<bool, Error>| matches!(counted, Ok(true));
        let (is_of_user, is_of_all) = (is_counted(&of_user), is_counted(&of_all));
        let sent = match (of_user, of_all) {
            (Ok(true), Ok(true)) => self.deliver_otp(otp, code, delivery, permit).await,
            (Ok(_), Ok(_)) => Err(UserError::TooManyMessages(until_next_day(context.now)).into()),
            // What may have been counted stays counted: one too many is better than a limit that
            // failures raise.
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        let Err(error) = sent else {
            return Ok(());
        };
        if is_of_user {
            let taken = self.store.uncount_sent_code(user, method, day);
            if let Err(error) = context.database(taken).await {
                context.record.side_error(&error);
            }
        }
        if is_of_all {
            self.take_back(MessageCounter::Deployment, context).await;
        }
        if error.is_server_fault() {
            context.record.message_failed(&error);
        }
        Err(error)
    }

    async fn deliver_otp(
        &self,
        otp: &Otp<'_>,
        code: &OneTimeCode,
        delivery: &CheckedOtp,
        permit: &Permit,
    ) -> Result<(), Error> {
        let subject = otp.subject;
        let display_name = subject.user.display_name.as_ref();
        let name = DisplayName::or_login_name(display_name, subject.login_name);
        let language = otp.profile.language.as_ref().map(Language::as_str);
        let template = match delivery {
            CheckedOtp::Send(template) => template.as_ref(),
            CheckedOtp::Return => None,
        };
        let session = subject.session.to_string();
        let link = template.map(|template| {
            template.render(&LinkValues {
                code: code.as_str(),
                user_id: subject.user.user_id.as_str(),
                organization: &self.policy.resource_owner,
                login_name: subject.login_name.as_str(),
                display_name: name,
                language: language.unwrap_or_default(),
                code_id: "",
                session_id: &session,
            })
        });
        let asker = self.asker(permit.principal(), &subject.user.user_id);
        let values = MessageValues {
            name: Some(name),
            code: Some(code.as_str()),
            link: link.as_deref(),
            minutes: minutes(OtpChallenge::LIFETIME),
            ..MessageValues::new(&self.policy.organization_name, asker)
        };
        match otp.method {
            OtpMethod::Email => {
                let to = otp.profile.verified_email().ok_or_else(gone)?;
                let kind = MessageKind::OtpEmail;
                let message = messages::email(kind, language, to.clone(), &values);
                self.messenger.email(&message).await
            }
            OtpMethod::Sms => {
                let to = otp.profile.verified_phone().ok_or_else(gone)?;
                let kind = MessageKind::OtpSms;
                let message = messages::sms(kind, language, to.clone(), &values);
                self.messenger.sms(&message).await
            }
        }
    }
}

fn minutes(span: Duration) -> u32 {
    u32::try_from(span.as_secs() / 60).unwrap_or(u32::MAX)
}

fn gone() -> Error {
    Error::Internal("a verified address is none".into())
}
