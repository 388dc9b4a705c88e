//! How many logins a second the service reaches with a database that answers late, beside one that
//! answers at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::load::{login_until, mean};
use super::outcome::Outcome;
use super::report::round;
use super::service::Service;
use super::statistics::millis;

/// How often each database has its turn.
const ROUNDS: usize = 4;
/// Logins in progress beside those that hash: as many as wait by default, so that none is refused.
const WAITING: usize = 16;
/// The least part of what is possible that is to be reached.
const GOAL: f64 = 0.95;

pub struct Throughput {
    checks_at_once: usize,
    /// The mean time of a hash while as many logins are in progress as hashes run at once, so that
    /// none has to share its processor with another login.
    hash: Duration,
    wait: Duration,
    at_once: Measured,
    late: Measured,
}

/// Logins a second, and the mean time of their hashes.
struct Measured {
    per_second: f64,
    hash: Duration,
}

pub struct Measurement<'a> {
    pub checks_at_once: usize,
    pub seconds: u32,
    /// How long the late database waits before each answer.
    pub wait: Duration,
    pub at_once: &'a Service,
    pub late: &'a Service,
}

impl Measurement<'_> {
    pub async fn run(self) -> Outcome<Throughput> {
        let checks = self.checks_at_once;
        let second = Duration::from_secs(1);
        // Both have their connections then.
        saturate(self.late, checks, second).await?;
        saturate(self.at_once, checks, second).await?;
        let few = Duration::from_secs(self.seconds.into());
        let (_, hash) = login(self.late, checks, few).await?;

        let (mut at_once, mut late) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            at_once.push(saturate(self.at_once, checks, few).await?);
            late.push(saturate(self.late, checks, few).await?);
        }
        Ok(Throughput {
            checks_at_once: checks,
            hash,
            wait: self.wait,
            at_once: Measured::mean(&at_once)?,
            late: Measured::mean(&late)?,
        })
    }
}

async fn saturate(service: &Service, checks: usize, time: Duration) -> Outcome<Measured> {
    let (per_second, hash) = login(service, checks + WAITING, time).await?;
    Ok(Measured { per_second, hash })
}

/// Keeps as many logins in progress for a time: the logins a second, and the mean time of a hash.
async fn login(service: &Service, at_once: usize, time: Duration) -> Outcome<(f64, Duration)> {
    let client = Arc::new(Client::new(service.address));
    let from = service.log_length()?;
    let (logins, took) = login_until(&client, at_once, time).await?;
    let per_second = f64::from(u32::try_from(logins)?) / took.as_secs_f64();
    Ok((per_second, mean(&service.hash_times(from)?)?))
}

impl Measured {
    fn mean(rounds: &[Self]) -> Outcome<Self> {
        let count = f64::from(u32::try_from(rounds.len())?);
        let per_second = rounds.iter().map(|round| round.per_second).sum::<f64>() / count;
        let hashes: Vec<_> = rounds.iter().map(|round| round.hash).collect();
        let hash = mean(&hashes)?;
        Ok(Self { per_second, hash })
    }
}

impl Throughput {
    /// What hashes of this time would allow.
    fn allowed(&self, hash: Duration) -> f64 {
        let checks = u32::try_from(self.checks_at_once).unwrap_or(u32::MAX);
        f64::from(checks) / hash.as_secs_f64()
    }

    /// The part of the time in which turns were used.
    fn turns_in_use(&self, measured: &Measured) -> f64 {
        measured.per_second / self.allowed(measured.hash)
    }

    fn of_at_once(&self) -> f64 {
        self.late.per_second / self.at_once.per_second
    }

    pub fn print(&self) {
        println!(
            "{} checks at once, {:.2} ms a hash with as many logins in progress: the hashes allow \
             {:.1} logins a second.\n",
            self.checks_at_once,
            millis(self.hash),
            self.allowed(self.hash)
        );
        println!(
            "{:26} {:>9} {:>8} {:>12} {:>12}",
            "the database answers", "success/s", "hash, ms", "of allowed", "turns in use"
        );
        let late = format!("after {:.0} ms", millis(self.wait));
        for (name, measured) in [("at once", &self.at_once), (&*late, &self.late)] {
            println!(
                "{name:26} {:9.1} {:8.2} {:12.3} {:12.3}",
                measured.per_second,
                millis(measured.hash),
                measured.per_second / self.allowed(self.hash),
                self.turns_in_use(measured),
            );
        }
        println!("\nlate, of at once: {:.3}", self.of_at_once());
    }

    /// What is below its goal, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.of_at_once() < GOAL {
            faults.push(format!("less than {GOAL} of what a database at once gives"));
        }
        if self.checks_at_once == 1 && self.turns_in_use(&self.late) < GOAL {
            faults.push(format!("turns are in use for less than {GOAL} of the time"));
        }
        faults
    }

    pub fn to_json(&self) -> Value {
        let measured = |measured: &Measured| {
            json!({
                "succeeded_per_second": round(measured.per_second),
                "hash_ms": round(millis(measured.hash)),
                "turns_in_use": round(self.turns_in_use(measured)),
            })
        };
        json!({
            "checks_at_once": self.checks_at_once,
            "hash_ms": round(millis(self.hash)),
            "allowed_per_second": round(self.allowed(self.hash)),
            "wait_ms": round(millis(self.wait)),
            "at_once": measured(&self.at_once),
            "late": measured(&self.late),
        })
    }
}
