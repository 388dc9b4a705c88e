//! The emulated DynamoDB, in a process of its own, so that its processor time is counted apart.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use sesame::aws::{Endpoint, with_http_client};
use sesame::domain::{
    Account, DisplayName, HashString, LoginName, NewUser, Password, Permission, Profile,
    ServiceAccount, ServiceAccountName, Timestamp, UserId, UserState,
};
use sesame::emulator::Emulator;
use sesame::password::{Kernel, Params, PasswordPool};
use sesame::store::{Store, Tables};
use sesame::token::ServiceAccountToken;
use tokio::runtime::Runtime;

use super::calls::{PASSWORD, login_name, user_id};
use super::outcome::Outcome;
use super::process::Process;
use super::relay;

/// Many more than there are checks at once, so that no user is ever logged in twice at a time.
pub const USERS: usize = 1000;

pub struct Database {
    pub process: Process,
    pub url: String,
    /// The URL through which each answer takes longer, if that was asked for.
    pub late_url: String,
    /// The token of a service account with all permissions.
    pub token: String,
}

impl Database {
    /// Starts this program again, as the database. With `wait`, it also answers that much later.
    pub fn start(wait: Option<Duration>) -> Outcome<Self> {
        let wait = wait.map(|wait| wait.as_millis().to_string());
        let late = wait.map(|wait| ["--answer-after".to_owned(), wait]);
        let child = Command::new(std::env::current_exe()?)
            .arg("--database")
            .args(late.iter().flatten())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut process = Process(child);
        let stdout = process.stdout.take().ok_or("the database has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)
            .map_err(|_| "the database has ended before it was ready")?;
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            process,
            url: text("url"),
            late_url: text("late_url"),
            token: text("token"),
        })
    }
}

/// Serves an emulated DynamoDB with [`USERS`] users until stdin is closed, which it is when the
/// bench ends.
pub fn serve(wait: Option<Duration>) -> Outcome<()> {
    let emulator = Emulator::in_memory()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let token = runtime.block_on(fill(&emulator))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    drop(emulator.serve(listener, Vec::new(), std::future::pending())?);
    let late_url = match wait {
        Some(wait) => Some(serve_late(runtime, address, wait)?),
        None => None,
    };
    println!(
        "{}",
        json!({ "url": format!("http://{address}"), "late_url": late_url, "token": token.as_str() })
    );
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Serves the database at another URL as well, where each answer takes `wait` longer.
fn serve_late(runtime: Runtime, database: SocketAddr, wait: Duration) -> Outcome<String> {
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let late_url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || runtime.block_on(relay::run(listener, database, wait)));
    Ok(late_url)
}

async fn fill(emulator: &Emulator) -> Outcome<ServiceAccountToken> {
    let endpoint = Endpoint::with_keys("local".to_owned(), None, "local", "local", None);
    let tables = Tables {
        users: "users".to_owned(),
        sessions: "sessions".to_owned(),
    };
    let store = Store::new(with_http_client(endpoint, emulator.http_client()), tables);
    store.create_tables().await?;
    // All users have one hash: a check costs the same whichever salt it has.
    let pool = PasswordPool::new(Params::default(), Kernel::detect(), NonZeroUsize::MIN, 0);
    let hash = pool.hash(Password::new(PASSWORD.to_owned())).await?;
    for number in 0..USERS {
        let user = NewUser {
            login_name: LoginName::parse(login_name(number))?,
            user_id: UserId::parse(user_id(number))?,
            display_name: DisplayName::parse("Mini Mouse".to_owned())?,
            state: UserState::Active,
            password_hash: Some(HashString::new(hash.as_str().to_owned())),
            change_required: false,
            profile: Profile::default(),
        };
        store
            .insert_account(&Account::new(user, Timestamp::from_millis(0)), false)
            .await?;
    }
    let token = ServiceAccountToken::generate()?;
    let account = ServiceAccount {
        name: ServiceAccountName::parse("load".to_owned())?,
        permissions: Permission::ALL.into_iter().collect(),
        created_at: Timestamp::from_millis(0),
        // The year 2096.
        expires_at: Timestamp::from_millis(4_000_000_000_000),
    };
    store.insert_service_account(token.hash(), &account).await?;
    Ok(token)
}
