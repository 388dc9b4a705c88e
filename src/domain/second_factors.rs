use std::collections::BTreeSet;
use std::time::Duration;

use super::{
    AttemptPolicy, Attempts, CodeId, FactorKind, FactorKinds, OtpMethod, RecoveryCodeHash,
    SealedSecret, Timestamp,
};

/// The second factors of a user, and the attempts at them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondFactors {
    pub totp: Option<Totp>,
    /// An authenticator app that is being set up.
    pub pending_totp: Option<PendingTotp>,
    /// When codes by e-mail were set up, if they were.
    pub otp_email: Option<Timestamp>,
    /// When codes by SMS were set up, if they were.
    pub otp_sms: Option<Timestamp>,
    /// Those that were not used yet.
    pub recovery_codes: BTreeSet<RecoveryCodeHash>,
    /// The attempts at all of them together.
    pub attempts: Attempts,
    pub sent: SentCodes,
}

/// A user's authenticator app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    pub secret: SealedSecret,
    /// The last time step whose code was accepted, by which no code is accepted twice. 0: none was.
    pub last_step: u64,
    pub added_at: Timestamp,
}

/// An authenticator app whose registration isn't verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTotp {
    pub id: CodeId,
    pub secret: SealedSecret,
    pub tries: u32,
    /// The last of them; empty before the first.
    pub try_id: String,
    pub expires_at: Timestamp,
}

impl PendingTotp {
    pub const LIFETIME: Duration = Duration::from_mins(10);
    pub const MAX_TRIES: u32 = 10;

    /// Whether it can still be verified.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.tries < Self::MAX_TRIES && now < self.expires_at
    }
}

/// The codes that were sent to a user, by method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentCodes {
    pub sms: SentOnDay,
    pub email: SentOnDay,
}

/// The codes of one method on the last day on which there was one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentOnDay {
    /// In days since 1970 in UTC.
    pub day: i64,
    pub count: u32,
}

impl SentCodes {
    pub fn get(&self, method: OtpMethod) -> SentOnDay {
        match method {
            OtpMethod::Sms => self.sms,
            OtpMethod::Email => self.email,
        }
    }
}

impl SentOnDay {
    /// How many may be sent to a user on a day.
    pub fn max(method: OtpMethod) -> u32 {
        match method {
            OtpMethod::Sms => 10,
            OtpMethod::Email => 20,
        }
    }

    pub fn on(self, day: i64) -> u32 {
        if self.day == day { self.count } else { 0 }
    }
}

impl SecondFactors {
    /// The kinds that can be used. An app that is being set up is none.
    pub fn kinds(&self) -> FactorKinds {
        let has = |kind: &FactorKind| match kind {
            FactorKind::Totp => self.totp.is_some(),
            FactorKind::OtpEmail => self.otp_email.is_some(),
            FactorKind::OtpSms => self.otp_sms.is_some(),
            FactorKind::RecoveryCodes => !self.recovery_codes.is_empty(),
        };
        FactorKind::ALL.into_iter().filter(has).collect()
    }

    /// These without any factor, as an administrator or a reset leaves them. The attempts and the
    /// messages of the day stay counted.
    #[must_use]
    pub fn removed(self) -> Self {
        Self {
            attempts: self.attempts,
            sent: self.sent,
            ..Self::default()
        }
    }

    /// These after all failures are forgiven.
    #[must_use]
    pub fn forgiven(self) -> Self {
        Self {
            attempts: self.attempts.forgiven(),
            ..self
        }
    }

    /// Whether no code is judged at `now`.
    pub fn are_locked(&self, policy: AttemptPolicy, now: Timestamp) -> bool {
        self.attempts.locked_until(policy, now) != Ok(None)
    }
}
