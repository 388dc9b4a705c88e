//! Sends the calls of one phase at their times, and sums up what came of them.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::calls::{self, Session};
use super::client::Client;
use super::database::{Database, USERS};
use super::outcome::Outcome;
use super::process::{Memory, processor_time};
use super::schedule::{Arrival, Kind};
use super::service::Service;
use super::statistics::Percentiles;

/// A call that was sent.
#[derive(Debug)]
pub struct Sample {
    pub kind: Kind,
    /// When it was to be sent, since the start of the phase.
    pub at: Duration,
    /// How much later it was sent.
    pub late: Duration,
    /// From when it was to be sent to the last byte of its answer.
    pub took: Duration,
    pub end: End,
}

#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Succeeded,
    /// 429.
    Refused {
        has_retry_after: bool,
    },
    /// Another status, or an error of the transport.
    Unexpected(String),
}

/// How many processors each process kept busy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Processors {
    pub service: f64,
    pub database: f64,
    pub generator: f64,
}

pub struct Phase {
    pub samples: Vec<Sample>,
    pub processors: Processors,
    pub memory: [Memory; 2],
}

/// Sends the calls of `schedule`, which is in the order of time.
pub async fn run(
    schedule: &[Arrival],
    client: &Arc<Client>,
    sessions: &[Session],
    service: &Service,
    database: &Database,
) -> Outcome<Phase> {
    let used = || -> Outcome<[Duration; 3]> {
        Ok([
            service.process.processor_time()?,
            database.process.processor_time()?,
            processor_time(std::process::id())?,
        ])
    };
    let (before, memory) = (used()?, service.process.memory()?);
    let started = Instant::now();
    let mut sent = JoinSet::new();
    for (number, &arrival) in schedule.iter().enumerate() {
        sleep_until(started + arrival.at).await;
        let call = match arrival.kind {
            Kind::Login | Kind::Probe => calls::login(number % USERS),
            Kind::Create => calls::create_without_checks(),
            Kind::Get => sessions[number % sessions.len()].get(),
        };
        let client = Arc::clone(client);
        let late = started.elapsed().saturating_sub(arrival.at);
        sent.spawn(async move {
            let reply = client.send(&call).await;
            Sample {
                kind: arrival.kind,
                at: arrival.at,
                late,
                took: started.elapsed().saturating_sub(arrival.at),
                end: match reply {
                    Err(error) => End::Unexpected(error),
                    Ok(reply) if reply.status == StatusCode::OK => End::Succeeded,
                    Ok(reply) if reply.status == StatusCode::TOO_MANY_REQUESTS => End::Refused {
                        has_retry_after: reply.has_retry_after,
                    },
                    Ok(reply) => End::Unexpected(reply.status.to_string()),
                },
            }
        });
    }
    let samples = sent.join_all().await;
    let elapsed = started.elapsed();
    let (after, memory) = (used()?, [memory, service.process.memory()?]);
    let [service, database, generator] = [0, 1, 2].map(|one| {
        after[one]
            .saturating_sub(before[one])
            .div_duration_f64(elapsed)
    });
    Ok(Phase {
        samples,
        processors: Processors {
            service,
            database,
            generator,
        },
        memory,
    })
}

impl Phase {
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Sample> {
        self.samples
            .iter()
            .filter(move |sample| sample.kind == kind)
    }

    pub fn succeeded(&self, kind: Kind) -> impl Iterator<Item = &Sample> {
        self.of(kind).filter(|sample| sample.end == End::Succeeded)
    }

    pub fn refused(&self, kind: Kind) -> impl Iterator<Item = &Sample> {
        self.of(kind)
            .filter(|sample| matches!(sample.end, End::Refused { .. }))
    }

    pub fn latency(&self, kind: Kind) -> Percentiles {
        Percentiles::new(self.succeeded(kind).map(|sample| sample.took))
    }

    pub fn latency_of_refusals(&self) -> Percentiles {
        Percentiles::new(self.refused(Kind::Login).map(|sample| sample.took))
    }

    /// How late the calls were sent. This is part of all latencies.
    pub fn lateness(&self) -> Percentiles {
        Percentiles::new(self.samples.iter().map(|sample| sample.late))
    }
}
