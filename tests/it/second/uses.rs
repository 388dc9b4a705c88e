//! Codes of each kind, and the sessions in which they are used.

use serde_json::{Value, json};
use sesame::domain::{Factor, FactorKind, Operation, OtpMethod, Permission, User, UserId};

use crate::support::app::{App, NOW};
use crate::support::client::Client;
use crate::support::second::{RECOVERY_CODES, login, totp};

/// What a user shows as a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Totp,
    Email,
    Sms,
    Recovery,
}

impl Code {
    pub const ALL: [Self; 4] = [Self::Totp, Self::Email, Self::Sms, Self::Recovery];

    pub fn kind(self) -> FactorKind {
        match self {
            Self::Totp => FactorKind::Totp,
            Self::Email => FactorKind::OtpEmail,
            Self::Sms => FactorKind::OtpSms,
            Self::Recovery => FactorKind::RecoveryCodes,
        }
    }

    pub fn factor(self) -> Factor {
        match self {
            Self::Totp => Factor::Totp,
            Self::Email => Factor::OtpEmail,
            Self::Sms => Factor::OtpSms,
            Self::Recovery => Factor::RecoveryCode,
        }
    }

    /// How it is sent, if it is.
    pub fn method(self) -> Option<OtpMethod> {
        match self {
            Self::Totp | Self::Recovery => None,
            Self::Email => Some(OtpMethod::Email),
            Self::Sms => Some(OtpMethod::Sms),
        }
    }

    /// The name of its check, and of its challenge.
    pub fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "otpEmail",
            Self::Sms => "otpSms",
            Self::Recovery => "recoveryCode",
        }
    }

    /// The id of the error for a wrong one.
    pub fn wrong(self) -> &'static str {
        match self {
            Self::Totp => "EVENT-8isk2",
            Self::Email | Self::Sms => "CODE-woT0xc",
            Self::Recovery => "DOMAIN-6uvh0",
        }
    }

    /// The id of the error after too many wrong ones.
    pub fn locked(self) -> &'static str {
        match self {
            Self::Totp => "COMMAND-SF3fg",
            Self::Email | Self::Sms => "COMMAND-S6h4R",
            Self::Recovery => "COMMAND-2w6oa",
        }
    }

    pub fn check(self, code: &str) -> Value {
        json!({ self.name(): { "code": code } })
    }

    /// The challenge that is answered with the code.
    pub fn returned(self) -> Value {
        let delivery = match self {
            Self::Sms => json!(true),
            _ => json!({}),
        };
        json!({ self.name(): { "returnCode": delivery } })
    }

    /// A code of the user that is right, if it needs no challenge.
    pub fn of(self, user: &UserId) -> Option<String> {
        match self {
            Self::Totp => Some(totp(user, NOW)),
            Self::Recovery => Some(RECOVERY_CODES[0].to_owned()),
            Self::Email | Self::Sms => None,
        }
    }
}

/// A client that may do all that there is to do with sessions, and be answered their codes.
pub async fn login_page(app: &App) -> Client<'_> {
    app.service(&[
        Permission::SessionWrite,
        Permission::SessionRead,
        Permission::UserCodeRead,
        Permission::UserWrite,
    ])
    .await
}

/// A session whose user has proved the password, and a code that is right in it.
pub struct Login {
    pub id: String,
    pub code: String,
}

impl Login {
    pub async fn new(client: Client<'_>, user: &User, code: Code) -> Self {
        let mut message = login(user, json!({}));
        if code.method().is_some() {
            message["challenges"] = code.returned();
        }
        let created = client.ask(Operation::CreateSession, message).await.unwrap();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let returned = text(&created["challenges"][code.name()]);
        Self {
            id: text(&created["sessionId"]).unwrap(),
            code: returned.or(code.of(&user.user_id)).unwrap(),
        }
    }

    /// A change of the session by permission.
    pub fn set(&self, checks: &Value) -> Value {
        json!({ "sessionId": self.id, "checks": checks })
    }
}

/// Whether the factor of a code was checked in a session.
pub async fn has(app: &App, session: &str, code: Code) -> bool {
    let session = session.parse().unwrap();
    let stored = app.store.get_session(session).await.unwrap().unwrap();
    stored.factors.verified_at.contains_key(&code.factor())
}
