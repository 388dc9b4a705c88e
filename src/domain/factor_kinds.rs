use super::named::named;

named! {
    /// A kind of factor that a user may have beside the password. The names are stored, in the
    /// pointer of a user.
    pub enum FactorKind {
        /// An authenticator app.
        Totp = "totp",
        /// One-time codes by e-mail.
        OtpEmail = "otp_email",
        /// One-time codes by SMS.
        OtpSms = "otp_sms",
        /// Codes that a user keeps for the loss of a second factor.
        RecoveryCodes = "recovery_codes",
        /// Credentials of WebAuthn in the place of the password.
        Passkey = "passkey",
        /// Credentials of WebAuthn beside the password: security keys.
        U2f = "u2f",
    }
}

impl FactorKind {
    /// The check that proves it, as clients know it in JSON.
    pub fn check(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::OtpEmail => "otpEmail",
            Self::OtpSms => "otpSms",
            Self::RecoveryCodes => "recoveryCode",
            Self::Passkey | Self::U2f => "webAuthN",
        }
    }
}

/// The kinds of factors that a user has beside the password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorKinds(u8);

impl FactorKinds {
    /// A newer release has registered a kind that this one doesn't know.
    const UNKNOWN: u8 = 1 << 7;

    fn bit(kind: FactorKind) -> u8 {
        1 << kind as u8
    }

    #[must_use]
    pub fn with(self, kind: FactorKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    #[must_use]
    pub fn with_unknown(self) -> Self {
        Self(self.0 | Self::UNKNOWN)
    }

    #[must_use]
    pub fn without(self, kind: FactorKind) -> Self {
        Self(self.0 & !Self::bit(kind))
    }

    pub fn has(self, kind: FactorKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    pub fn has_unknown(self) -> bool {
        self.0 & Self::UNKNOWN != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether there is one that a login by password demands. Recovery codes demand nothing, nor does
    /// a passkey, which its user may not have at hand; what this release doesn't know may demand
    /// something.
    pub fn demands_second(self) -> bool {
        let rest = self.without(FactorKind::RecoveryCodes);
        !rest.without(FactorKind::Passkey).is_empty()
    }

    /// Whether there is one that a login can be full with, beside or in the place of a password.
    /// Recovery codes are none: they only stand in for one.
    pub fn has_lasting(self) -> bool {
        !self.without(FactorKind::RecoveryCodes).is_empty()
    }

    pub fn iter(self) -> impl Iterator<Item = FactorKind> {
        FactorKind::ALL
            .into_iter()
            .filter(move |kind| self.has(*kind))
    }
}

impl FromIterator<FactorKind> for FactorKinds {
    fn from_iter<I: IntoIterator<Item = FactorKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::default(), Self::with)
    }
}
