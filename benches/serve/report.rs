//! Reports the measurements as tables and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::cost::Cost;
use super::phase::Phase;
use super::schedule::Kind;
use super::statistics::{Percentiles, millis};

/// How long the service has to recover.
pub const RECOVERY_SECONDS: u32 = 10;
/// A login is as usual if it takes at most this many times as long as the median without load.
pub const USUAL: f64 = 2.0;

pub struct Report {
    pub checks_at_once: usize,
    pub hash_ms: f64,
    /// The logins a second that the hashes allow.
    pub allowed: f64,
    pub seconds: u32,
    /// The median latency of a login without load.
    pub usual_ms: f64,
    pub calls: Vec<Cost>,
    pub rates: Vec<Rate>,
    /// From the end of the last rate until logins were as usual again. `None`: they never were.
    pub recovery: Option<Duration>,
    /// Whether they took at most that, or half of the median of the last rate, again.
    pub has_recovered: bool,
}

/// A rate of logins.
pub struct Rate {
    /// Of what the hashes allow.
    pub multiple: f64,
    /// How many logins were sent.
    pub offered: usize,
    pub phase: Phase,
}

impl Report {
    #[expect(clippy::too_many_lines, reason = "its tables, from top to bottom")]
    pub fn print(&self) {
        println!("A call alone: processor time of the service, latency, bytes of log\n");
        println!("{:26} {:>8} {:>8} {:>6}", "", "ms", "ms", "bytes");
        for cost in &self.calls {
            println!(
                "{:26} {:8.2} {:8.2} {:6.0}",
                cost.call, cost.processor_ms, cost.latency_ms, cost.log_bytes
            );
        }
        println!(
            "\n{} checks at once, {:.1} ms a hash with all of them busy: the hashes allow {:.1} \
             logins a second.\nA login without load takes {:.1} ms. Each rate lasts {} s. All \
             latencies are in ms, from the time\nat which a call was to be sent.\n",
            self.checks_at_once, self.hash_ms, self.allowed, self.usual_ms, self.seconds
        );
        println!("Logins\n");
        println!(
            "{:>5} {:>9} {:>9} {:>9} | {:>7} {:>7} {:>7} {:>7} | {:>7} {:>7} {:>7}",
            "",
            "offered/s",
            "success/s",
            "refused/s",
            "p50",
            "p90",
            "p99",
            "max",
            "refused",
            "p99",
            "max"
        );
        for rate in &self.rates {
            let (good, refused) = (
                rate.phase.latency(Kind::Login),
                rate.phase.latency_of_refusals(),
            );
            let [offered, succeeded, refused_rate] = self.per_second(rate);
            println!(
                "{:5} {offered:9.1} {succeeded:9.1} {refused_rate:9.1} | {:7.1} {:7.1} {:7.1} \
                 {:7.1} | {:7.1} {:7.1} {:7.1}",
                format!("{}x", rate.multiple),
                good.p50,
                good.p90,
                good.p99,
                good.max,
                refused.p50,
                refused.p99,
                refused.max
            );
        }
        println!("\nCalls without a password beside them; processors; resident memory\n");
        println!(
            "{:>5} {:>7} {:>7} {:>7} {:>7} | {:>7} {:>8} {:>9} {:>8} | {:>9} {:>7} {:>8}",
            "",
            "get p50",
            "p99",
            "create",
            "p99",
            "service",
            "database",
            "generator",
            "late p99",
            "start MiB",
            "end MiB",
            "peak MiB"
        );
        for rate in &self.rates {
            let phase = &rate.phase;
            let (get, create) = (phase.latency(Kind::Get), phase.latency(Kind::Create));
            let [start, end] = phase.memory.map(|memory| mib(memory.resident));
            println!(
                "{:5} {:7.1} {:7.1} {:7.1} {:7.1} | {:7.2} {:8.2} {:9.2} {:8.1} | {start:9.1} \
                 {end:7.1} {:8.1}",
                format!("{}x", rate.multiple),
                get.p50,
                get.p99,
                create.p50,
                create.p99,
                phase.processors.service,
                phase.processors.database,
                phase.processors.generator,
                phase.lateness().p99,
                mib(phase.memory[1].peak),
            );
        }
        match self.recovery {
            Some(time) => println!(
                "\nAfter the last rate, logins took at most {USUAL} times their usual latency again \
                 within {:.0} ms.",
                millis(time)
            ),
            None => println!("\nAfter the last rate, logins were never as usual again."),
        }
        for rate in self.rates.iter().filter(|rate| rate.generator_is_limit()) {
            println!(
                "At {}x the generator was late: the latencies are partly its own.",
                rate.multiple
            );
        }
    }

    /// The logins offered, succeeded and refused.
    fn per_second(&self, rate: &Rate) -> [f64; 3] {
        let count = |count: usize| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            f64::from(count) / f64::from(self.seconds)
        };
        [
            count(rate.offered),
            count(rate.phase.succeeded(Kind::Login).count()),
            count(rate.phase.refused(Kind::Login).count()),
        ]
    }

    pub fn to_json(&self) -> Value {
        let calls = self.calls.iter().map(|cost| {
            let values = json!({
                "processor_ms": round(cost.processor_ms),
                "hash_ms": round(cost.hash_ms),
                "latency_ms": round(cost.latency_ms),
                "log_bytes": round(cost.log_bytes),
            });
            (cost.call.to_owned(), values)
        });
        let rates: Vec<_> = self.rates.iter().map(|rate| self.rate_json(rate)).collect();
        json!({
            "checks_at_once": self.checks_at_once,
            "hash_ms": round(self.hash_ms),
            "allowed_per_second": round(self.allowed),
            "seconds": self.seconds,
            "usual_ms": round(self.usual_ms),
            "recovery_ms": self.recovery.map(|time| round(millis(time))),
            "calls": calls.collect::<serde_json::Map<_, _>>(),
            "rates": rates,
        })
    }

    fn rate_json(&self, rate: &Rate) -> Value {
        let phase = &rate.phase;
        let [offered, succeeded, refused] = self.per_second(rate).map(round);
        let [start, end] = phase.memory.map(|memory| round(mib(memory.resident)));
        json!({
            "multiple": rate.multiple,
            "offered_per_second": offered,
            "succeeded_per_second": succeeded,
            "refused_per_second": refused,
            "login_ms": percentiles(phase.latency(Kind::Login)),
            "refusal_ms": percentiles(phase.latency_of_refusals()),
            "get_ms": percentiles(phase.latency(Kind::Get)),
            "create_ms": percentiles(phase.latency(Kind::Create)),
            "late_ms": percentiles(phase.lateness()),
            "processors": {
                "service": round(phase.processors.service),
                "database": round(phase.processors.database),
                "generator": round(phase.processors.generator),
            },
            "resident_mib": { "start": start, "end": end },
            "peak_mib": round(mib(phase.memory[1].peak)),
        })
    }
}

impl Rate {
    /// Whether the generator had no processor when it was to send, or no time to send more.
    fn generator_is_limit(&self) -> bool {
        self.phase.lateness().p99 > 20.0 || self.phase.processors.generator > 0.8
    }
}

fn percentiles(times: Percentiles) -> Value {
    json!({
        "p50": round(times.p50),
        "p90": round(times.p90),
        "p99": round(times.p99),
        "max": round(times.max),
    })
}

/// Hundredths are more than repeats.
pub fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

pub fn mib(kib: u32) -> f64 {
    f64::from(kib) / 1024.0
}
