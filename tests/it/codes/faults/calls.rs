//! The calls that send a code, and those that take one.

use serde_json::{Value, json};
use sesame::domain::Operation;

use crate::codes::kind::Kind;
use crate::codes::{NEW_PASSWORD, address, human, new_address, number, reset};

/// A call on a user, whom it sends codes or from whom it takes one.
pub struct Call {
    pub rpc: Operation,
    /// Which user there is before.
    pub user: User,
    pub message: fn(&str, &str) -> Value,
    pub effect: Effect,
}

#[derive(Clone, Copy)]
pub enum User {
    /// The call adds the user.
    None,
    Of(Kind),
    /// A user who was sent such a code more than a minute ago.
    Asked(Kind),
}

#[derive(Clone, Copy)]
pub enum Effect {
    Sends(&'static [Kind]),
    Takes(Kind),
}

const fn sends(
    rpc: Operation,
    user: User,
    message: fn(&str, &str) -> Value,
    codes: &'static [Kind],
) -> Call {
    Call {
        rpc,
        user,
        message,
        effect: Effect::Sends(codes),
    }
}

const fn takes(rpc: Operation, kind: Kind, message: fn(&str, &str) -> Value) -> Call {
    Call {
        rpc,
        user: User::Asked(kind),
        message,
        effect: Effect::Takes(kind),
    }
}

fn of_user(id: &str, _: &str) -> Value {
    json!({ "userId": id })
}

fn verify(id: &str, code: &str) -> Value {
    json!({ "userId": id, "verificationCode": code })
}

/// Both addresses, each with a code.
fn contacts(id: &str) -> (Value, Value) {
    (
        json!({ "email": new_address(id), "sendCode": {} }),
        json!({ "phone": number(id), "sendCode": {} }),
    )
}

pub const CALLS: &[Call] = &[
    sends(
        Operation::AddHumanUser,
        User::None,
        |id, _| {
            let mut message = human(id, false);
            message["password"] = Value::Null;
            message["email"] = json!({ "email": address(id), "sendCode": {} });
            message["phone"] = contacts(id).1;
            message
        },
        &[Kind::Email, Kind::Phone],
    ),
    sends(
        Operation::SetEmail,
        User::Of(Kind::MailReset),
        |id, _| json!({ "userId": id, "email": new_address(id), "sendCode": {} }),
        &[Kind::Email],
    ),
    sends(
        Operation::SetPhone,
        User::Of(Kind::Phone),
        |id, _| json!({ "userId": id, "phone": number(id), "sendCode": {} }),
        &[Kind::Phone],
    ),
    sends(
        Operation::UpdateHumanUser,
        User::Of(Kind::MailReset),
        |id, _| {
            let (email, phone) = contacts(id);
            json!({ "userId": id, "email": email, "phone": phone })
        },
        &[Kind::Email, Kind::Phone],
    ),
    sends(
        Operation::UpdateUser,
        User::Of(Kind::Phone),
        |id, _| {
            let (email, phone) = contacts(id);
            json!({ "userId": id, "human": { "email": email, "phone": phone } })
        },
        &[Kind::Email, Kind::Phone],
    ),
    sends(
        Operation::SendEmailCode,
        User::Of(Kind::Email),
        of_user,
        &[Kind::Email],
    ),
    sends(
        Operation::ResendEmailCode,
        User::Asked(Kind::Email),
        of_user,
        &[Kind::Email],
    ),
    sends(
        Operation::ResendPhoneCode,
        User::Asked(Kind::Phone),
        of_user,
        &[Kind::Phone],
    ),
    sends(
        Operation::PasswordReset,
        User::Of(Kind::MailReset),
        of_user,
        &[Kind::MailReset],
    ),
    sends(
        Operation::PasswordReset,
        User::Of(Kind::SmsReset),
        |id, _| Kind::SmsReset.request(id).1,
        &[Kind::SmsReset],
    ),
    sends(
        Operation::CreateInviteCode,
        User::Of(Kind::Invite),
        of_user,
        &[Kind::Invite],
    ),
    sends(
        Operation::ResendInviteCode,
        User::Asked(Kind::Invite),
        of_user,
        &[Kind::Invite],
    ),
    takes(Operation::VerifyEmail, Kind::Email, verify),
    takes(Operation::VerifyPhone, Kind::Phone, verify),
    takes(Operation::VerifyInviteCode, Kind::Invite, verify),
    takes(Operation::SetPassword, Kind::MailReset, |id, code| {
        reset(id, NEW_PASSWORD, code)
    }),
    takes(Operation::UpdateHumanUser, Kind::MailReset, |id, code| {
        let password = json!({ "password": NEW_PASSWORD });
        json!({ "userId": id, "password": { "password": password, "verificationCode": code } })
    }),
];
