//! Measures times, sizes and memory.

use std::fmt::Display;
use std::time::{Duration, Instant};

use super::database::Costs;
use super::events::Event;
use super::outcome::Outcome;
use super::process::Program;
use super::response::check_success;
use super::runtime_api::RuntimeApi;

/// The programs, which are started in turns, so that other work of the machine affects all of them
/// alike.
pub struct Programs {
    /// The function with hashes of [`Costs::DEFAULT`].
    pub function: Program,
    /// The function with hashes of [`Costs::SMALL`].
    pub small: Program,
    pub hello: Program,
}

/// The times in ms and the memory in KiB of one start and one call.
struct Run {
    /// From exec to the first request for an event.
    init: f64,
    /// From the event to its response.
    call: f64,
    resident: f64,
    peak_of_init: f64,
    peak: f64,
}

pub fn print(programs: &Programs, api: &RuntimeApi, event: &Event, runs: usize) -> Outcome<()> {
    let Programs {
        function,
        small,
        hello,
    } = programs;
    // The first start reads the binaries from the disk, so it is not measured.
    run(function, api, event)?;
    run(hello, api, event)?;
    let mut measured = Measured::default();
    for _ in 0..runs.max(1) {
        measured.function.push(run(function, api, event)?);
        measured.small.push(run(small, api, event)?);
        measured.hello.push(run(hello, api, event)?);
    }

    println!(
        "{runs} cold starts each; ms as min, median, max; memory as median; ratio of medians\n"
    );
    row("", function.name, hello.name, "ratio");
    measured.row("exec to first next, ms", |run| run.init);
    measured.row_without_pool("the same without the pool", |run| run.init);
    measured.row("first call, ms", |run| run.call);
    measured.row("exec to first answer, ms", |run| run.init + run.call);
    measured.row("resident after init, KiB", |run| run.resident);
    measured.row_without_pool("the same without the pool", |run| run.resident);
    measured.row("peak of init, KiB", |run| run.peak_of_init);
    measured.row("peak after the first call, KiB", |run| run.peak);
    let (function, hello) = (function.size()?, hello.size()?);
    row("binary, bytes", function, hello, ratio(function, hello));
    println!();
    Ok(())
}

fn run(program: &Program, api: &RuntimeApi, event: &Event) -> Outcome<Run> {
    let watch = api.watch();
    let start = Instant::now();
    let mut process = program.start(api.address())?;
    let (ready_at, reply) = watch.next(&mut process)?;
    let after_init = process.memory()?;
    let sent = Instant::now();
    reply.send(event.json.clone().into_bytes())?;
    let (responded_at, body) = watch.response(&mut process)?;
    check_success(&body)?;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Run {
        init: ms(ready_at - start),
        call: ms(responded_at - sent),
        resident: after_init.resident.into(),
        peak_of_init: after_init.peak.into(),
        peak: process.memory()?.peak.into(),
    })
}

#[derive(Default)]
struct Measured {
    function: Vec<Run>,
    small: Vec<Run>,
    hello: Vec<Run>,
}

impl Measured {
    fn row(&self, label: &str, value: fn(&Run) -> f64) {
        let (function, hello) = (
            Spread::new(&self.function, value),
            Spread::new(&self.hello, value),
        );
        let ratio = format!("{:.2}", function.median / hello.median);
        row(label, function, hello, ratio);
    }

    /// Prints a row without the pool, whose cost is in proportion to its memory and was measured with
    /// two sizes.
    fn row_without_pool(&self, label: &str, value: fn(&Run) -> f64) {
        let median = |runs| Spread::new(runs, value).median;
        let (large, small) = (median(&self.function), median(&self.small));
        let [large_kib, small_kib] =
            [Costs::DEFAULT, Costs::SMALL].map(|costs| f64::from(costs.memory_kib));
        let function = small - (large - small) * small_kib / (large_kib - small_kib);
        let hello = median(&self.hello);
        let ratio = format!("{:.2}", function / hello);
        row(
            label,
            format!("{function:.2}"),
            format!("{hello:.2}"),
            ratio,
        );
    }
}

struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn new(runs: &[Run], value: fn(&Run) -> f64) -> Self {
        let mut values: Vec<f64> = runs.iter().map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        Self {
            min: values[0],
            median: values[values.len() / 2],
            max: values[values.len() - 1],
        }
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { min, median, max } = self;
        // Values over 1000 are memory, of which the median is enough.
        let text = if *median > 1000.0 {
            format!("{median:.0}")
        } else {
            format!("{min:.2}  {median:.2}  {max:.2}")
        };
        f.pad(&text)
    }
}

#[allow(clippy::cast_precision_loss, reason = "two digits are printed")]
pub fn ratio(value: u64, reference: u64) -> String {
    format!("{:.2}", value as f64 / reference as f64)
}

pub fn row(label: &str, function: impl Display, hello: impl Display, ratio: impl Display) {
    println!("{label:<34}{function:>24}{hello:>24}{ratio:>10}");
}
