//! Makes each call at one size.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sesame::api::Request;
use sesame::app::{App, handle};
use sesame::domain::{Permission, ServiceAccount, ServiceAccountName};
use sesame::token::ServiceAccountToken;

use super::calls;
use super::meter::{Consumed, Meter};
use super::outcome::Outcome;
use super::service::{self, NOW, PASSWORD};

/// The time and the consumption of one kind of call with one number of users.
pub struct Measured {
    pub call: &'static str,
    /// The requests and units of each call. They must be the same for all of them.
    pub consumed: Consumed,
    /// Whether a call consumed something else.
    pub differs: bool,
    total: Vec<Duration>,
    database: Vec<Duration>,
}

impl Measured {
    pub fn total(&self) -> Duration {
        median(&self.total)
    }

    /// The part of it that requests to the emulator took, one after another.
    pub fn database(&self) -> Duration {
        median(&self.database)
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The calls, in the order in which a round makes them.
const CALLS: [&str; 10] = [
    "create with password",
    "get",
    "set without password",
    "set with password",
    "list",
    "delete",
    "create without password",
    "create by user id",
    "wrong password",
    "delete without user",
];

pub async fn run(file: &Path, users: usize, rounds: usize) -> Outcome<Vec<Measured>> {
    let emulator = service::emulator(file)?;
    let meter = Meter::around(emulator.http_client());
    let store = service::store(meter.http_client());
    let token = ServiceAccountToken::generate()?;
    let account = ServiceAccount {
        name: ServiceAccountName::parse("growth".to_owned())?,
        permissions: Permission::ALL.into_iter().collect(),
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(24)),
    };
    store.insert_service_account(token.hash(), &account).await?;
    let bench = Bench {
        app: service::app(store)?,
        meter,
        token,
    };
    // The first rounds warm the caches, and read the service account.
    for round in 0..5 {
        bench.round(round % users).await?;
    }
    let mut measured: Vec<Measured> = Vec::new();
    for round in 0..rounds {
        // Users from everywhere in the table: the step has no common divisor with their number.
        let user = (round * 6_180_339 + 7) % users;
        for (at, (consumed, total, database)) in bench.round(user).await?.into_iter().enumerate() {
            if measured.len() == at {
                measured.push(Measured {
                    call: CALLS[at],
                    consumed: consumed.clone(),
                    differs: false,
                    total: Vec::new(),
                    database: Vec::new(),
                });
            }
            let one = &mut measured[at];
            one.differs |= !consumed.is_like(&one.consumed);
            one.consumed.steps = one.consumed.steps.min(consumed.steps);
            one.total.push(total);
            one.database.push(database);
        }
    }
    Ok(measured)
}

struct Bench {
    app: Arc<App>,
    meter: Meter,
    token: ServiceAccountToken,
}

type Sample = (Consumed, Duration, Duration);

impl Bench {
    /// Makes each call once, in the order of [`CALLS`]. Afterwards, the user has the same sessions
    /// as before.
    async fn round(&self, user: usize) -> Outcome<Vec<Sample>> {
        let mut samples = Vec::new();
        let mut call = async |request: Request, want: u16| -> Outcome<Value> {
            let (sample, answer) = self.call(request, want).await?;
            samples.push(sample);
            Ok(answer)
        };
        let text = |answer: &Value, name: &str| answer[name].as_str().unwrap_or("").to_owned();

        let made = call(calls::login(user), 200).await?;
        let (id, token) = (text(&made, "sessionId"), text(&made, "sessionToken"));
        call(calls::get(&id, &token), 200).await?;
        let note = json!({ "metadata": { "note": "YQ==" } });
        let set = call(calls::set(&id, &token, &note), 200).await?;
        let token = text(&set, "sessionToken");
        let password = json!({ "checks": { "password": { "password": PASSWORD } } });
        let set = call(calls::set(&id, &token, &password), 200).await?;
        let token = text(&set, "sessionToken");
        let list = call(calls::list(user, self.token.as_str())?, 200).await?;
        if list["sessions"].as_array().map(Vec::len) != Some(2) {
            return Err(format!("a list has not two sessions: {list}").into());
        }
        call(calls::delete(&id, &token), 200).await?;
        let bare = call(calls::create_without_checks(), 200).await?;
        let by_id = call(calls::login_by_id(user), 200).await?;
        call(calls::wrong_password(user), 400).await?;
        let (id, token) = (text(&bare, "sessionId"), text(&bare, "sessionToken"));
        call(calls::delete(&id, &token), 200).await?;
        let (id, token) = (text(&by_id, "sessionId"), text(&by_id, "sessionToken"));
        self.call(calls::delete(&id, &token), 200).await?;
        Ok(samples)
    }

    async fn call(&self, request: Request, want: u16) -> Outcome<(Sample, Value)> {
        let what = format!("{} {}", request.method, request.path);
        self.meter.take();
        let started = Instant::now();
        let response = handle(&self.app, request, NOW).await;
        let total = started.elapsed();
        let (consumed, database) = self.meter.take();
        let status = response.status().as_u16();
        let body = response.into_body().data;
        if status != want {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{what}: {status} {body}").into());
        }
        let answer = serde_json::from_slice(&body).unwrap_or_default();
        Ok(((consumed, total, database), answer))
    }
}
