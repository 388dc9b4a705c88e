//! Second factors: each that the crate knows is set up, used and removed. It has no recovery codes.

use std::time::{Duration, SystemTime};

use tonic::{Code, Status};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use uuid::Uuid;
use zitadel::api::zitadel::session::v2::request_challenges::otp_email::{
    DeliveryType, ReturnCode, SendCode,
};
use zitadel::api::zitadel::session::v2::request_challenges::{OtpEmail, Otpsms};
use zitadel::api::zitadel::session::v2::{
    Challenges, CheckOtp, CheckTotp, Checks, CreateSessionResponse, RequestChallenges,
    SetSessionRequest,
};
use zitadel::api::zitadel::user::v2::AuthenticationMethodType::{
    self, OtpEmail as EmailType, OtpSms as SmsType, Password as PasswordType, Totp as TotpType,
};
use zitadel::api::zitadel::user::v2::add_human_user_request::PasswordType as NewPassword;
use zitadel::api::zitadel::user::v2::set_human_email::Verification::IsVerified;
use zitadel::api::zitadel::user::v2::set_human_phone::Verification::IsVerified as PhoneIsVerified;
use zitadel::api::zitadel::user::v2::{
    AddHumanUserRequest, AddOtpEmailRequest, AddOtpsmsRequest,
    ListAuthenticationMethodTypesRequest, RegisterTotpRequest, RemoveOtpEmailRequest,
    RemoveOtpsmsRequest, RemoveTotpRequest, SetHumanPhone, VerifyTotpRegistrationRequest,
};

use crate::clients::{Clients, PASSWORD, assert_refused, new_user, password};
use crate::codes::newest_to;

const TEMPLATE: &str = "https://login.example/otp?code={{.Code}}";
const STEP: u64 = 30;

/// An authenticator app that shows no code twice.
struct App {
    app: Totp,
    last_step: u64,
}

impl App {
    fn new(secret: &str) -> Self {
        let app = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP)
            .with_secret(Secret::try_from_base32(secret).unwrap())
            .build()
            .unwrap();
        Self { app, last_step: 0 }
    }

    /// The next code: the oldest one that is good, so that few are waited for. The service accepts
    /// the steps beside its own too.
    async fn code(&mut self) -> String {
        loop {
            let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
            let current = now / STEP;
            // A call takes time, so the step before is left out where its end is near.
            let oldest = current - u64::from(now % STEP < STEP / 2);
            let step = oldest.max(self.last_step + 1);
            if step <= current + 1 {
                self.last_step = step;
                return self.app.generate(step * STEP).to_string();
            }
            tokio::time::sleep(Duration::from_secs((step - 1) * STEP - now)).await;
        }
    }
}

struct User {
    id: String,
    email: String,
    phone: String,
}

impl Clients {
    async fn register_reachable(&mut self) -> User {
        let random = Uuid::new_v4();
        let email = format!("{random}@example.com");
        // A number that no other test has.
        let phone = format!("+4176{:07}", random.as_u128() % 10_000_000);
        let request = AddHumanUserRequest {
            password_type: Some(NewPassword::Password(password(PASSWORD))),
            phone: Some(SetHumanPhone {
                phone: phone.clone(),
                verification: Some(PhoneIsVerified(true)),
            }),
            ..new_user(&email, Some(IsVerified(true)))
        };
        let added = self.users.add_human_user(request).await.unwrap();
        let id = added.into_inner().user_id;
        User { id, email, phone }
    }

    async fn types(&mut self, user: &User) -> Vec<AuthenticationMethodType> {
        let request = ListAuthenticationMethodTypesRequest {
            user_id: user.id.clone(),
            domain_query: None,
        };
        let listed = self.users.list_authentication_method_types(request).await;
        listed.unwrap().into_inner().auth_method_types().collect()
    }

    /// Checks more in a session, and takes its new token.
    async fn prove(
        &mut self,
        session: &mut CreateSessionResponse,
        checks: Checks,
    ) -> Result<(), Status> {
        let request = SetSessionRequest {
            session_id: session.session_id.clone(),
            checks: Some(checks),
            ..Default::default()
        };
        let set = self.sessions.set_session(request).await?.into_inner();
        session.session_token = set.session_token;
        Ok(())
    }

    async fn challenge(
        &mut self,
        session: &CreateSessionResponse,
        challenges: RequestChallenges,
    ) -> Challenges {
        let request = SetSessionRequest {
            session_id: session.session_id.clone(),
            challenges: Some(challenges),
            ..Default::default()
        };
        let set = self.sessions.set_session(request).await.unwrap();
        set.into_inner().challenges.unwrap_or_default()
    }
}

fn by_app(code: &str) -> Checks {
    let code = code.to_owned();
    Checks {
        totp: Some(CheckTotp { code }),
        ..Default::default()
    }
}

fn by_email(code: &str) -> Checks {
    let code = code.to_owned();
    Checks {
        otp_email: Some(CheckOtp { code }),
        ..Default::default()
    }
}

fn by_sms(code: &str) -> Checks {
    let code = code.to_owned();
    Checks {
        otp_sms: Some(CheckOtp { code }),
        ..Default::default()
    }
}

/// Has a code sent by e-mail, or returned.
fn email_challenge(is_returned: bool) -> RequestChallenges {
    let sent = SendCode {
        url_template: Some(TEMPLATE.to_owned()),
    };
    let delivery_type = Some(if is_returned {
        DeliveryType::ReturnCode(ReturnCode {})
    } else {
        DeliveryType::SendCode(sent)
    });
    RequestChallenges {
        otp_email: Some(OtpEmail { delivery_type }),
        ..Default::default()
    }
}

fn sms_challenge(return_code: bool) -> RequestChallenges {
    RequestChallenges {
        otp_sms: Some(Otpsms { return_code }),
        ..Default::default()
    }
}

/// The eight digits in the newest message.
fn sent_to(to: &str) -> String {
    let text = newest_to(to);
    let mut words = text.split(|char: char| !char.is_ascii_digit());
    words.rfind(|word| word.len() == 8).unwrap().to_owned()
}

#[tokio::test]
async fn an_authenticator_app_is_set_up_used_and_removed() {
    let mut clients = Clients::of_service_account().await;
    let user = clients.register_reachable().await;
    let user_id = user.id.clone();
    let session = clients.log_in(&user.email, PASSWORD).await.unwrap();
    let mut own = Clients::with_token(&session.session_token).await;

    let register = RegisterTotpRequest { user_id };
    let registered = own.users.register_totp(register).await.unwrap();
    let mut app = App::new(&registered.into_inner().secret);
    let code = app.code().await;
    let verify = VerifyTotpRegistrationRequest {
        user_id: user.id.clone(),
        code: code.clone(),
    };
    own.users.verify_totp_registration(verify).await.unwrap();
    assert_eq!(clients.types(&user).await, [PasswordType, TotpType]);

    let mut session = clients.log_in(&user.email, PASSWORD).await.unwrap();
    let remove = RemoveTotpRequest {
        user_id: user.id.clone(),
    };
    let mut half = Clients::with_token(&session.session_token).await;
    let weak = half.users.remove_totp(remove.clone()).await;
    assert_refused(weak, Code::PermissionDenied, "AUTHZ-Kl3p0");
    let used = clients.prove(&mut session, by_app(&code)).await;
    assert_refused(used, Code::InvalidArgument, "EVENT-8isk2");
    let checks = by_app(&app.code().await);
    clients.prove(&mut session, checks).await.unwrap();
    let factors = clients.read(&session).await.unwrap();
    assert!(factors.password.is_some() && factors.totp.is_some());

    let mut full = Clients::with_token(&session.session_token).await;
    full.users.remove_totp(remove).await.unwrap();
    assert_eq!(clients.types(&user).await, [PasswordType]);
}

#[tokio::test]
async fn codes_by_email_are_set_up_used_and_removed() {
    let mut clients = Clients::of_service_account().await;
    let user = clients.register_reachable().await;
    let user_id = user.id.clone();
    let add = AddOtpEmailRequest { user_id };
    clients.users.add_otp_email(add).await.unwrap();
    assert_eq!(clients.types(&user).await, [PasswordType, EmailType]);

    let mut session = clients.log_in(&user.email, PASSWORD).await.unwrap();
    let told = clients.challenge(&session, email_challenge(false)).await;
    assert_eq!(told.otp_email, None);
    let code = sent_to(&user.email);
    let mut other = clients.log_in(&user.email, PASSWORD).await.unwrap();
    let told = clients.challenge(&other, email_challenge(true)).await;
    let others = told.otp_email.unwrap();
    let wrong = clients.prove(&mut session, by_email(&others)).await;
    assert_refused(wrong, Code::InvalidArgument, "CODE-woT0xc");
    clients.prove(&mut session, by_email(&code)).await.unwrap();
    clients.prove(&mut other, by_email(&others)).await.unwrap();
    for session in [&session, &other] {
        let factors = clients.read(session).await.unwrap();
        assert!(factors.otp_email.is_some());
    }

    let mut full = Clients::with_token(&session.session_token).await;
    let user_id = user.id.clone();
    let remove = RemoveOtpEmailRequest { user_id };
    full.users.remove_otp_email(remove).await.unwrap();
    assert_eq!(clients.types(&user).await, [PasswordType]);
}

#[tokio::test]
async fn codes_by_sms_are_set_up_used_and_removed() {
    let mut clients = Clients::of_service_account().await;
    let user = clients.register_reachable().await;
    let user_id = user.id.clone();
    let add = AddOtpsmsRequest { user_id };
    clients.users.add_otpsms(add).await.unwrap();
    assert_eq!(clients.types(&user).await, [PasswordType, SmsType]);

    let mut session = clients.log_in(&user.email, PASSWORD).await.unwrap();
    let told = clients.challenge(&session, sms_challenge(false)).await;
    assert_eq!(told.otp_sms, None);
    let code = sent_to(&user.phone);
    clients.prove(&mut session, by_sms(&code)).await.unwrap();
    let mut other = clients.log_in(&user.email, PASSWORD).await.unwrap();
    let told = clients.challenge(&other, sms_challenge(true)).await;
    let others = told.otp_sms.unwrap();
    clients.prove(&mut other, by_sms(&others)).await.unwrap();
    for session in [&session, &other] {
        let factors = clients.read(session).await.unwrap();
        assert!(factors.otp_sms.is_some());
    }

    let mut full = Clients::with_token(&session.session_token).await;
    let user_id = user.id.clone();
    let remove = RemoveOtpsmsRequest { user_id };
    full.users.remove_otpsms(remove).await.unwrap();
    assert_eq!(clients.types(&user).await, [PasswordType]);
}
