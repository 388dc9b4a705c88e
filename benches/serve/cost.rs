//! Measures what each call costs the service: its processor time and its bytes of log.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::calls::{self, Call, PASSWORD, Session};
use super::client::Client;
use super::database::{Database, USERS};
use super::outcome::Outcome;
use super::service::Service;
use super::statistics::{Percentiles, millis};

/// The means of one kind of call, made one after another; the latency is the median.
pub struct Cost {
    pub call: &'static str,
    pub processor_ms: f64,
    /// The part of it that the password hash took; 0 if the call computes none.
    pub hash_ms: f64,
    pub latency_ms: f64,
    pub log_bytes: f64,
}

/// Makes `count` calls of each kind. Of those with a password a tenth is enough.
pub async fn measure(
    count: usize,
    client: &Arc<Client>,
    service: &Service,
    database: &Database,
) -> Outcome<Vec<Cost>> {
    let meter = Meter { client, service };
    let tenth = (count / 10).clamp(1, USERS);
    let password = json!({ "checks": { "password": { "password": PASSWORD } } });
    let note = |n: usize| json!({ "metadata": { "note": STANDARD.encode(n.to_string()) } });
    // The sessions of users, and those without.
    let (mut users, mut logins, mut others) = (Vec::new(), Vec::new(), Vec::new());

    let mut costs = Vec::new();
    for n in 0..tenth {
        meter.add(&calls::login(n), &mut users).await?;
    }
    let create = |_: &[Session], n: usize| calls::login(n % tenth);
    let create = meter.run("create with password", tenth, &mut logins, create);
    costs.push(create.await?);
    let create = |_: &[Session], _| calls::create_without_checks();
    let create = meter.run("create without password", count, &mut others, create);
    costs.push(create.await?);
    let get = |all: &[Session], n: usize| all[n % all.len()].get();
    costs.push(meter.run("get", count, &mut users, get).await?);
    let set = |all: &[Session], n: usize| all[n % all.len()].set(&note(n));
    let set = meter.run("set without password", count, &mut users, set);
    costs.push(set.await?);
    let set = |all: &[Session], n: usize| all[n % all.len()].set(&password);
    let set = meter.run("set with password", tenth, &mut users, set);
    costs.push(set.await?);
    let list = |_: &[Session], n: usize| calls::list(n % tenth, &database.token);
    costs.push(meter.run("list", count, &mut users, list).await?);
    // Whether a session has a user makes a difference to the index alone.
    let delete = |all: &[Session], n: usize| all[n].delete();
    costs.push(meter.run("delete", count, &mut others, delete).await?);
    Ok(costs)
}

struct Meter<'a> {
    client: &'a Client,
    service: &'a Service,
}

impl Meter<'_> {
    /// Makes calls one after another, all of which must succeed. `call` makes the one with a number,
    /// of the sessions so far.
    async fn run(
        &self,
        name: &'static str,
        count: usize,
        sessions: &mut Vec<Session>,
        call: impl Fn(&[Session], usize) -> Call,
    ) -> Outcome<Cost> {
        let mut took = Vec::new();
        let from = self.service.log_length()?;
        let before = self.service.process.processor_time()?;
        for n in 0..count {
            let call = call(sessions, n);
            let started = Instant::now();
            let token = self.add(&call, sessions).await?;
            took.push(started.elapsed());
            if let Some(token) = token {
                let at = n % sessions.len();
                sessions[at].token = token;
            }
        }
        let after = self.service.process.processor_time()?;
        let used = after.saturating_sub(before);
        let log = u32::try_from(self.service.log_length()? - from)?;
        let hashes = self.service.hash_times(from)?.iter().sum();
        let count = f64::from(u32::try_from(count)?);
        Ok(Cost {
            call: name,
            processor_ms: millis(used) / count,
            hash_ms: millis(hashes) / count,
            latency_ms: Percentiles::new(took).p50,
            log_bytes: f64::from(log) / count,
        })
    }

    /// Makes a call, and adds the session that it has created. Returns the new token of a session
    /// that it has set.
    async fn add(&self, call: &Call, sessions: &mut Vec<Session>) -> Outcome<Option<String>> {
        let reply = self.client.send(call).await?;
        if !reply.status.is_success() {
            let (path, body) = (&call.path, String::from_utf8_lossy(&reply.body));
            return Err(format!("{} {path}: {} {body}", call.method, reply.status).into());
        }
        let answer: Value = serde_json::from_slice(&reply.body)?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (text("sessionId"), text("sessionToken")) {
            (Some(id), Some(token)) => sessions.push(Session { id, token }),
            (None, token) => return Ok(token),
            (Some(_), None) => {}
        }
        Ok(None)
    }
}
