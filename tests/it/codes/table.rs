//! Every code, in every state, by every principal.

use std::time::Duration;

use serde_json::json;
use sesame::domain::{CodePurpose, Operation, Permission};

use super::kind::{Kind, WRONG_LONG, WRONG_SHORT};
use super::{MINUTE, SECOND, administrator, as_user, new_address, new_number, sending, with};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, ClientError, Wire};

/// What is wrong with a code, if anything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Wrong,
    Right,
    FormerRound,
    UsedUp,
    Expired,
    Used,
    OtherUsers,
    OtherPurposes,
    OldAddress,
    NoCode,
    KeyReplaced,
    Locked,
    Deactivated,
    Deleted,
    Unknown,
}

const CASES: [Case; 15] = [
    Case::Wrong,
    Case::Right,
    Case::FormerRound,
    Case::UsedUp,
    Case::Expired,
    Case::Used,
    Case::OtherUsers,
    Case::OtherPurposes,
    Case::OldAddress,
    Case::NoCode,
    Case::KeyReplaced,
    Case::Locked,
    Case::Deactivated,
    Case::Deleted,
    Case::Unknown,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Short,
    Long,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Reader,
    Writer,
    /// A service account that may not see users.
    Page,
    /// Another user, by the token of a session.
    Stranger,
}

const PRINCIPALS: [Who; 4] = [Who::Reader, Who::Writer, Who::Page, Who::Stranger];

impl Who {
    fn sees_users(self) -> bool {
        matches!(self, Self::Reader | Self::Writer)
    }
}

/// A code that is about to be entered.
struct Entry {
    id: String,
    code: String,
    /// How long after the request for the code.
    after: Duration,
}

impl Case {
    fn is_right(self, form: Form) -> bool {
        match self {
            Self::Right => true,
            // The links of former rounds stay right, and the tries are those of the short form.
            Self::FormerRound | Self::UsedUp => form == Form::Long,
            _ => false,
        }
    }

    /// The error that principals are told who see users.
    fn told(self, kind: Kind) -> (i32, &'static str) {
        let is_reset = kind.purpose() == CodePurpose::ResetPassword;
        match self {
            Self::Expired if is_reset => (9, "CODE-QvUQ4P"),
            Self::Locked | Self::Deactivated => (9, "SESSION-Gj4ko"),
            Self::Deleted | Self::Unknown => kind.unknown(),
            _ => (3, kind.wrong()),
        }
    }

    /// Brings a user and a code into this state.
    async fn arrange(self, admin: Client<'_>, kind: Kind, form: Form, name: &str) -> Entry {
        let app = admin.app;
        let pick = |short: &str, long: &str| match form {
            Form::Short => short.to_owned(),
            Form::Long => long.to_owned(),
        };
        let wrong = pick(WRONG_SHORT, WRONG_LONG);
        if self == Self::Unknown {
            return Entry {
                id: app.user_id(name).to_string(),
                code: wrong,
                after: Duration::ZERO,
            };
        }
        let id = kind.user(admin, name).await;
        if self == Self::NoCode {
            let after = Duration::ZERO;
            return Entry {
                id,
                code: wrong,
                after,
            };
        }
        kind.ask(admin, &id).await;
        let right = kind.code(app, &id).await;
        let mut code = pick(right.short(), right.long());
        let mut after = Duration::ZERO;
        let of_user = json!({ "userId": id });
        match self {
            Self::Wrong => code = wrong,
            Self::FormerRound => {
                kind.enter_wrong(admin, &id, 5).await;
                after = MINUTE + SECOND;
                kind.ask(admin.later(after), &id).await;
            }
            Self::UsedUp => kind.enter_wrong(admin, &id, 5).await,
            Self::Expired => after = kind.purpose().lifetime(),
            Self::Used => {
                kind.enter(admin, &id, right.long()).await.unwrap();
            }
            Self::OtherUsers => {
                let other = kind.user(admin, &format!("{name}-other")).await;
                kind.ask(admin, &other).await;
                let right = kind.code(app, &other).await;
                code = pick(right.short(), right.long());
            }
            Self::OtherPurposes => {
                let other = match kind.purpose() {
                    CodePurpose::ResetPassword => CodePurpose::VerifyEmail,
                    _ => CodePurpose::ResetPassword,
                };
                let right = kind.code_for(app, &id, other, 1).await;
                code = pick(right.short(), right.long());
            }
            Self::OldAddress => change_address(admin, kind, &id).await,
            Self::Locked => drop(admin.ask(Operation::LockUser, of_user).await.unwrap()),
            Self::Deactivated => {
                admin.ask(Operation::DeactivateUser, of_user).await.unwrap();
            }
            Self::Deleted => drop(admin.ask(Operation::DeleteUser, of_user).await.unwrap()),
            Self::Right | Self::KeyReplaced | Self::NoCode | Self::Unknown => {}
        }
        Entry { id, code, after }
    }
}

/// Gives the user another address than the one that the code was sent to, and no other code.
pub async fn change_address(admin: Client<'_>, kind: Kind, id: &str) {
    let (rpc, message) = match kind {
        Kind::Email | Kind::Invite => {
            let email = json!({ "email": new_address(id), "isVerified": false });
            let message = json!({ "userId": id, "email": email });
            (Operation::UpdateHumanUser, message)
        }
        Kind::MailReset => {
            let message = json!({ "userId": id, "email": new_address(id), "isVerified": true });
            (Operation::SetEmail, message)
        }
        Kind::Phone | Kind::SmsReset => {
            let message = json!({ "userId": id, "phone": new_number(id), "isVerified": true });
            (Operation::SetPhone, message)
        }
    };
    admin.ask(rpc, message).await.unwrap();
}

/// All that a client sees of an answer but what names the request.
fn bytes(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter();
    let headers = headers.filter(|(name, _)| *name != "x-request-id");
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    (answer.status.as_u16(), headers.collect(), body)
}

struct Deployment {
    app: App,
    /// The same database with another server key.
    rekeyed: App,
}

impl Deployment {
    async fn start() -> Self {
        let app = sending().await;
        let key = "another server key of at least 32 characters";
        Self {
            rekeyed: app.beside(&with("SERVER_KEY", key)),
            app,
        }
    }

    /// The principal, whom the service has read already.
    async fn client(&self, case: Case, who: Who, after: Duration) -> Client<'_> {
        let app = match case {
            Case::KeyReplaced => &self.rekeyed,
            _ => &self.app,
        };
        let client = match who {
            Who::Reader => self.app.service(&[Permission::UserRead]).await,
            Who::Writer => self.app.service(&[Permission::UserWrite]).await,
            Who::Page => self.app.service(&[Permission::SessionWrite]).await,
            Who::Stranger => {
                let id = self.app.user_id("stranger");
                as_user(self.app.client().later(after), id.as_str(), PASSWORD).await
            }
        };
        let client = Client {
            app,
            ..client.later(after)
        };
        let nobody = json!({ "userId": "nobody", "verificationCode": WRONG_LONG });
        drop(client.ask(Operation::VerifyEmail, nobody).await);
        client
    }
}

async fn hold(kind: Kind) {
    let deployment = Deployment::start().await;
    let app = &deployment.app;
    let admin = administrator(app).await;
    app.user("stranger").await;
    for who in PRINCIPALS {
        for form in [Form::Short, Form::Long] {
            let mut seen = None;
            for (n, case) in CASES.into_iter().enumerate() {
                let about = format!("{kind:?} {case:?} {form:?} by {who:?}");
                let name = format!("{n}-{form:?}-{who:?}");
                let entry = case.arrange(admin, kind, form, &name).await;
                let client = deployment.client(case, who, entry.after).await;
                client.app.faults.clear();
                let (rpc, message) = kind.take(&entry.id, &entry.code);

                let answer = client.call_json(rpc, message).await;

                let requests = client.app.faults.actions();
                if case.is_right(form) {
                    assert_eq!(answer.outcome(), "ok", "{about}");
                    continue;
                }
                let error = Wire::Json.message_of(rpc, &answer).unwrap_err();
                let want = if who.sees_users() {
                    case.told(kind)
                } else {
                    (3, kind.wrong())
                };
                assert_eq!(
                    (error.code, error.id.as_deref()),
                    (want.0, Some(want.1)),
                    "{about}"
                );
                if !who.sees_users() {
                    let answer = (bytes(&answer), requests);
                    assert_eq!(
                        *seen.get_or_insert_with(|| answer.clone()),
                        answer,
                        "{about}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn codes_of_email_addresses() {
    hold(Kind::Email).await;
}

#[tokio::test]
async fn codes_of_phone_numbers() {
    hold(Kind::Phone).await;
}

#[tokio::test]
async fn codes_of_resets_by_mail() {
    hold(Kind::MailReset).await;
}

#[tokio::test]
async fn codes_of_resets_by_sms() {
    hold(Kind::SmsReset).await;
}

#[tokio::test]
async fn codes_of_invitations() {
    hold(Kind::Invite).await;
}

#[tokio::test]
async fn a_request_under_another_key_makes_another_code() {
    let deployment = Deployment::start().await;
    let admin = administrator(&deployment.app).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        kind.ask(admin, &id).await;
        let before = kind.stored(&deployment.app, &id).await.active.unwrap();
        let old = kind.code(&deployment.app, &id).await;
        let rekeyed = Client {
            app: &deployment.rekeyed,
            ..admin
        };

        kind.ask(rekeyed, &id).await;

        let after = kind.stored(&deployment.app, &id).await.active.unwrap();
        assert_ne!(after.id, before.id, "{kind:?}");
        let new = kind.code(&deployment.rekeyed, &id).await;
        let entered = kind.enter(rekeyed, &id, old.long()).await;
        assert_eq!(entered.unwrap_err(), kind.wrong());
        kind.enter(rekeyed, &id, new.short()).await.unwrap();
    }
    assert_eq!(deployment.app.outbox().len(), 10);
}

/// The answer to a principal who sees nobody says no more in an error than its code and id.
#[tokio::test]
async fn the_one_answer_counts_no_tries() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        let (rpc, message) = kind.take(&id, WRONG_SHORT);
        let error = page.at(NOW).try_json(rpc, message).await.unwrap_err();
        let want = ClientError {
            code: 3,
            id: Some(kind.wrong().to_owned()),
            message: error.message.clone(),
            ..ClientError::default()
        };
        assert_eq!(error, want);
    }
}
