//! Times, sizes and memory.

use std::fmt::Display;
use std::time::{Duration, Instant};

use super::Outcome;
use super::answer::succeeded;
use super::database::Costs;
use super::events::Event;
use super::process::Program;
use super::runtime_api::RuntimeApi;

/// What is started in turns, so that what else the machine does meets all alike.
pub struct Programs {
    /// With hashes of [`Costs::DEFAULT`].
    pub function: Program,
    /// With hashes of [`Costs::SMALL`].
    pub small: Program,
    pub hello: Program,
}

/// One start and one call. Times in ms, memory in KiB.
struct Run {
    /// From exec to the question for an event.
    init: f64,
    /// From the event to its answer.
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
    // The first start reads the binaries from the disk.
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
    let (ours, theirs) = (function.size()?, hello.size()?);
    row("binary, bytes", ours, theirs, ratio(ours, theirs));
    println!();
    Ok(())
}

fn run(program: &Program, api: &RuntimeApi, event: &Event) -> Outcome<Run> {
    let watch = api.watch();
    let start = Instant::now();
    let mut process = program.start(api)?;
    let (asked, reply) = watch.next(&mut process)?;
    let after_init = process.memory()?;
    let sent = Instant::now();
    reply.send(event.json.clone().into_bytes())?;
    let (answered, body) = watch.answer(&mut process)?;
    succeeded(&body)?;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Run {
        init: ms(asked - start),
        call: ms(answered - sent),
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
    fn row(&self, label: &str, of: fn(&Run) -> f64) {
        let (ours, theirs) = (Spread::of(&self.function, of), Spread::of(&self.hello, of));
        let ratio = format!("{:.2}", ours.median / theirs.median);
        row(label, ours, theirs, ratio);
    }

    /// What the pool takes is in proportion to its memory, and two sizes were measured.
    fn row_without_pool(&self, label: &str, of: fn(&Run) -> f64) {
        let median = |runs| Spread::of(runs, of).median;
        let (large, small) = (median(&self.function), median(&self.small));
        let [large_kib, small_kib] =
            [Costs::DEFAULT, Costs::SMALL].map(|costs| f64::from(costs.memory_kib));
        let ours = small - (large - small) * small_kib / (large_kib - small_kib);
        let theirs = median(&self.hello);
        let ratio = format!("{:.2}", ours / theirs);
        row(label, format!("{ours:.2}"), format!("{theirs:.2}"), ratio);
    }
}

struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn of(runs: &[Run], of: fn(&Run) -> f64) -> Self {
        let mut values: Vec<f64> = runs.iter().map(of).collect();
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
        // Memory, of which only the middle says something.
        let text = if *median > 1000.0 {
            format!("{median:.0}")
        } else {
            format!("{min:.2}  {median:.2}  {max:.2}")
        };
        f.pad(&text)
    }
}

#[allow(clippy::cast_precision_loss, reason = "two digits are printed")]
pub fn ratio(ours: u64, theirs: u64) -> String {
    format!("{:.2}", ours as f64 / theirs as f64)
}

pub fn row(label: &str, ours: impl Display, theirs: impl Display, ratio: impl Display) {
    println!("{label:<34}{ours:>24}{theirs:>24}{ratio:>10}");
}
