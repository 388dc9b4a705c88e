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

/// How a change alters what a user proves himself with. An authenticator app in the place of another
/// one is both added and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorChanges {
    pub added: FactorKinds,
    pub removed: FactorKinds,
    /// Whether other recovery codes took the place of those that were there.
    pub has_other_codes: bool,
}

impl FactorChanges {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether something was taken from the user. Sessions in which something was proved end with it:
    /// it may have been taken because somebody else had it.
    pub fn takes(self) -> bool {
        self.has_other_codes || !self.removed.is_empty()
    }
}

impl SecondFactors {
    /// What a change from these to `after` alters.
    pub fn changes_to(&self, after: &Self) -> FactorChanges {
        let (had, has) = (self.kinds(), after.kinds());
        let added: FactorKinds = has.iter().filter(|kind| !had.has(*kind)).collect();
        let removed: FactorKinds = had.iter().filter(|kind| !has.has(*kind)).collect();
        let both = |kind| had.has(kind) && has.has(kind);
        let secret = |factors: &Self| factors.totp.as_ref().map(|totp| totp.secret.clone());
        let changes = FactorChanges {
            added,
            removed,
            has_other_codes: both(FactorKind::RecoveryCodes)
                && self.recovery_codes != after.recovery_codes,
        };
        if both(FactorKind::Totp) && secret(self) != secret(after) {
            return FactorChanges {
                added: added.with(FactorKind::Totp),
                removed: removed.with(FactorKind::Totp),
                ..changes
            };
        }
        changes
    }

    /// These without those of some kinds, and without an app that is being set up if those have one.
    #[must_use]
    pub fn without(mut self, kinds: FactorKinds) -> Self {
        for kind in kinds.iter() {
            match kind {
                FactorKind::Totp => (self.totp, self.pending_totp) = (None, None),
                FactorKind::OtpEmail => self.otp_email = None,
                FactorKind::OtpSms => self.otp_sms = None,
                FactorKind::RecoveryCodes => self.recovery_codes.clear(),
                FactorKind::Passkey | FactorKind::U2f => {}
            }
        }
        self
    }

    /// The kinds that can be used. An app that is being set up is none.
    pub fn kinds(&self) -> FactorKinds {
        let has = |kind: &FactorKind| match kind {
            FactorKind::Totp => self.totp.is_some(),
            FactorKind::OtpEmail => self.otp_email.is_some(),
            FactorKind::OtpSms => self.otp_sms.is_some(),
            FactorKind::RecoveryCodes => !self.recovery_codes.is_empty(),
            // A user's credentials are a list of their own.
            FactorKind::Passkey | FactorKind::U2f => false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyName;

    fn app(byte: u8) -> Totp {
        Totp {
            secret: SealedSecret {
                key: KeyName([1; 8]),
                sealed: vec![byte; 48],
            },
            last_step: 0,
            added_at: Timestamp::from_millis(1),
        }
    }

    fn codes(bytes: &[u8]) -> BTreeSet<RecoveryCodeHash> {
        let hashes = bytes.iter().map(|byte| RecoveryCodeHash::new([*byte; 32]));
        hashes.collect()
    }

    #[test]
    fn a_change_names_what_is_added_and_what_is_taken() {
        use FactorKind::{OtpEmail, RecoveryCodes, Totp};
        let none = SecondFactors::default;
        let with_app = |byte| SecondFactors {
            totp: Some(app(byte)),
            ..none()
        };
        let with_codes = |bytes: &[u8]| SecondFactors {
            recovery_codes: codes(bytes),
            ..none()
        };
        let email = SecondFactors {
            otp_email: Some(Timestamp::from_millis(1)),
            ..none()
        };
        for (before, after, added, removed, has_other_codes) in [
            (none(), none(), &[][..], &[][..], false),
            (none(), with_app(1), &[Totp], &[], false),
            (with_app(1), none(), &[], &[Totp], false),
            (with_app(1), with_app(1), &[], &[], false),
            (with_app(1), with_app(2), &[Totp], &[Totp], false),
            (with_app(1), email, &[OtpEmail], &[Totp], false),
            (none(), with_codes(&[1]), &[RecoveryCodes], &[], false),
            (with_codes(&[1]), none(), &[], &[RecoveryCodes], false),
            (with_codes(&[1, 2]), with_codes(&[1]), &[], &[], true),
        ] {
            let got = before.changes_to(&after);

            let kinds = |kinds: FactorKinds| kinds.iter().collect::<Vec<_>>();
            assert_eq!(kinds(got.added), added, "{before:?} {after:?}");
            assert_eq!(kinds(got.removed), removed, "{before:?} {after:?}");
            assert_eq!(got.has_other_codes, has_other_codes);
            assert_eq!(got.takes(), !removed.is_empty() || has_other_codes);
        }
    }
}
