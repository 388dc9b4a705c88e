//! The crate `zitadel`, which speaks gRPC: a user's life. It has neither `CreateUser` nor `UpdateUser`.

#![allow(
    clippy::disallowed_methods,
    reason = "only the product takes settings, and draws ids, in one place"
)]

use tonic::codegen::InterceptedService;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;
use zitadel::api::clients::ClientBuilder;
use zitadel::api::zitadel::object::v2::TextQueryMethod;
use zitadel::api::zitadel::session::v2::check_user::Search;
use zitadel::api::zitadel::session::v2::session_service_client::SessionServiceClient;
use zitadel::api::zitadel::session::v2::{
    CheckPassword, CheckUser, Checks, CreateSessionRequest, CreateSessionResponse, Factors,
    GetSessionRequest, SetSessionRequest,
};
use zitadel::api::zitadel::user::v2::add_human_user_request::PasswordType;
use zitadel::api::zitadel::user::v2::search_query::Query;
use zitadel::api::zitadel::user::v2::set_human_email::Verification::IsVerified;
use zitadel::api::zitadel::user::v2::set_password_request::Verification::CurrentPassword;
use zitadel::api::zitadel::user::v2::user::Type;
use zitadel::api::zitadel::user::v2::user_service_client::UserServiceClient;
use zitadel::api::zitadel::user::v2::{
    AddHumanUserRequest, AddHumanUserResponse, DeleteUserRequest, EmailQuery, GetUserByIdRequest,
    HumanUser, InUserIdQuery, ListUsersRequest, LockUserRequest, LoginNameQuery, Password,
    SearchQuery, SetHumanEmail, SetHumanProfile, SetPasswordRequest, UnlockUserRequest,
    UpdateHumanUserRequest, User, UserState,
};

const PASSWORD: &str = "V3ryS3cure!";
const NEW_PASSWORD: &str = "An0ther-Secret!";

/// The crate's own interceptor for tokens comes with clients of HTTP and OIDC.
#[derive(Clone)]
struct Bearer(AsciiMetadataValue);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

struct Clients {
    users: UserServiceClient<InterceptedService<Channel, Bearer>>,
    sessions: SessionServiceClient<InterceptedService<Channel, Bearer>>,
}

/// A value of the line that `--ready-json` prints.
fn ready(name: &str) -> String {
    let line = std::env::var("SESAME_READY").unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    line[name].as_str().unwrap().to_owned()
}

impl Clients {
    /// With the token of a service account that has all permissions.
    async fn of_service_account() -> Self {
        Self::with_token(&ready("token")).await
    }

    async fn with_token(token: &str) -> Self {
        let bearer = Bearer(format!("Bearer {token}").parse().unwrap());
        let client = || ClientBuilder::new(&ready("url")).with_interceptor(bearer.clone());
        Self {
            users: client().build_user_client().await.unwrap(),
            sessions: client().build_session_client().await.unwrap(),
        }
    }

    /// The id of a new user, and his login name, which is his e-mail address too.
    async fn register(&mut self) -> (String, String) {
        let name = format!("{}@example.com", Uuid::new_v4());
        let id = self.add_user(&name).await.unwrap().into_inner().user_id;
        (id, name)
    }

    async fn add_user(&mut self, name: &str) -> Result<Response<AddHumanUserResponse>, Status> {
        let request = AddHumanUserRequest {
            username: Some(name.to_owned()),
            profile: Some(profile("Ada", "Lovelace")),
            email: Some(SetHumanEmail {
                email: name.to_owned(),
                verification: Some(IsVerified(true)),
            }),
            password_type: Some(PasswordType::Password(password(PASSWORD))),
            ..Default::default()
        };
        self.users.add_human_user(request).await
    }

    async fn find(&mut self, user_id: &str) -> Result<User, Status> {
        let user_id = user_id.to_owned();
        let answer = self.users.get_user_by_id(GetUserByIdRequest { user_id });
        Ok(answer.await?.into_inner().user.unwrap())
    }

    async fn search(&mut self, query: Query) -> (u64, Vec<User>) {
        let request = ListUsersRequest {
            queries: vec![SearchQuery { query: Some(query) }],
            ..Default::default()
        };
        let answer = self.users.list_users(request).await.unwrap().into_inner();
        (answer.details.unwrap().total_result, answer.result)
    }

    async fn create_session(&mut self, checks: Checks) -> Result<CreateSessionResponse, Status> {
        let request = CreateSessionRequest {
            checks: Some(checks),
            ..Default::default()
        };
        Ok(self.sessions.create_session(request).await?.into_inner())
    }

    async fn log_in(&mut self, name: &str, secret: &str) -> Result<CreateSessionResponse, Status> {
        let checks = Checks {
            password: check(secret).password,
            ..check_user(name)
        };
        self.create_session(checks).await
    }

    async fn read(&mut self, session: &CreateSessionResponse) -> Result<Factors, Status> {
        let request = GetSessionRequest {
            session_id: session.session_id.clone(),
            session_token: None,
        };
        let answer = self.sessions.get_session(request).await?.into_inner();
        Ok(answer.session.unwrap().factors.unwrap())
    }

    /// Checks a password in that session.
    async fn check(&mut self, session: &CreateSessionResponse, secret: &str) -> Result<(), Status> {
        let request = SetSessionRequest {
            session_id: session.session_id.clone(),
            checks: Some(check(secret)),
            ..Default::default()
        };
        self.sessions.set_session(request).await.map(drop)
    }

    async fn set_password(&mut self, user_id: &str, current: Option<&str>) -> Result<(), Status> {
        let request = SetPasswordRequest {
            user_id: user_id.to_owned(),
            new_password: Some(password(NEW_PASSWORD)),
            verification: current.map(|current| CurrentPassword(current.to_owned())),
        };
        self.users.set_password(request).await.map(drop)
    }
}

fn password(secret: &str) -> Password {
    Password {
        password: secret.to_owned(),
        change_required: false,
    }
}

fn profile(given_name: &str, family_name: &str) -> SetHumanProfile {
    SetHumanProfile {
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        ..Default::default()
    }
}

fn check(secret: &str) -> Checks {
    let password = secret.to_owned();
    Checks {
        password: Some(CheckPassword { password }),
        ..Default::default()
    }
}

fn check_user(name: &str) -> Checks {
    let search = Some(Search::LoginName(name.to_owned()));
    Checks {
        user: Some(CheckUser { search }),
        ..Default::default()
    }
}

fn human(user: User) -> HumanUser {
    match user.r#type.unwrap() {
        Type::Human(human) => human,
        Type::Machine(machine) => panic!("{machine:?}"),
    }
}

/// Asserts that a call was refused with that code and that id, which ends the message.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, id: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), code, "{status}");
    assert!(status.message().ends_with(&format!("({id})")), "{status}");
}

#[tokio::test]
async fn a_user_who_registers_logs_in_and_none_has_his_name() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;

    let session = clients.log_in(&name, PASSWORD).await.unwrap();

    let factors = clients.read(&session).await.unwrap();
    let user = factors.user.unwrap();
    assert_eq!((&user.id, &user.login_name), (&id, &name));
    assert_eq!(user.display_name, "Ada Lovelace");
    assert!(factors.password.is_some());
    let again = clients.add_user(&name).await;
    assert_refused(again, Code::AlreadyExists, "V3-DKcYh");
}

#[tokio::test]
async fn a_user_is_found_by_id() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;

    let user = clients.find(&id).await.unwrap();

    assert_eq!((&user.user_id, user.state()), (&id, UserState::Active));
    assert_eq!((&user.username, &user.preferred_login_name), (&name, &name));
    assert_eq!(user.login_names, std::slice::from_ref(&name));
    let human = human(user);
    let (profile, email) = (human.profile.unwrap(), human.email.unwrap());
    assert_eq!(
        (profile.given_name, profile.family_name),
        ("Ada".to_owned(), "Lovelace".to_owned())
    );
    assert_eq!((email.email, email.is_verified), (name, true));
    assert!(human.password_changed.is_some());
}

#[tokio::test]
async fn a_search_finds_a_user_by_id_login_name_and_e_mail() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;
    let expected = (1, vec![clients.find(&id).await.unwrap()]);

    for query in [
        Query::InUserIdsQuery(InUserIdQuery { user_ids: vec![id] }),
        Query::LoginNameQuery(LoginNameQuery {
            login_name: name.clone(),
            method: TextQueryMethod::Equals.into(),
        }),
        Query::EmailQuery(EmailQuery {
            email_address: name,
            method: TextQueryMethod::Equals.into(),
        }),
    ] {
        assert_eq!(clients.search(query).await, expected);
    }
}

#[tokio::test]
async fn a_profile_is_changed() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;
    let session = clients.log_in(&name, PASSWORD).await.unwrap();
    let mut own = Clients::with_token(&session.session_token).await;
    let request = |given_name| UpdateHumanUserRequest {
        user_id: id.clone(),
        profile: Some(profile(given_name, "King")),
        ..Default::default()
    };

    clients
        .users
        .update_human_user(request("Ada"))
        .await
        .unwrap();
    own.users
        .update_human_user(request("Augusta"))
        .await
        .unwrap();

    let user = clients.find(&id).await.unwrap();
    assert_eq!(user.details.as_ref().unwrap().sequence, 3);
    let display_name = human(user).profile.unwrap().display_name;
    assert_eq!(display_name.as_deref(), Some("Augusta King"));
}

#[tokio::test]
async fn a_user_changes_his_password_with_the_current_one() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;
    let session = clients.log_in(&name, PASSWORD).await.unwrap();
    let other = clients.log_in(&name, PASSWORD).await.unwrap();
    let mut own = Clients::with_token(&session.session_token).await;

    let guess = own.set_password(&id, Some("guessed")).await;
    own.set_password(&id, Some(PASSWORD)).await.unwrap();

    assert_refused(guess, Code::InvalidArgument, "COMMAND-3M0fs");
    assert!(clients.read(&session).await.is_ok());
    assert_refused(clients.read(&other).await, Code::NotFound, "QUERY-SFeaa");
    let former = clients.log_in(&name, PASSWORD).await;
    assert_refused(former, Code::InvalidArgument, "COMMAND-3M0fs");
    clients.log_in(&name, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_user_changes_his_password_with_his_sessions_token_alone_and_goes_on() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;
    let named = clients.create_session(check_user(&name)).await.unwrap();
    let session = clients.log_in(&name, PASSWORD).await.unwrap();
    let mut own = Clients::with_token(&session.session_token).await;

    own.set_password(&id, None).await.unwrap();

    let former = clients.check(&session, PASSWORD).await;
    assert_refused(former, Code::InvalidArgument, "COMMAND-3M0fs");
    for session in [session, named] {
        clients.check(&session, NEW_PASSWORD).await.unwrap();
        let factors = clients.read(&session).await.unwrap();
        assert_eq!(factors.user.unwrap().id, id);
        assert!(factors.password.is_some());
    }
}

#[tokio::test]
async fn a_user_is_locked_and_unlocked() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;
    let session = clients.log_in(&name, PASSWORD).await.unwrap();

    let user_id = id.clone();
    clients
        .users
        .lock_user(LockUserRequest { user_id })
        .await
        .unwrap();

    assert_eq!(clients.find(&id).await.unwrap().state(), UserState::Locked);
    let locked = clients.log_in(&name, PASSWORD).await;
    assert_refused(locked, Code::FailedPrecondition, "SESSION-Gj4ko");
    assert_refused(clients.read(&session).await, Code::NotFound, "QUERY-SFeaa");

    let user_id = id.clone();
    clients
        .users
        .unlock_user(UnlockUserRequest { user_id })
        .await
        .unwrap();

    assert_eq!(clients.find(&id).await.unwrap().state(), UserState::Active);
    clients.log_in(&name, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_deleted_user_is_gone() {
    let mut clients = Clients::of_service_account().await;
    let (id, name) = clients.register().await;
    let session = clients.log_in(&name, PASSWORD).await.unwrap();

    let user_id = id.clone();
    clients
        .users
        .delete_user(DeleteUserRequest { user_id })
        .await
        .unwrap();

    assert_refused(clients.find(&id).await, Code::NotFound, "QUERY-Dfbg2");
    let login = clients.log_in(&name, PASSWORD).await;
    assert_refused(login, Code::NotFound, "QUERY-Dfbg2");
    assert_refused(clients.read(&session).await, Code::NotFound, "QUERY-SFeaa");
}
