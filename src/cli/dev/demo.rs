use std::time::Duration;

use crate::app::Settings;
use crate::cli::failure::Failure;
use crate::cli::user::{administration, hash_password};
use crate::domain::{
    DisplayName, LoginName, NewUser, Password, Permission, Profile, ServiceAccount,
    ServiceAccountName, Timestamp, UserId, UserState,
};
use crate::service::UserRefusal;
use crate::store::Store;
use crate::token::ServiceAccountToken;

// The user of the API's published example.
pub const LOGIN_NAME: &str = "mini@mouse.com";
pub const USER_ID: &str = "d654e6ba-70a3-48ef-a95d-37c8d8a7901a";
pub const PASSWORD: &str = "V3ryS3cure!";
const DISPLAY_NAME: &str = "Mini Mouse";

const SERVICE_ACCOUNT: &str = "demo (sesame dev)";
const TOKEN_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Adds the demo user, unless a user with its name or id exists.
pub async fn add_user(store: &Store, settings: &Settings, now: Timestamp) -> Result<(), Failure> {
    let password = Password::new(PASSWORD.to_owned());
    let hash = hash_password(password, (settings.hash_params, settings.hash_kernel)).await?;
    let user = NewUser {
        login_name: LoginName::parse(LOGIN_NAME.to_owned())?,
        user_id: UserId::parse(USER_ID.to_owned())?,
        display_name: DisplayName::parse(DISPLAY_NAME.to_owned())?,
        state: UserState::Active,
        password_hash: Some(hash),
        change_required: false,
        profile: Profile::default(),
    };
    let users = administration(store.clone(), settings.policy.unique_emails)?;
    match users.add(user, now).await {
        Ok(_) | Err(UserRefusal::NameTaken(_) | UserRefusal::IdTaken(_)) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Issues a token with all permissions to the demo service account, and revokes the one of the
/// last start, which nobody can look up.
pub async fn add_service_account(
    store: &Store,
    now: Timestamp,
) -> Result<ServiceAccountToken, Failure> {
    let name = ServiceAccountName::parse(SERVICE_ACCOUNT.to_owned())?;
    for (hash, account) in store.scan_service_accounts().await? {
        if account.name == name {
            store.delete_service_account(&hash).await?;
        }
    }
    let token = ServiceAccountToken::generate().map_err(Failure::Random)?;
    let account = ServiceAccount {
        name,
        permissions: Permission::ALL.into_iter().collect(),
        created_at: now,
        expires_at: now.plus(TOKEN_LIFETIME),
    };
    store.insert_service_account(token.hash(), &account).await?;
    Ok(token)
}
