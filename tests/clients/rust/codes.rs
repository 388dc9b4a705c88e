//! Codes: they verify an address, reset a password and invite.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use tonic::{Code, Status};
use uuid::Uuid;
use zitadel::api::zitadel::user::v2::add_human_user_request::PasswordType;
use zitadel::api::zitadel::user::v2::password_reset_request::Medium;
use zitadel::api::zitadel::user::v2::set_human_email::Verification as EmailVerification;
use zitadel::api::zitadel::user::v2::set_password_request::Verification::VerificationCode;
use zitadel::api::zitadel::user::v2::{
    AddHumanUserRequest, CreateInviteCodeRequest, NotificationType, PasswordResetRequest,
    ResendEmailCodeRequest, ReturnEmailVerificationCode, SendEmailCodeRequest,
    SendEmailVerificationCode, SendInviteCode, SendPasswordResetLink, SetEmailRequest,
    SetHumanEmail, UpdateHumanUserRequest, VerifyEmailRequest, VerifyInviteCodeRequest,
    create_invite_code_request, resend_email_code_request, send_email_code_request,
    set_email_request,
};

use crate::clients::{
    Clients, NEW_PASSWORD, PASSWORD, assert_refused, human, new_user, password, ready,
};

/// What links in messages begin with: one of the service's `LINK_BASE_URLS`.
const LINK_BASE: &str = "https://login.example/";
const TEMPLATE: &str = "https://login.example/go?code={{.Code}}";
const WRONG_CODE: &str = "WR2NGC3D";
const VERIFY: &str = "Confirm your e-mail address for Sesame";
const RESET: &str = "Set a new password for Sesame";
const INVITATION: &str = "Your invitation to Sesame";
const ADDRESS_CHANGED: &str = "Your e-mail address for Sesame was changed";

/// A template of links, in the type of whichever message has one.
fn template() -> Option<String> {
    Some(TEMPLATE.to_owned())
}

fn send_code() -> SendEmailVerificationCode {
    SendEmailVerificationCode {
        url_template: template(),
    }
}

/// Reads the service's `/outbox`.
fn outbox() -> Vec<Value> {
    let url = ready("url");
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /outbox HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    serde_json::from_str(body).unwrap()
}

/// The text of the only message to an address that has this subject.
fn message_to(address: &str, subject: &str) -> String {
    let is_meant = |one: &Value| one["to"] == address && one["subject"] == subject;
    let messages: Vec<_> = outbox().into_iter().filter(is_meant).collect();
    assert_eq!(messages.len(), 1, "{subject:?} to {address}");
    messages[0]["text"].as_str().unwrap().to_owned()
}

/// The text of the newest message to an address or a number.
pub fn newest_to(to: &str) -> String {
    let message = outbox().into_iter().rfind(|one| one["to"] == to);
    message.unwrap()["text"].as_str().unwrap().to_owned()
}

/// The code that a message shows for typing, in a line of its own.
fn typed(text: &str) -> String {
    let is_code = |line: &&str| {
        line.len() == 8
            && line
                .chars()
                .all(|char| char.is_ascii_uppercase() || char.is_ascii_digit())
    };
    text.lines().find(is_code).unwrap().to_owned()
}

/// The whole code, which a link carries.
fn of_link(text: &str) -> String {
    let (_, link) = text.split_once(LINK_BASE).unwrap();
    let link = link.split_whitespace().next().unwrap();
    let code = link.strip_prefix("go?code=").unwrap();
    assert_eq!(code.len(), 20);
    code.to_owned()
}

impl Clients {
    /// Registers a user whose address waits for its code; gives the id and the address.
    async fn register_unverified(&mut self, with_link: bool) -> (String, String) {
        let address = format!("{}@example.com", Uuid::new_v4());
        // With nothing said of a verification, a message without a link is sent.
        let verification = with_link.then(|| EmailVerification::SendCode(send_code()));
        let request = AddHumanUserRequest {
            password_type: Some(PasswordType::Password(password(PASSWORD))),
            ..new_user(&address, verification)
        };
        let added = self.users.add_human_user(request).await.unwrap();
        (added.into_inner().user_id, address)
    }

    async fn register_verified(&mut self) -> (String, String) {
        let (id, address) = self.register_unverified(false).await;
        let code = typed(&message_to(&address, VERIFY));
        self.verify(&id, &code).await.unwrap();
        (id, address)
    }

    async fn verify(&mut self, user_id: &str, code: &str) -> Result<(), Status> {
        let request = VerifyEmailRequest {
            user_id: user_id.to_owned(),
            verification_code: code.to_owned(),
        };
        self.users.verify_email(request).await.map(drop)
    }

    async fn accept(&mut self, user_id: &str, code: &str) -> Result<(), Status> {
        let request = VerifyInviteCodeRequest {
            user_id: user_id.to_owned(),
            verification_code: code.to_owned(),
        };
        self.users.verify_invite_code(request).await.map(drop)
    }

    /// The address that a user is shown with, and whether it is verified.
    async fn email(&mut self, user_id: &str) -> (String, bool) {
        let email = human(self.find(user_id).await.unwrap()).email.unwrap();
        (email.email, email.is_verified)
    }
}

#[tokio::test]
async fn a_user_who_registers_verifies_his_address_with_the_code_that_he_types() {
    let mut clients = Clients::of_service_account().await;
    let (id, address) = clients.register_unverified(false).await;
    assert_eq!(clients.email(&id).await, (address.clone(), false));

    let wrong = clients.verify(&id, WRONG_CODE).await;
    let code = typed(&message_to(&address, VERIFY));
    let as_typed = format!(" {}-{}", &code[..4], &code[4..]).to_lowercase();
    clients.verify(&id, &as_typed).await.unwrap();

    assert_refused(wrong, Code::InvalidArgument, "COMMAND-eis9R");
    assert_eq!(clients.email(&id).await, (address, true));
    let again = clients.verify(&id, &code).await;
    assert_refused(again, Code::InvalidArgument, "COMMAND-eis9R");
}

#[tokio::test]
async fn a_user_who_registers_verifies_his_address_with_the_code_of_a_link() {
    let mut clients = Clients::of_service_account().await;
    let (id, address) = clients.register_unverified(true).await;

    // Asked for again within a minute, it is sent once.
    let send = SendEmailCodeRequest {
        user_id: id.clone(),
        verification: Some(send_email_code_request::Verification::SendCode(send_code())),
    };
    let resend = ResendEmailCodeRequest {
        user_id: id.clone(),
        verification: Some(resend_email_code_request::Verification::SendCode(
            send_code(),
        )),
    };
    clients.users.send_email_code(send).await.unwrap();
    clients.users.resend_email_code(resend).await.unwrap();
    let code = of_link(&message_to(&address, VERIFY));
    clients.verify(&id, &code).await.unwrap();

    assert_eq!(clients.email(&id).await, (address, true));
}

#[tokio::test]
async fn a_user_who_forgot_his_password_sets_another() {
    let mut clients = Clients::of_service_account().await;
    let readers: [fn(&str) -> String; 2] = [of_link, typed];
    for code_of in readers {
        let (id, address) = clients.register_verified().await;
        let session = clients.log_in(&address, PASSWORD).await.unwrap();

        let link = SendPasswordResetLink {
            notification_type: NotificationType::Email.into(),
            url_template: template(),
        };
        let request = PasswordResetRequest {
            user_id: id.clone(),
            medium: Some(Medium::SendLink(link)),
        };
        clients.users.password_reset(request).await.unwrap();
        let code = code_of(&message_to(&address, RESET));
        let code_is = |code: &str| Some(VerificationCode(code.to_owned()));
        let wrong = clients.set_password(&id, code_is(WRONG_CODE)).await;
        clients.set_password(&id, code_is(&code)).await.unwrap();
        let again = clients.set_password(&id, code_is(&code)).await;

        for refused in [wrong, again] {
            assert_refused(refused, Code::InvalidArgument, "CODE-woT0xc");
        }
        let former = clients.log_in(&address, PASSWORD).await;
        assert_refused(former, Code::InvalidArgument, "COMMAND-3M0fs");
        clients.log_in(&address, NEW_PASSWORD).await.unwrap();
        assert_refused(clients.read(&session).await, Code::NotFound, "QUERY-SFeaa");
    }
}

#[tokio::test]
async fn an_invited_user_gets_his_first_password() {
    let mut clients = Clients::of_service_account().await;
    let address = format!("{}@example.com", Uuid::new_v4());
    let request = new_user(&address, Some(EmailVerification::IsVerified(false)));
    let added = clients.users.add_human_user(request).await.unwrap();
    let id = added.into_inner().user_id;

    let send = SendInviteCode {
        url_template: template(),
        application_name: Some("Analytical Engine".to_owned()),
    };
    let request = CreateInviteCodeRequest {
        user_id: id.clone(),
        verification: Some(create_invite_code_request::Verification::SendCode(send)),
    };
    clients.users.create_invite_code(request).await.unwrap();
    let text = message_to(&address, INVITATION);
    let wrong = clients.accept(&id, WRONG_CODE).await;
    clients.accept(&id, &of_link(&text)).await.unwrap();

    assert!(text.contains("The invitation is to Analytical Engine."));
    assert_refused(wrong, Code::InvalidArgument, "COMMAND-Wgn4q");
    assert_eq!(clients.email(&id).await, (address.clone(), true));
    clients.set_password(&id, None).await.unwrap();
    clients.log_in(&address, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_user_changes_his_address_and_the_former_one_is_told() {
    let mut clients = Clients::of_service_account().await;
    let (id, former) = clients.register_verified().await;
    let session = clients.log_in(&former, PASSWORD).await.unwrap();
    let mut own = Clients::with_token(&session.session_token).await;
    let address = format!("{}@example.com", Uuid::new_v4());

    let request = SetEmailRequest {
        user_id: id.clone(),
        email: address.clone(),
        verification: Some(set_email_request::Verification::SendCode(send_code())),
    };
    own.users.set_email(request).await.unwrap();

    assert_eq!(clients.email(&id).await, (address.clone(), false));
    let code = of_link(&message_to(&address, VERIFY));
    own.verify(&id, &code).await.unwrap();
    assert_eq!(clients.email(&id).await, (address.clone(), true));
    let told = message_to(&former, ADDRESS_CHANGED);
    assert!(told.contains(&address) && !told.contains("http"), "{told}");
}

#[tokio::test]
async fn an_update_returns_the_code_of_an_address() {
    let mut clients = Clients::of_service_account().await;
    let (id, _) = clients.register_verified().await;
    let address = format!("{}@example.com", Uuid::new_v4());

    let return_code = EmailVerification::ReturnCode(ReturnEmailVerificationCode {});
    let request = UpdateHumanUserRequest {
        user_id: id.clone(),
        email: Some(SetHumanEmail {
            email: address.clone(),
            verification: Some(return_code),
        }),
        ..Default::default()
    };
    let answer = clients.users.update_human_user(request).await.unwrap();
    let code = answer.into_inner().email_code.unwrap();
    clients.verify(&id, &code).await.unwrap();

    assert_eq!(clients.email(&id).await, (address.clone(), true));
    assert!(outbox().iter().all(|one| one["to"] != address));
}
