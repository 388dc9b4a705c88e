//! A user's life: register, find, change, lock, delete.

use tonic::Code;
use zitadel::api::zitadel::object::v2::TextQueryMethod;
use zitadel::api::zitadel::user::v2::search_query::Query;
use zitadel::api::zitadel::user::v2::set_password_request::Verification::CurrentPassword;
use zitadel::api::zitadel::user::v2::{
    DeleteUserRequest, EmailQuery, InUserIdQuery, LockUserRequest, LoginNameQuery,
    UnlockUserRequest, UpdateHumanUserRequest, UserState,
};

use crate::clients::{Clients, NEW_PASSWORD, PASSWORD, assert_refused, check_user, human, profile};

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

    let current = |password: &str| Some(CurrentPassword(password.to_owned()));
    let guess = own.set_password(&id, current("guessed")).await;
    own.set_password(&id, current(PASSWORD)).await.unwrap();

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
