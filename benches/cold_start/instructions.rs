//! Instructions, which are the same in each run and on each machine, nearly.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Outcome;
use super::answer::succeeded;
use super::calls::Calls;
use super::database::Costs;
use super::events::Event;
use super::process::Program;
use super::runtime_api::RuntimeApi;

/// Of which the least counts: what chance adds on a busy machine, such as a request that
/// valgrind made too slow and the SDK sent again, is not the program's.
const REPEATS: usize = 3;

/// What a process does after its last request, until it waits: some milliseconds, and
/// under valgrind fifty times that.
const SETTLE: Duration = Duration::from_millis(300);

/// The pool is written in proportion to its memory, and so is the hash. With twice the
/// memory each thus takes as much more as it takes with the small one.
const SMALL: Costs = Costs::SMALL;
const LARGE: Costs = Costs {
    memory_kib: 2 * SMALL.memory_kib,
    ..SMALL
};

/// Of one program.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// From exec to the first question for an event.
    pub init: u64,
    /// From the event to the next question.
    pub call: u64,
}

#[derive(Clone, Debug)]
pub struct Counts {
    /// Without the password pool and the hash.
    pub function: Count,
    pub hello: Count,
    /// The function's, for each event by its name.
    pub calls: Vec<(String, Calls)>,
}

pub fn can_be_counted() -> bool {
    let mut valgrind = Command::new("valgrind");
    let valgrind = valgrind.arg("--version").stdout(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}

/// `function_with` gives the function with hashes of some costs. What a hash takes is told
/// from the first event alone, for it is the same in each call.
pub fn count(
    function_with: impl Fn(Costs) -> Outcome<Program>,
    hello: &Program,
    api: &RuntimeApi,
    events: &[Event],
) -> Outcome<Counts> {
    let event = events.first().ok_or("there is no event")?;
    let (small, large) = (function_with(SMALL)?, function_with(LARGE)?);
    let small_init = least(&small, api, event, 0)?;
    let large_init = least(&large, api, event, 0)?;
    let large_call = least(&large, api, event, 1)?.saturating_sub(large_init);
    let calls = events.iter().map(|event| {
        let first = least(&small, api, event, 1)?;
        let second = least(&small, api, event, 2)?;
        Ok(Calls {
            first: first.saturating_sub(small_init),
            second: second.saturating_sub(first),
        })
    });
    let calls = calls.collect::<Outcome<Vec<Calls>>>()?;

    let pool = large_init.saturating_sub(small_init);
    // Next to nothing, where the event has no password.
    let hash = large_call.saturating_sub(calls[0].first);
    let without_hash = |(event, calls): (&Event, Calls)| {
        let calls = calls.without(hash);
        let calls = calls.ok_or_else(|| format!("{} did without a hash", event.name))?;
        Ok((event.name.clone(), calls))
    };
    let calls = events.iter().zip(calls).map(without_hash);
    let calls = calls.collect::<Outcome<Vec<_>>>()?;

    let hello_init = least(hello, api, event, 0)?;
    let hello_call = least(hello, api, event, 1)?.saturating_sub(hello_init);
    Ok(Counts {
        function: Count {
            init: small_init.saturating_sub(pool),
            call: calls[0].1.first,
        },
        hello: Count {
            init: hello_init,
            call: hello_call,
        },
        calls,
    })
}

/// What a start and so many calls take.
fn least(program: &Program, api: &RuntimeApi, event: &Event, calls: usize) -> Outcome<u64> {
    let runs = (0..REPEATS).map(|_| run(program, api, event, calls));
    let counts = runs.collect::<Outcome<Vec<_>>>()?;
    Ok(counts.into_iter().min().unwrap_or_default())
}

fn run(program: &Program, api: &RuntimeApi, event: &Event, calls: usize) -> Outcome<u64> {
    let out = OutFile::new();
    let watch = api.watch();
    let mut process = program.start_counted(api, &out.0)?;
    let (_, mut held) = watch.next(&mut process)?;
    for _ in 0..calls {
        held.send(event.json.clone().into_bytes())?;
        let (_, body) = watch.answer(&mut process)?;
        succeeded(&body)?;
        (_, held) = watch.next(&mut process)?;
    }
    std::thread::sleep(SETTLE);
    process.terminate()?;
    drop(held);

    let counts = std::fs::read_to_string(&out.0)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}

/// Deleted when it is dropped.
struct OutFile(PathBuf);

impl OutFile {
    fn new() -> Self {
        let name = format!("sesame-callgrind-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
