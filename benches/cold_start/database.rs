//! The tables that the function uses, with the user that the event logs in.

use std::net::TcpListener;

use argon2::{Algorithm, Argon2, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sesame::aws::{Endpoint, with_http_client};
use sesame::domain::{
    Account, HashString, LoginName, NewUser, Profile, Timestamp, UserId, UserState,
};
use sesame::emulator::Emulator;
use sesame::store::{Store, Tables};

use super::outcome::Outcome;

pub const USERS: &str = "users";
pub const SESSIONS: &str = "sessions";
pub const REGION: &str = "eu-central-1";
const USER_ID: &str = "d654e6ba-70a3-48ef-a95d-37c8d8a7901a";
const LOGIN_NAME: &str = "mini@mouse.com";
const PASSWORD: &str = "V3ryS3cure!";

/// The costs of a password hash.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    pub memory_kib: u32,
    pub passes: u32,
}

impl Costs {
    /// The function's defaults.
    pub const DEFAULT: Self = Self {
        memory_kib: 19456,
        passes: 2,
    };
    /// The smallest memory that the function accepts, with the passes that it then asks for.
    pub const SMALL: Self = Self {
        memory_kib: 7168,
        passes: 5,
    };

    /// How many blocks of 1 KiB a hash fills.
    pub fn blocks(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }
}

/// An emulated DynamoDB that listens on the loopback until the bench ends.
pub struct Database {
    pub url: String,
    pub costs: Costs,
}

impl Database {
    /// Starts a database with one user, whose hash has `costs`. With other costs than the function's
    /// the hash would be replaced.
    pub fn start(costs: Costs) -> Outcome<Self> {
        let emulator = Emulator::in_memory()?;
        let endpoint = Endpoint::with_keys(REGION.to_owned(), None, "id", "secret", None);
        let tables = Tables {
            users: USERS.to_owned(),
            sessions: SESSIONS.to_owned(),
        };
        let store = Store::new(with_http_client(endpoint, emulator.http_client()), tables);
        let user = NewUser {
            login_name: LoginName::parse(LOGIN_NAME.to_owned())?,
            user_id: UserId::parse(USER_ID.to_owned())?,
            display_name: None,
            state: UserState::Active,
            password_hash: Some(hash(costs)?),
            change_required: false,
            profile: Profile::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            store.create_tables().await?;
            store
                .insert_account(&Account::new(user, Timestamp::from_millis(0)), false)
                .await
        })?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        drop(emulator.serve(listener, Vec::new(), std::future::pending())?);
        Ok(Self { url, costs })
    }
}

fn hash(costs: Costs) -> Outcome<HashString> {
    let Costs { memory_kib, passes } = costs;
    let salt = [7; 16];
    let mut hash = [0; 32];
    let params = argon2::Params::new(memory_kib, passes, 1, Some(hash.len()))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        PASSWORD.as_bytes(),
        &salt,
        &mut hash,
    )?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(HashString::new(format!(
        "$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}"
    )))
}
