//! The clients of the crate, and what tests ask of the service with them.

use tonic::codegen::InterceptedService;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;
use zitadel::api::clients::ClientBuilder;
use zitadel::api::zitadel::session::v2::check_user::Search;
use zitadel::api::zitadel::session::v2::session_service_client::SessionServiceClient;
use zitadel::api::zitadel::session::v2::{
    CheckPassword, CheckUser, Checks, CreateSessionRequest, CreateSessionResponse, Factors,
    GetSessionRequest, SetSessionRequest,
};
use zitadel::api::zitadel::user::v2::add_human_user_request::PasswordType;
use zitadel::api::zitadel::user::v2::search_query::Query;
use zitadel::api::zitadel::user::v2::set_human_email::Verification::{
    self as EmailVerification, IsVerified,
};
use zitadel::api::zitadel::user::v2::set_password_request::Verification;
use zitadel::api::zitadel::user::v2::user::Type;
use zitadel::api::zitadel::user::v2::user_service_client::UserServiceClient;
use zitadel::api::zitadel::user::v2::{
    AddHumanUserRequest, AddHumanUserResponse, GetUserByIdRequest, HumanUser, ListUsersRequest,
    Password, SearchQuery, SetHumanEmail, SetHumanProfile, SetPasswordRequest, User,
};

pub const PASSWORD: &str = "V3ryS3cure!";
pub const NEW_PASSWORD: &str = "An0ther-Secret!";

/// The crate's own interceptor for tokens comes with clients of HTTP and OIDC.
#[derive(Clone)]
pub struct Bearer(AsciiMetadataValue);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub struct Clients {
    pub users: UserServiceClient<InterceptedService<Channel, Bearer>>,
    pub sessions: SessionServiceClient<InterceptedService<Channel, Bearer>>,
}

/// A value of the line that `--ready-json` prints.
pub fn ready(name: &str) -> String {
    let line = std::env::var("SESAME_READY").unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    line[name].as_str().unwrap().to_owned()
}

impl Clients {
    /// With the token of a service account that has all permissions.
    pub async fn of_service_account() -> Self {
        Self::with_token(&ready("token")).await
    }

    pub async fn with_token(token: &str) -> Self {
        let bearer = Bearer(format!("Bearer {token}").parse().unwrap());
        let client = || ClientBuilder::new(&ready("url")).with_interceptor(bearer.clone());
        Self {
            users: client().build_user_client().await.unwrap(),
            sessions: client().build_session_client().await.unwrap(),
        }
    }

    /// The id of a new user, and his login name, which is his e-mail address too.
    pub async fn register(&mut self) -> (String, String) {
        let name = format!("{}@example.com", Uuid::new_v4());
        let id = self.add_user(&name).await.unwrap().into_inner().user_id;
        (id, name)
    }

    pub async fn add_user(&mut self, name: &str) -> Result<Response<AddHumanUserResponse>, Status> {
        let request = AddHumanUserRequest {
            password_type: Some(PasswordType::Password(password(PASSWORD))),
            ..new_user(name, Some(IsVerified(true)))
        };
        self.users.add_human_user(request).await
    }

    pub async fn find(&mut self, user_id: &str) -> Result<User, Status> {
        let user_id = user_id.to_owned();
        let answer = self.users.get_user_by_id(GetUserByIdRequest { user_id });
        Ok(answer.await?.into_inner().user.unwrap())
    }

    pub async fn search(&mut self, query: Query) -> (u64, Vec<User>) {
        let request = ListUsersRequest {
            queries: vec![SearchQuery { query: Some(query) }],
            ..Default::default()
        };
        let answer = self.users.list_users(request).await.unwrap().into_inner();
        (answer.details.unwrap().total_result, answer.result)
    }

    pub async fn create_session(
        &mut self,
        checks: Checks,
    ) -> Result<CreateSessionResponse, Status> {
        let request = CreateSessionRequest {
            checks: Some(checks),
            ..Default::default()
        };
        Ok(self.sessions.create_session(request).await?.into_inner())
    }

    pub async fn log_in(
        &mut self,
        name: &str,
        secret: &str,
    ) -> Result<CreateSessionResponse, Status> {
        let checks = Checks {
            password: check(secret).password,
            ..check_user(name)
        };
        self.create_session(checks).await
    }

    pub async fn read(&mut self, session: &CreateSessionResponse) -> Result<Factors, Status> {
        let request = GetSessionRequest {
            session_id: session.session_id.clone(),
            session_token: None,
        };
        let answer = self.sessions.get_session(request).await?.into_inner();
        Ok(answer.session.unwrap().factors.unwrap())
    }

    /// Checks a password in that session.
    pub async fn check(
        &mut self,
        session: &CreateSessionResponse,
        secret: &str,
    ) -> Result<(), Status> {
        let request = SetSessionRequest {
            session_id: session.session_id.clone(),
            checks: Some(check(secret)),
            ..Default::default()
        };
        self.sessions.set_session(request).await.map(drop)
    }

    /// Sets [`NEW_PASSWORD`].
    pub async fn set_password(
        &mut self,
        user_id: &str,
        verification: Option<Verification>,
    ) -> Result<(), Status> {
        let request = SetPasswordRequest {
            user_id: user_id.to_owned(),
            new_password: Some(password(NEW_PASSWORD)),
            verification,
        };
        self.users.set_password(request).await.map(drop)
    }
}

/// A user without a password, whose login name is his e-mail address too.
pub fn new_user(name: &str, verification: Option<EmailVerification>) -> AddHumanUserRequest {
    AddHumanUserRequest {
        username: Some(name.to_owned()),
        profile: Some(profile("Ada", "Lovelace")),
        email: Some(SetHumanEmail {
            email: name.to_owned(),
            verification,
        }),
        ..Default::default()
    }
}

pub fn password(secret: &str) -> Password {
    Password {
        password: secret.to_owned(),
        change_required: false,
    }
}

pub fn profile(given_name: &str, family_name: &str) -> SetHumanProfile {
    SetHumanProfile {
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        ..Default::default()
    }
}

pub fn check(secret: &str) -> Checks {
    let password = secret.to_owned();
    Checks {
        password: Some(CheckPassword { password }),
        ..Default::default()
    }
}

pub fn check_user(name: &str) -> Checks {
    let search = Some(Search::LoginName(name.to_owned()));
    Checks {
        user: Some(CheckUser { search }),
        ..Default::default()
    }
}

pub fn human(user: User) -> HumanUser {
    match user.r#type.unwrap() {
        Type::Human(human) => human,
        Type::Machine(machine) => panic!("{machine:?}"),
    }
}

/// Asserts that a call was refused with that code and that id, which ends the message.
#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, id: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), code, "{status}");
    assert!(status.message().ends_with(&format!("({id})")), "{status}");
}
