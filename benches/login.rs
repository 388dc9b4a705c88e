//! Measures the cost of a login beside its hash: `cargo bench --features dev --bench login`.
//!
//! With `--check` it fails if a limit is exceeded. How to read it: `benches/README.md`.

#[path = "support/callgrind.rs"]
mod callgrind;
#[path = "support/recorded.rs"]
mod recorded;
#[path = "support/turns.rs"]
mod turns;

use std::error::Error;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use argon2::{Algorithm, Block, PasswordVerifier, Version};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;
use sesame::api::{Request, RequestContext};
use sesame::app::{App, Settings, handle};
use sesame::aws::{
    Endpoint, KeySource, MessageUrls, Messenger, Roots, http_client, with_http_client,
};
use sesame::domain::{
    Account, HashString, LoginName, NewUser, Password, Profile, Timestamp, UserId, UserState,
};
use sesame::emulator::Emulator;
use sesame::log::Log;
use sesame::password::{Kernel, Params, PasswordPool};
use sesame::store::{Store, Tables};
use sesame_argon2::Argon2;
use tokio::runtime::Runtime;

use self::recorded::RecordedDatabase;
use self::turns::Subject;

const PASSWORD: &str = "V3ryS3cure!";
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The limits: a login but for its hash, of the crate's hash; the same in instructions; and a login,
/// of the crate's `verify_password`. The first is a time of its own and no ratio of two that a busy
/// machine slows alike, so `--check` allows twice as much.
const MAX_BESIDES: f64 = 0.05;
const MAX_BESIDES_IN_CHECK: f64 = 0.10;
const MAX_INSTRUCTIONS: u64 = 1_500_000;
const MAX_LOGIN: f64 = 0.70;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The runtime has one thread, as in Lambda; hashes are computed on another.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let hash = hash(&runtime);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [subject @ ("logins" | "hashes"), rounds] = arguments[..] {
        let (recorded, _) = runtime.block_on(app(&hash, RecordedDatabase::http_client));
        let mut bare_hash = bare_hash(Kernel::detect());
        for _ in 0..rounds.parse()? {
            match subject {
                "logins" => create(&runtime, &recorded, LOGIN),
                _ => bare_hash(),
            }
        }
        return Ok(ExitCode::SUCCESS);
    }

    let is_check = arguments.contains(&"--check");
    let rounds = if is_check { 60 } else { 200 };
    let (recorded, lines) = runtime.block_on(app(&hash, RecordedDatabase::http_client));
    let (emulated, _) = runtime.block_on(app(&hash, |database| database));
    let mut besides = Vec::new();
    println!("medians of {rounds} rounds, in turns");
    let [_, theirs, login, verify, ..] = turns::medians(
        [
            Subject::new("our hash over kept blocks", bare_hash(Kernel::detect())),
            Subject::new("argon2 over kept blocks", bare_hash(Kernel::Portable)),
            Subject::new("a login, the database answers at once", || {
                let started = Instant::now();
                create(&runtime, &recorded, LOGIN);
                let took = started.elapsed().as_secs_f64() * 1e3;
                besides.push(took - hash_ms(&lines));
            }),
            Subject::new("argon2's own verify_password", || verify_password(&hash)),
            Subject::new("a create without checks, the same", || {
                create(&runtime, &recorded, "{}");
            }),
            Subject::new("a login over the emulated database", || {
                create(&runtime, &emulated, LOGIN);
            }),
            Subject::new("a create without checks, the same", || {
                create(&runtime, &emulated, "{}");
            }),
        ],
        rounds,
    );
    besides.sort_unstable_by(f64::total_cmp);
    let besides = besides[rounds / 2];
    println!("{:44} {besides:8.3} ms", "a login but for its own hash");
    let besides = besides / theirs;
    let whole = login / verify;
    let instructions = instructions_besides_the_hash()?;
    println!(
        "a login but for its hash / argon2 over kept blocks {besides:.3}  (at most {MAX_BESIDES})"
    );
    println!(
        "a login / argon2's own verify_password             {whole:.3}  (at most {MAX_LOGIN})"
    );
    println!(
        "instructions of a login besides the hash           {instructions}  (at most {MAX_INSTRUCTIONS})"
    );

    let is_within_limits = besides <= MAX_BESIDES_IN_CHECK
        && instructions <= MAX_INSTRUCTIONS
        && (whole <= MAX_LOGIN || Kernel::detect().name() == Kernel::Portable.name());
    Ok(ExitCode::from(u8::from(is_check && !is_within_limits)))
}

/// A warm login's instructions, without those of the hash, which is computed on another thread.
fn instructions_besides_the_hash() -> Result<u64, Box<dyn Error>> {
    let of_four = |subject| {
        let count = |rounds| callgrind::count(&[subject, rounds]);
        Ok::<u64, Box<dyn Error>>(count("6")? - count("2")?)
    };
    Ok((of_four("logins")?.saturating_sub(of_four("hashes")?)) / 4)
}

const LOGIN: &str =
    r#"{"checks":{"user":{"loginName":"mini@mouse.com"},"password":{"password":"V3ryS3cure!"}}}"#;

/// Computes a hash and nothing else.
fn bare_hash(kernel: Kernel) -> impl FnMut() {
    let argon2 = Argon2 {
        kernel,
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        params: argon2::Params::DEFAULT,
        secret: &[],
    };
    let mut memory = vec![Block::new(); argon2.params.block_count()];
    move || {
        let mut output = [0; 32];
        argon2
            .hash_password_into_with_memory(
                PASSWORD.as_bytes(),
                b"somesaltsomesalt",
                &mut output,
                &mut memory,
            )
            .expect("a hash");
        black_box(output);
    }
}

/// The time of the hash in the last call, which the log has. A hash in other memory may take a tenth
/// more or less, so it can't be taken off instead.
fn hash_ms(lines: &Mutex<Vec<String>>) -> f64 {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    let last = lines.pop().expect("each call is logged");
    let line: Value = serde_json::from_str(&last).expect("a line of JSON");
    line["hash_ms"].as_f64().expect("the time of the hash")
}

/// Verifies a password with the function of the argon2 crate, which allocates and frees its memory
/// each time.
fn verify_password(hash: &str) {
    let hash = argon2::PasswordHash::new(hash).expect("a hash");
    argon2::Argon2::default()
        .verify_password(PASSWORD.as_bytes(), &hash)
        .expect("a match");
}

fn create(runtime: &Runtime, app: &Arc<App>, body: &'static str) {
    let request = Request {
        method: Method::POST,
        path: "/v2alpha/sessions".to_owned(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        context: RequestContext::default(),
    };
    let response = runtime.block_on(handle(app, request, NOW));
    assert_eq!(response.status(), http::StatusCode::OK);
}

fn hash(runtime: &Runtime) -> String {
    let pool = PasswordPool::new(Params::default(), Kernel::detect(), NonZeroUsize::MIN, 0);
    let hash = runtime.block_on(pool.hash(Password::new(PASSWORD.to_owned())));
    hash.expect("a hash").as_str().to_owned()
}

/// The service with one user, over an emulated database in this process or over what `over` makes
/// of it.
async fn app(
    hash: &str,
    over: impl Fn(SharedHttpClient) -> SharedHttpClient,
) -> (Arc<App>, Arc<Mutex<Vec<String>>>) {
    let emulator = Emulator::in_memory().expect("an emulator");
    let endpoint = Endpoint::with_keys("local".to_owned(), None, "local", "local", None);
    let tables = Tables {
        users: "users".to_owned(),
        sessions: "sessions".to_owned(),
    };
    let store_over = |http| Store::new(with_http_client(endpoint.clone(), http), tables.clone());
    let store = store_over(emulator.http_client());
    store.create_tables().await.expect("tables");
    let mini = NewUser {
        login_name: LoginName::parse("mini@mouse.com".to_owned()).expect("a name"),
        user_id: UserId::parse("1".to_owned()).expect("an id"),
        display_name: None,
        state: UserState::Active,
        password_hash: Some(HashString::new(hash.to_owned())),
        change_required: false,
        profile: Profile::default(),
    };
    store
        .insert_account(&Account::new(mini, Timestamp::from_millis(0)), false)
        .await
        .expect("a user");
    let settings = Settings::read(|name| match name {
        "USERS_TABLE" | "SESSIONS_TABLE" | "RESOURCE_OWNER" => Some(name.to_lowercase()),
        "ACCESS" => Some("public".to_owned()),
        _ => None,
    });
    let settings = settings.expect("settings");
    // The settings have no sender, so it is never used.
    let endpoint = Endpoint::with_keys("local".to_owned(), None, "local", "local", None);
    let http = http_client(Roots::Amazon);
    let policy = &settings.policy.messages;
    let messenger = Messenger::new(policy, &endpoint, MessageUrls::default(), http);
    let (log, lines) = Log::memory(None);
    let app = Arc::new(App::new(
        store_over(over(emulator.http_client())),
        &settings,
        KeySource::None,
        messenger,
        NonZeroUsize::MIN,
        log,
    ));
    (app, lines)
}
