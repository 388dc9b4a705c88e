//! Concurrent clients use one session over a database that fails, and their answers are
//! linearizable: they could come from one call at a time. So no change is lost or carried out
//! twice, and no client sees a session that was deleted, has ended or has expired.
//!
//! The calls follow from a seed, which a failure prints. How they overlap depends on time: on
//! threads, that of the machine, and on paused time, the delays that the faults make.

mod checker;
mod meeting;
mod random_client;
mod session;
mod steps;

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sesame::domain::{HashString, Password, Permission, RecoveryCode};
use tokio::task::JoinSet;

use self::checker::linearize;
use self::meeting::{CODES, LATEST, Meeting, PASSWORDS};
use self::random_client::RandomClient;
use self::session::World;
use crate::support::app::App;
use crate::support::dice::Dice;
use crate::support::second::recovery_hash;

const CLIENTS: u64 = 4;
const CALLS: u64 = 7;

/// A database that is used by many histories, one after another.
async fn place() -> (Arc<App>, String) {
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let settings = [
        ("SERVER_KEY", key),
        ("TOKEN_GRACE_SECONDS", "60"),
        // A former password is a wrong one, and no call is to be refused for many of them.
        ("MAX_PASSWORD_ATTEMPTS", "100"),
        ("MAX_FACTOR_ATTEMPTS", "20"),
    ];
    let app = App::emulated(&settings).await;
    let day = Duration::from_hours(24);
    let bearer = app.service_account(&Permission::ALL, day).await;
    (Arc::new(app), bearer.as_str().to_owned())
}

async fn meet(app: Arc<App>, bearer: String, seed: u64) {
    let pool = app.password_pool();
    let hash = async |password: &str| {
        let hash = pool.hash(Password::new(password.to_owned())).await.unwrap();
        HashString::new(hash.as_str().to_owned())
    };
    let hashes = [hash(PASSWORDS[0]).await, hash(PASSWORDS[1]).await];
    let name = format!("mini-{seed}");
    let user = app.user_with_hash(&name, Some(hashes[0].as_str())).await;
    let codes: Vec<_> = (0..CODES)
        .map(|_| RecoveryCode::generate().unwrap())
        .collect();
    app.change_user(&user.user_id, |account| {
        let hashes = codes
            .iter()
            .map(|code| recovery_hash(&user.user_id, code.as_str()));
        account.factors.recovery_codes = hashes.collect();
    })
    .await;
    let meeting = Arc::new(Meeting {
        app,
        codes,
        bearer,
        user,
        hashes,
        key: format!("key-{seed}"),
        seed,
        ticks: AtomicU64::new(1),
        time: AtomicI64::new(0),
        known: Mutex::default(),
        record: Mutex::default(),
    });
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let mut client = RandomClient::new(meeting.clone(), n);
        clients.spawn(async move {
            client.create().await;
            for _ in 0..CALLS {
                client.call().await;
            }
        });
    }
    clients.join_all().await;
    meeting.app.forget();
    tokio::time::sleep(LATEST).await;
    RandomClient::new(meeting.clone(), CLIENTS).look().await;

    let record = meeting.record.lock().unwrap();
    if let Err(longest) = linearize(&World::default(), &record) {
        let all: Vec<_> = record.iter().enumerate().collect();
        panic!("seed {seed}: {longest:?} is as far as it goes of {all:#?}");
    }
}

/// Multiplies the default number of runs by `SESAME_TEST_RUNS`.
#[allow(
    clippy::disallowed_methods,
    reason = "how long the tests run is not the service's to know"
)]
pub fn runs(default: u64) -> u64 {
    let times = std::env::var("SESAME_TEST_RUNS").ok();
    default * times.map_or(1, |times| times.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_on_threads_are_linearizable() {
    const PLACES: u64 = 4;

    let mut places = JoinSet::new();
    for n in 0..PLACES {
        places.spawn(async move {
            let (app, bearer) = place().await;
            for seed in (0..runs(20)).filter(|seed| seed % PLACES == n) {
                meet(app.clone(), bearer.clone(), seed).await;
            }
        });
    }
    places.join_all().await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_on_paused_time_are_linearizable() {
    let (app, bearer) = place().await;
    for seed in 0..runs(30) {
        meet(app.clone(), bearer.clone(), 1_000_000 + seed).await;
    }
}

#[test]
fn one_seed_gives_the_same_random_numbers() {
    let roll = |seed| {
        let mut dice = Dice::new(seed);
        [0; 8].map(|_| dice.below(100))
    };
    assert_eq!(roll(1), roll(1));
    assert_ne!(roll(1), roll(2));
}
