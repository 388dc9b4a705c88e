//! The checks of second factors, as tests name them.

use serde_json::{Value, json};
use sesame::domain::{FactorKind, OtpMethod, Timestamp, User};

use super::{Opened, challenging, open, open_with};
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::second::{RECOVERY_CODES, altered, totp, unknown_recovery_code, wrong_totp};

/// A recovery code of each user who has some.
pub const RECOVERY: &str = RECOVERY_CODES[0];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Totp,
    OtpSms,
    OtpEmail,
    RecoveryCode,
}

impl Check {
    pub const ALL: [Self; 4] = [Self::Totp, Self::OtpSms, Self::OtpEmail, Self::RecoveryCode];

    /// The name in JSON of the check, of its factor, and of the challenge.
    pub fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::OtpSms => "otpSms",
            Self::OtpEmail => "otpEmail",
            Self::RecoveryCode => "recoveryCode",
        }
    }

    /// The name in the messages' definition.
    pub fn field(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::OtpSms => "otp_sms",
            Self::OtpEmail => "otp_email",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// A code of the right form.
    pub fn sample(self) -> &'static str {
        match self {
            Self::Totp => "123456",
            Self::OtpSms | Self::OtpEmail => "12345678",
            Self::RecoveryCode => RECOVERY,
        }
    }

    pub fn kind(self) -> FactorKind {
        match self {
            Self::Totp => FactorKind::Totp,
            Self::OtpSms => FactorKind::OtpSms,
            Self::OtpEmail => FactorKind::OtpEmail,
            Self::RecoveryCode => FactorKind::RecoveryCodes,
        }
    }

    /// How its code is sent, if it is.
    pub fn method(self) -> Option<OtpMethod> {
        match self {
            Self::OtpSms => Some(OtpMethod::Sms),
            Self::OtpEmail => Some(OtpMethod::Email),
            Self::Totp | Self::RecoveryCode => None,
        }
    }

    /// The id of the error for a wrong code.
    pub fn wrong(self) -> &'static str {
        match self {
            Self::Totp => "EVENT-8isk2",
            Self::OtpSms | Self::OtpEmail => "CODE-woT0xc",
            Self::RecoveryCode => "DOMAIN-6uvh0",
        }
    }

    /// The id of the error of a lock.
    pub fn locked(self) -> &'static str {
        match self {
            Self::Totp => "COMMAND-SF3fg",
            Self::OtpSms | Self::OtpEmail => "COMMAND-S6h4R",
            Self::RecoveryCode => "COMMAND-2w6oa",
        }
    }

    /// The check with a code, as part of a message.
    pub fn with(self, code: &str) -> Value {
        json!({ "checks": { self.name(): { "code": code } } })
    }

    /// Opens a session of the user by password, with a code of this kind sent to him if it is one that
    /// is sent.
    pub async fn open(self, client: Client<'_>, user: &User) -> Opened {
        match self.method() {
            Some(_) => open_with(client, challenging(user, &[self.name()])).await,
            None => open(client, user).await,
        }
    }

    /// The code that is right at `now` in the session that was opened last.
    pub fn right(self, app: &App, user: &User, now: Timestamp) -> String {
        match (self, self.method()) {
            (Self::Totp, _) => totp(&user.user_id, now),
            (_, Some(method)) => app.sent_code(&user.user_id, method),
            (_, None) => RECOVERY.to_owned(),
        }
    }

    /// A code that is none of the user's at `now`.
    pub fn wrong_code(self, app: &App, user: &User, now: Timestamp) -> String {
        match (self, self.method()) {
            (Self::Totp, _) => wrong_totp(&user.user_id, now),
            (_, Some(_)) => altered(&self.right(app, user, now)),
            (_, None) => unknown_recovery_code(),
        }
    }
}
