//! The phases: each rate, one after another, and what is measured before.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::calls::{self, Session};
use super::client::Client;
use super::cost;
use super::database::{Database, USERS};
use super::outcome::Outcome;
use super::phase::{self, End, Phase, Sample};
use super::report::{RECOVERY_SECONDS, Rate, Report, USUAL};
use super::schedule::{Dice, Kind, arrivals, probes};
use super::service::Service;
use super::statistics::millis;

/// The rates of logins, as multiples of what the hashes allow.
const MULTIPLES: [f64; 5] = [0.5, 0.9, 1.0, 2.0, 10.0];
/// The rate of gets, and of creates without checks, beside the logins. Together they take a few
/// hundredths of a processor.
const OTHER_CALLS_PER_SECOND: f64 = 20.0;
/// The time between two logins that show how the service is without load.
const PROBE_STEP: Duration = Duration::from_millis(100);
/// How many logins in a row have to be as usual.
const IN_A_ROW: usize = 3;

#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How long each rate is measured.
    seconds: u32,
    /// How long the time of a hash is measured.
    hash_seconds: u32,
    /// How many calls of each kind show what a call costs.
    calls: usize,
}

impl Load {
    pub const FULL: Self = Self {
        seconds: 20,
        hash_seconds: 5,
        calls: 1000,
    };
    pub const SHORT: Self = Self {
        seconds: 3,
        hash_seconds: 2,
        calls: 100,
    };

    pub fn seconds(self) -> u32 {
        self.seconds
    }

    pub fn lasting(self, seconds: u32) -> Self {
        Self { seconds, ..self }
    }

    pub async fn run(
        self,
        checks_at_once: usize,
        service: &Service,
        database: &Database,
    ) -> Outcome<Report> {
        let client = Arc::new(Client::new(service.address));
        let calls = cost::measure(self.calls, &client, service, database).await?;
        let sessions = create_sessions(&client).await?;
        let hash = self.hash_time(checks_at_once, &client, service).await?;
        let allowed = f64::from(u32::try_from(checks_at_once)?) / hash.as_secs_f64();

        let quiet = probes(
            PROBE_STEP,
            Duration::ZERO,
            Duration::from_secs(self.hash_seconds.into()),
        );
        let quiet = phase::run(&quiet, &client, &sessions, service, database).await?;
        let usual_ms = quiet.latency(Kind::Probe).p50;

        let mut report = Report {
            checks_at_once,
            hash_ms: millis(hash),
            allowed,
            seconds: self.seconds,
            usual_ms,
            calls,
            rates: Vec::new(),
            recovery: None,
            has_recovered: false,
        };
        let until = Duration::from_secs(self.seconds.into());
        let mut dice = Dice(1);
        for multiple in MULTIPLES {
            let logins = arrivals(Kind::Login, allowed * multiple, until, &mut dice);
            let offered = logins.len();
            let mut schedule = logins;
            for kind in [Kind::Get, Kind::Create] {
                schedule.extend(arrivals(kind, OTHER_CALLS_PER_SECOND, until, &mut dice));
            }
            let is_last = report.rates.len() + 1 == MULTIPLES.len();
            if is_last {
                let recovered_by = until + Duration::from_secs(RECOVERY_SECONDS.into());
                schedule.extend(probes(PROBE_STEP, until, recovered_by));
            }
            schedule.sort_by_key(|arrival| arrival.at);
            let phase = phase::run(&schedule, &client, &sessions, service, database).await?;
            if is_last {
                let usual = usual_ms * USUAL;
                report.recovery = recovery(&phase, until, usual);
                // The machine may have become slower since the usual latency was measured.
                let no_queue = phase.latency(Kind::Login).p50 / 2.0;
                report.has_recovered = recovery(&phase, until, usual.max(no_queue)).is_some();
            }
            report.rates.push(Rate {
                multiple,
                offered,
                phase,
            });
        }
        Ok(report)
    }

    /// The mean time of a hash while as many logins are in progress as there are checks at once.
    async fn hash_time(
        self,
        checks_at_once: usize,
        client: &Arc<Client>,
        service: &Service,
    ) -> Outcome<Duration> {
        let from = service.log_length()?;
        let time = Duration::from_secs(self.hash_seconds.into());
        login_until(client, checks_at_once, time).await?;
        mean(&service.hash_times(from)?)
    }
}

/// Keeps as many logins in progress until a time is over: how many there were, and how long it took
/// until the last one had its answer.
pub async fn login_until(
    client: &Arc<Client>,
    at_once: usize,
    time: Duration,
) -> Outcome<(usize, Duration)> {
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..at_once {
        let client = Arc::clone(client);
        workers.spawn(async move {
            let mut logins = 0;
            while started.elapsed() < time {
                let number = (worker + logins * at_once) % USERS;
                let reply = client.send(&calls::login(number)).await?;
                if !reply.status.is_success() {
                    return Err(format!("a login was answered {}", reply.status));
                }
                logins += 1;
            }
            Ok(logins)
        });
    }
    let mut logins = 0;
    for outcome in workers.join_all().await {
        logins += outcome?;
    }
    Ok((logins, started.elapsed()))
}

pub fn mean(hashes: &[Duration]) -> Outcome<Duration> {
    let count = u32::try_from(hashes.len())?;
    if count == 0 {
        return Err("the service's log has no hash_ms".into());
    }
    Ok(hashes.iter().sum::<Duration>() / count)
}

/// Creates the sessions that gets read, each of another user.
async fn create_sessions(client: &Client) -> Outcome<Vec<Session>> {
    let mut sessions = Vec::new();
    for number in 0..20 {
        let reply = client.send(&calls::login(number)).await?;
        sessions.push(Session::read(&reply)?);
    }
    Ok(sessions)
}

/// How long after the last call of the load it takes until logins have at most this latency.
fn recovery(phase: &Phase, end: Duration, at_most_ms: f64) -> Option<Duration> {
    let mut probes: Vec<_> = phase.of(Kind::Probe).collect();
    probes.sort_by_key(|probe| probe.at);
    let is_usual =
        |probe: &&Sample| probe.end == End::Succeeded && millis(probe.took) <= at_most_ms;
    probes
        .windows(IN_A_ROW)
        .find(|row| row.iter().all(is_usual))
        .map(|row| (row[0].at + row[0].took).saturating_sub(end))
}
