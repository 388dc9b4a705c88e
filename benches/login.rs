//! Measures the cost of a login beside its hash: `cargo bench --features dev --bench login`.
//!
//! How to read it: `benches/README.md`.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::{Argon2, Block, PasswordVerifier};
use bytes::Bytes;
use http::{HeaderMap, Method};
use sesame::api::{App, Request, RequestContext, handle};
use sesame::config::Settings;
use sesame::domain::{
    Attempts, DisplayName, HashString, LoginName, Password, Timestamp, User, UserId, UserState,
};
use sesame::emulator::Emulator;
use sesame::log::Log;
use sesame::password::{Kernel, Params, PasswordPool};
use sesame::store::{Endpoint, KeySource, Store, Tables, with_http_client};
use sesame::token::generate_session_generation;
use tokio::runtime::Runtime;

const PASSWORD: &str = "V3ryS3cure!";
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ROUNDS: usize = 200;

/// A function that is measured. All subjects run in turns, so that other work of the machine affects
/// them alike.
struct Subject<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    took: Vec<Duration>,
}

impl<'a> Subject<'a> {
    fn new(name: &'static str, run: impl FnMut() + 'a) -> Self {
        Self {
            name,
            run: Box::new(run),
            took: Vec::with_capacity(ROUNDS),
        }
    }

    fn round(&mut self) {
        let started = Instant::now();
        (self.run)();
        self.took.push(started.elapsed());
    }

    fn median(&mut self) -> Duration {
        self.took.sort_unstable();
        self.took[self.took.len() / 2]
    }
}

fn main() {
    // The runtime has one thread, as in Lambda; hashes are computed on another.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let hash = hash(&runtime);
    let app = runtime.block_on(app(&hash));

    let mut bare_hash = bare_hash();
    let mut subjects = [
        Subject::new("argon2 over kept blocks", &mut bare_hash),
        Subject::new("the whole login", || create(&runtime, &app, LOGIN)),
        Subject::new("argon2's own verify_password", || verify_password(&hash)),
        Subject::new("create without checks", || create(&runtime, &app, "{}")),
    ];
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            subject.round();
        }
    }

    let medians = subjects.each_mut().map(Subject::median);
    println!("medians of {ROUNDS} rounds, in turns");
    for (subject, median) in subjects.iter().zip(medians) {
        println!("{:30} {:8.3} ms", subject.name, median.as_secs_f64() * 1e3);
    }
    let ratio =
        |one: usize, other: usize| medians[one].as_secs_f64() / medians[other].as_secs_f64();
    println!(
        "the whole login / argon2 over kept blocks      {:.3}  (goal: 1.10 or less)",
        ratio(1, 0)
    );
    println!(
        "the whole login / argon2's own verify_password {:.3}  (goal: 0.70 or less)",
        ratio(1, 2)
    );
}

const LOGIN: &str =
    r#"{"checks":{"user":{"loginName":"mini@mouse.com"},"password":{"password":"V3ryS3cure!"}}}"#;

/// Computes a hash and nothing else.
fn bare_hash() -> impl FnMut() {
    let argon2 = Argon2::default();
    let mut blocks = vec![Block::new(); argon2.params().block_count()];
    move || {
        let mut output = [0; 32];
        argon2
            .hash_password_into_with_memory(
                PASSWORD.as_bytes(),
                b"somesaltsomesalt",
                &mut output,
                &mut blocks,
            )
            .expect("a hash");
        black_box(output);
    }
}

/// Verifies a password with the function of the argon2 crate, which allocates and frees its memory
/// each time.
fn verify_password(hash: &str) {
    let hash = argon2::PasswordHash::new(hash).expect("a hash");
    Argon2::default()
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

/// The service over an emulated database in this process, with one user.
async fn app(hash: &str) -> Arc<App> {
    let emulator = Emulator::in_memory().expect("an emulator");
    let endpoint = Endpoint::with_keys("local".to_owned(), None, "local", "local", None);
    let tables = Tables {
        users: "users".to_owned(),
        sessions: "sessions".to_owned(),
    };
    let store = Store::new(with_http_client(endpoint, emulator.http_client()), tables);
    store.create_tables().await.expect("tables");
    let mini = User {
        login_name: LoginName::parse("mini@mouse.com".to_owned()).expect("a name"),
        user_id: UserId::parse("1".to_owned()).expect("an id"),
        display_name: DisplayName::default(),
        state: UserState::Active,
        password_hash: Some(HashString::new(hash.to_owned())),
        attempts: Attempts::default(),
        generation: generate_session_generation(),
        under_former_key: false,
    };
    store.insert_user(&mini).await.expect("a user");
    let settings = Settings::read(|name| match name {
        "USERS_TABLE" | "SESSIONS_TABLE" | "RESOURCE_OWNER" => Some(name.to_lowercase()),
        "ACCESS" => Some("public".to_owned()),
        _ => None,
    });
    let (log, _) = Log::memory(None);
    Arc::new(App::new(
        store,
        &settings.expect("settings"),
        KeySource::None,
        NonZeroUsize::MIN,
        log,
    ))
}
