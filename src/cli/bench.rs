use std::fmt;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::Environment;
use super::failure::Failure;
use super::output::print;
use crate::config;
use crate::domain::Password;
use crate::password::PasswordPool;

/// The architecture of this machine, as Lambda names it.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    std::env::consts::ARCH
};

#[derive(Debug, Args)]
pub struct Bench {
    /// How many hashes are measured, one after another
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=10_000))]
    hashes: u16,
    /// The memory of the function in MB, as in the stack's parameter `MemorySize`
    #[arg(long, value_name = "MB", default_value_t = 1769)]
    #[arg(value_parser = clap::value_parser!(u16).range(128..=10_240))]
    memory_size: u16,
    /// How long a login waits for DynamoDB, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 15)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=25_000))]
    wait: u16,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub async fn run(self, environment: Environment) -> Result<(), Failure> {
        let (params, kernel) = config::hash_settings(environment.variable)?;
        let [memory_kib, passes, lanes] = params.costs();
        let started = Instant::now();
        let pool = PasswordPool::new(params, kernel, NonZeroUsize::MIN, 0);
        let touched = started.elapsed();
        let times = measure(&pool, self.hashes).await?;

        let median = times[times.len() / 2];
        let report = Report {
            architecture: ARCHITECTURE,
            code: kernel.name(),
            memory_kib,
            passes,
            lanes,
            first_touch_ms: milliseconds(touched),
            hashes: times.len(),
            fastest_ms: milliseconds(times[0]),
            median_ms: milliseconds(median),
            slowest_ms: milliseconds(times[times.len() - 1]),
            logins_per_second: median.as_secs_f64().recip(),
            login: Login::new(median, self.memory_size, self.wait),
        };
        print(&report, self.json)
    }
}

/// Measures checks of a password, and returns their times in order of length.
async fn measure(pool: &PasswordPool, hashes: u16) -> Result<Vec<Duration>, Failure> {
    let password = || Password::new("V3ryS3cure!".to_owned());
    let hash = pool.hash(password()).await.map_err(Failure::Hash)?;
    let mut times = Vec::new();
    for _ in 0..hashes {
        let checked = pool.verify(password(), hash.clone()).await;
        times.push(checked.map_err(Failure::Hash)?.took);
    }
    times.sort_unstable();
    Ok(times)
}

#[derive(Serialize)]
struct Report {
    architecture: &'static str,
    code: &'static str,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    first_touch_ms: f64,
    hashes: usize,
    fastest_ms: f64,
    median_ms: f64,
    slowest_ms: f64,
    /// What one processor can do that does nothing else.
    logins_per_second: f64,
    login: Login,
}

/// What a login costs on Lambda at list prices, if its processor is as fast as this one.
#[derive(Serialize)]
struct Login {
    memory_mb: u16,
    wait_ms: u16,
    /// Lambda bills whole milliseconds.
    billed_ms: f64,
    dollars_per_million: Dollars,
    /// The hash that makes a login on the other architecture as dear as on this one, if there is
    /// one.
    other: Other,
}

#[derive(Serialize)]
struct Dollars {
    lambda_time: f64,
    lambda_requests: f64,
    http_api: f64,
    dynamodb: f64,
    sum: f64,
}

#[derive(Serialize)]
struct Other {
    architecture: &'static str,
    same_price_hash_ms: f64,
}

impl Login {
    /// The write units of a login: the attempt, the session, its entry in the index, and the
    /// failures that are reset. `docs/cost.md` has the same.
    const WRITE_UNITS: f64 = 4.0;

    fn new(hash: Duration, memory_mb: u16, wait_ms: u16) -> Self {
        let price = prices();
        // Below one processor, Lambda gives the function a share of it, in proportion to memory.
        let share = (f64::from(memory_mb) / price("/lambda_mb_per_processor")).min(1.0);
        let wait = f64::from(wait_ms);
        let billed_ms = (milliseconds(hash) / share + wait).ceil();
        let gigabytes = f64::from(memory_mb) / 1024.0;
        let architectures = if ARCHITECTURE == "arm64" {
            ["arm64", "x86_64"]
        } else {
            ["x86_64", "arm64"]
        };
        let [here, there] =
            architectures.map(|name| price(&format!("/dollars/lambda_gb_second/{name}")));
        // A million calls of one millisecond are a thousand seconds.
        let lambda_time = billed_ms * 1000.0 * gigabytes * here;
        let lambda_requests = price("/dollars/lambda_million_requests");
        let http_api = price("/dollars/http_api_million_requests");
        let dynamodb = Self::WRITE_UNITS * price("/dollars/dynamodb_million_write_units");
        Self {
            memory_mb,
            wait_ms,
            billed_ms,
            dollars_per_million: Dollars {
                lambda_time,
                lambda_requests,
                http_api,
                dynamodb,
                sum: lambda_time + (lambda_requests + http_api) + dynamodb,
            },
            other: Other {
                architecture: architectures[1],
                same_price_hash_ms: ((billed_ms * here / there - wait) * share).max(0.0),
            },
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = &self.login;
        let dollars = &login.dollars_per_million;
        write!(
            f,
            "argon2id, m={} KiB, t={}, p={}; {} code on {architecture}\n\
             first touch of the memory: {:.1} ms\n\
             {} hashes: median {:.2} ms, fastest {:.2} ms, slowest {:.2} ms; {:.0} a second and \
             processor\n\n\
             A million logins on Lambda ({architecture}, {} MB, {} ms of waiting), if its processor \
             is as fast as this one:\n  \
             Lambda, time      ${:.2}  ({} ms each)\n  \
             Lambda, requests  ${:.2}\n  \
             HTTP API          ${:.2}\n  \
             DynamoDB          ${:.2}\n  \
             sum               ${:.2}\n\n\
             On {} it costs less if a hash takes less than {:.1} ms there.",
            self.memory_kib,
            self.passes,
            self.lanes,
            self.code,
            self.first_touch_ms,
            self.hashes,
            self.median_ms,
            self.fastest_ms,
            self.slowest_ms,
            self.logins_per_second,
            login.memory_mb,
            login.wait_ms,
            dollars.lambda_time,
            login.billed_ms,
            dollars.lambda_requests,
            dollars.http_api,
            dollars.dynamodb,
            dollars.sum,
            login.other.architecture,
            login.other.same_price_hash_ms,
            architecture = self.architecture,
        )
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The list prices and the memory for which Lambda gives a whole processor. The benchmarks read them
/// as well.
fn prices() -> impl Fn(&str) -> f64 {
    let prices: Value =
        serde_json::from_str(include_str!("../../benches/prices.json")).expect("the prices");
    move |place| prices.pointer(place).and_then(Value::as_f64).expect(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_costs_its_hash_its_wait_and_its_requests() {
        let price = prices();
        let hash = Duration::from_millis(20);

        for (memory_mb, wait_ms, billed_ms) in [
            (1769, 15, 35.0),
            (1769, 0, 20.0),
            // More than one processor is of no use, and half of one takes twice as long.
            (3538, 15, 35.0),
            (885, 15, 55.0),
        ] {
            let login = Login::new(hash, memory_mb, wait_ms);
            let Dollars {
                lambda_time,
                lambda_requests,
                http_api,
                dynamodb,
                sum,
            } = login.dollars_per_million;

            assert!((login.billed_ms - billed_ms).abs() < 0.1, "{memory_mb}");
            let gb_seconds = lambda_time / price("/dollars/lambda_gb_second/x86_64");
            let want = billed_ms * 1000.0 * f64::from(memory_mb) / 1024.0;
            if cfg!(target_arch = "x86_64") {
                assert!((gb_seconds - want).abs() < 0.1, "{gb_seconds} {want}");
            }
            assert!((dynamodb - 2.5).abs() < 1e-9);
            let parts = lambda_time + lambda_requests + http_api + dynamodb;
            assert!((sum - parts).abs() < 1e-9);
        }
    }

    #[test]
    fn the_other_architecture_costs_the_same_at_the_hash_that_is_named() {
        if !cfg!(target_arch = "x86_64") {
            return;
        }
        let price = prices();

        let login = Login::new(Duration::from_millis(10), 1769, 15);

        let there = price("/dollars/lambda_gb_second/arm64");
        let billed = login.other.same_price_hash_ms + 15.0;
        let cost = billed * 1000.0 * 1769.0 / 1024.0 * there;
        assert!((cost - login.dollars_per_million.lambda_time).abs() < 1e-6);
        assert!((login.other.same_price_hash_ms - 16.25).abs() < 0.01);
    }
}
