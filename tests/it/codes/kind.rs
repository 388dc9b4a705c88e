//! The codes that there are, and what every test of them needs: a user who can have one, the call
//! that asks for it, and the call that takes it.

use serde_json::{Value, json};
use sesame::aws::ServerKeySetting;
use sesame::domain::{Code, CodePurpose, CodeRecord, Destination, Operation, UserId};

use super::{NEW_PASSWORD, TEMPLATE, human, number, reset, send};
use crate::support::answer::Outcome;
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::record;

/// What a code is for, and by which way it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Email,
    Phone,
    MailReset,
    SmsReset,
    Invite,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Email,
        Self::Phone,
        Self::MailReset,
        Self::SmsReset,
        Self::Invite,
    ];

    pub fn purpose(self) -> CodePurpose {
        match self {
            Self::Email => CodePurpose::VerifyEmail,
            Self::Phone => CodePurpose::VerifyPhone,
            Self::MailReset | Self::SmsReset => CodePurpose::ResetPassword,
            Self::Invite => CodePurpose::Invite,
        }
    }

    /// The id of the error for a wrong code.
    pub fn wrong(self) -> &'static str {
        match self {
            Self::Email | Self::Phone => "COMMAND-eis9R",
            Self::MailReset | Self::SmsReset => "CODE-woT0xc",
            Self::Invite => "COMMAND-Wgn4q",
        }
    }

    /// The error for a user who doesn't exist, from the call that takes the code.
    pub fn unknown(self) -> (i32, &'static str) {
        match self {
            Self::Email => (5, "COMMAND-ieJ2e"),
            Self::Phone => (5, "COMMAND-4g3xq"),
            Self::MailReset | Self::SmsReset => (9, "COMMAND-G8dh3"),
            Self::Invite => (9, "COMMAND-F5g2h"),
        }
    }

    /// The call that asks for the code, and its message.
    pub fn request(self, id: &str) -> (Operation, Value) {
        let link = |by: &str| {
            let link = json!({ "notificationType": by, "urlTemplate": TEMPLATE });
            json!({ "userId": id, "sendLink": link })
        };
        match self {
            Self::Email => (Operation::SendEmailCode, send(id)),
            Self::Phone => {
                let message = json!({ "userId": id, "phone": number(id), "sendCode": {} });
                (Operation::SetPhone, message)
            }
            Self::MailReset => (Operation::PasswordReset, link("NOTIFICATION_TYPE_Email")),
            Self::SmsReset => (Operation::PasswordReset, link("NOTIFICATION_TYPE_SMS")),
            Self::Invite => (Operation::CreateInviteCode, send(id)),
        }
    }

    /// The call that takes the code, and its message.
    pub fn take(self, id: &str, code: &str) -> (Operation, Value) {
        let rpc = match self {
            Self::Email => Operation::VerifyEmail,
            Self::Phone => Operation::VerifyPhone,
            Self::MailReset | Self::SmsReset => {
                return (Operation::SetPassword, reset(id, NEW_PASSWORD, code));
            }
            Self::Invite => Operation::VerifyInviteCode,
        };
        (rpc, json!({ "userId": id, "verificationCode": code }))
    }

    /// Registers a user who can have such a code, and returns the id.
    pub async fn user(self, admin: Client<'_>, name: &str) -> String {
        let id = admin.app.user_id(name).to_string();
        let is_verified = self.purpose() == CodePurpose::ResetPassword;
        let mut message = human(&id, is_verified);
        if self == Self::Invite {
            message["password"] = Value::Null;
        }
        if self == Self::SmsReset {
            message["phone"] = json!({ "phone": number(&id), "isVerified": true });
        }
        super::add(admin, message).await
    }

    /// Asks for the code, which must succeed.
    pub async fn ask(self, client: Client<'_>, id: &str) {
        let asked = self.try_ask(client, id).await;
        assert!(asked.is_ok(), "{self:?} {asked:?}");
    }

    pub async fn try_ask(self, client: Client<'_>, id: &str) -> Outcome {
        let (rpc, message) = self.request(id);
        client.ask(rpc, message).await
    }

    pub async fn enter(self, client: Client<'_>, id: &str, code: &str) -> Outcome {
        let (rpc, message) = self.take(id, code);
        client.ask(rpc, message).await
    }

    /// Types a wrong short code so many times.
    pub async fn enter_wrong(self, client: Client<'_>, id: &str, times: usize) {
        for _ in 0..times {
            let tried = self.enter(client, id, WRONG_SHORT).await;
            assert_eq!(tried.unwrap_err(), self.wrong());
        }
    }

    pub async fn stored(self, app: &App, id: &str) -> CodeRecord {
        let id = UserId::parse(id.to_owned()).unwrap();
        app.store.get_code(&id, self.purpose()).await.unwrap()
    }

    /// The code of the current round.
    pub async fn code(self, app: &App, id: &str) -> Code {
        let round = self.stored(app, id).await.active.unwrap().round;
        self.code_of_round(app, id, round).await
    }

    pub async fn code_of_round(self, app: &App, id: &str, round: u32) -> Code {
        self.code_for(app, id, self.purpose(), round).await
    }

    /// The code that would be derived for another purpose.
    pub async fn code_for(self, app: &App, id: &str, purpose: CodePurpose, round: u32) -> Code {
        let ServerKeySetting::Keys(keys) = &app.settings.server_key else {
            panic!("no server key");
        };
        let record = self.stored(app, id).await;
        let active = record.active.unwrap();
        // A reset that was asked for by mail and by SMS has a code for each.
        let is_sms = matches!(self, Self::Phone | Self::SmsReset);
        let mut destinations = active.target.destinations();
        let destination = destinations.find(|one| matches!(one, Destination::Phone(_)) == is_sms);
        let destination = &destination.unwrap();
        let key = keys.with_name(active.target.key).unwrap();
        let code = key.code(&record.user_id, purpose, destination, active.id, round);
        record::code(&code);
        code
    }
}

/// What no code is, but once in 2^40 and 2^100 times.
pub const WRONG_SHORT: &str = "22222222";
pub const WRONG_LONG: &str = "22222222222222222222";
