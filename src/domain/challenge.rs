use std::time::Duration;

use super::{Challenge, CodeId, Factor, FactorKind, KeyName, Timestamp, WebAuthnChallenge};

/// How a one-time code reaches its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtpMethod {
    Sms,
    Email,
}

impl OtpMethod {
    /// In the order in which challenges are made.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    pub fn kind(self) -> FactorKind {
        match self {
            Self::Sms => FactorKind::OtpSms,
            Self::Email => FactorKind::OtpEmail,
        }
    }

    pub fn factor(self) -> Factor {
        match self {
            Self::Sms => Factor::OtpSms,
            Self::Email => Factor::OtpEmail,
        }
    }
}

/// A one-time code that a session's user was sent. The code itself is derived from the server key and
/// not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpChallenge {
    /// The random id from which the code is derived.
    pub id: CodeId,
    /// The server key from which it is derived.
    pub key: KeyName,
    /// A keyed hash of the address that the code is for, and of when that was verified.
    pub address: [u8; 8],
    /// The instant from which the code is invalid.
    pub expires_at: Timestamp,
    /// When it was last sent; `None`: it was returned.
    pub sent_at: Option<Timestamp>,
    /// Whether the code was right once. It is a wrong one since.
    pub is_used: bool,
}

impl OtpChallenge {
    pub const LIFETIME: Duration = Duration::from_mins(5);
    /// How long before its end another code takes the place of one that is asked for again.
    const RENEWED_BEFORE_END: Duration = Duration::from_mins(2);
    /// How long after a message none is sent for the session.
    const PAUSE: Duration = Duration::from_mins(1);

    /// Whether the code, if it is for the `address` and of the `key`, stands when it is asked for again
    /// at `now`. One that was just sent does: another code would not be sent yet.
    pub fn stands(&self, address: [u8; 8], key: KeyName, now: Timestamp) -> bool {
        let is_same = self.address == address && self.key == key && !self.is_used;
        let is_renewed = now >= self.expires_at.minus(Self::RENEWED_BEFORE_END);
        is_same && (!is_renewed || self.was_just_sent(now))
    }

    /// Whether its message was sent so shortly before `now` that it is not sent again.
    pub fn was_just_sent(&self, now: Timestamp) -> bool {
        self.sent_at.is_some_and(|at| now < at.plus(Self::PAUSE))
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}

/// The challenges of a session: at most one for each method of codes, and some of WebAuthn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenges {
    /// Those that wait for an answer, the oldest first.
    pub web_authn: Vec<WebAuthnChallenge>,
    pub otp_sms: Option<OtpChallenge>,
    pub otp_email: Option<OtpChallenge>,
}

impl Challenges {
    pub fn get(&self, method: OtpMethod) -> Option<&OtpChallenge> {
        match method {
            OtpMethod::Sms => self.otp_sms.as_ref(),
            OtpMethod::Email => self.otp_email.as_ref(),
        }
    }

    pub fn set(&mut self, method: OtpMethod, challenge: OtpChallenge) {
        let place = match method {
            OtpMethod::Sms => &mut self.otp_sms,
            OtpMethod::Email => &mut self.otp_email,
        };
        *place = Some(challenge);
    }

    /// The challenge of WebAuthn that an answer names.
    pub fn web_authn(&self, challenge: &Challenge) -> Option<&WebAuthnChallenge> {
        let mut all = self.web_authn.iter();
        all.find(|one| one.challenge == *challenge)
    }

    /// These without the challenge that was answered.
    #[must_use]
    pub fn answered(mut self, challenge: &Challenge) -> Self {
        self.web_authn.retain(|one| one.challenge != *challenge);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = (OtpMethod, &OtpChallenge)> {
        let all = OtpMethod::ALL.into_iter();
        all.filter_map(|method| Some((method, self.get(method)?)))
    }

    /// These after `new` ones are made and the codes of others, by their ids, are used.
    #[must_use]
    pub fn changed(&self, new: &Self, used: &[CodeId]) -> Self {
        let mut after = self.clone();
        after.web_authn.extend(new.web_authn.iter().cloned());
        let excess = after.web_authn.len().saturating_sub(WebAuthnChallenge::MAX);
        after.web_authn.drain(..excess);
        for (method, challenge) in new.iter() {
            let mut challenge = challenge.clone();
            // It may have been used since it was asked for again.
            let own = self.get(method).filter(|own| own.id == challenge.id);
            challenge.is_used |= own.is_some_and(|own| own.is_used);
            after.set(method, challenge);
        }
        let all = [&mut after.otp_sms, &mut after.otp_email];
        for challenge in all.into_iter().flatten() {
            challenge.is_used |= used.contains(&challenge.id);
        }
        after
    }

    pub fn count(&self) -> u64 {
        (self.iter().count() + self.web_authn.len()) as u64
    }
}
