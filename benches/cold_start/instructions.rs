//! Counts instructions, which are nearly the same in each run and on each machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::calls::{Calls, HashCounts};
use super::database::Costs;
use super::events::Event;
use super::outcome::Outcome;
use super::process::Program;
use super::response::check_success;
use super::runtime_api::RuntimeApi;

/// How often each count is repeated. The minimum is used, because chance adds to a count on a busy
/// machine, such as a request that was so slow under valgrind that the SDK sent it again.
const REPEATS: usize = 3;

/// How long a process may work after its last request: some milliseconds, and fifty times that
/// under valgrind.
const SETTLE: Duration = Duration::from_millis(300);

/// Writing the pool and computing a hash cost in proportion to the memory. What twice the memory
/// costs more is thus what the pool and the hash cost with the smaller one.
const SMALL: Costs = Costs::SMALL;
const LARGE: Costs = Costs {
    memory_kib: 2 * SMALL.memory_kib,
    ..SMALL
};

/// The instructions of one program.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// From exec to the first request for an event.
    pub init: u64,
    /// From the event to the next request for one.
    pub call: u64,
}

#[derive(Clone, Debug)]
pub struct Counts {
    /// The function without its password pool and the hash.
    pub function: Count,
    /// Its init with `CreateServerKey`, without its password pool.
    pub server_key_init: u64,
    pub hello: Option<Count>,
    /// The function's calls, each with the name of its event.
    pub calls: Vec<(String, Calls)>,
    /// `None`: the event has no password.
    pub hash: Option<HashCounts>,
}

pub fn can_be_counted() -> bool {
    let mut valgrind = Command::new("valgrind");
    let valgrind = valgrind.arg("--version").stdout(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}

/// Counts the instructions of the function, and of `hello` if there is one. `function_with` gives the function with
/// hashes of some costs. The cost of a hash is measured with the first event alone, because it is the
/// same in each call.
pub fn count(
    function_with: impl Fn(Costs) -> Outcome<Program>,
    hello: Option<&Program>,
    api: &RuntimeApi,
    events: &[Event],
) -> Outcome<Counts> {
    let event = events.first().ok_or("there is no event")?;
    let (small, large) = (function_with(SMALL)?, function_with(LARGE)?);
    let small_init = minimum(&small, api, event, 0)?;
    let server_key_init = minimum(&small.clone().with_server_key(), api, event, 0)?;
    let large_init = minimum(&large, api, event, 0)?;
    let large_call = minimum(&large, api, event, 1)?.saturating_sub(large_init);
    let portable_call =
        minimum(&small.clone().with_portable_hash(), api, event, 1)?.saturating_sub(small_init);
    let calls = events.iter().map(|event| {
        let first = minimum(&small, api, event, 1)?;
        let second = minimum(&small, api, event, 2)?;
        Ok(Calls {
            first: first.saturating_sub(small_init),
            second: second.saturating_sub(first),
        })
    });
    let calls = calls.collect::<Outcome<Vec<Calls>>>()?;

    let pool = large_init.saturating_sub(small_init);
    // Without a password in the event, this is nearly zero.
    let hash = large_call.saturating_sub(calls[0].first);
    let excess = portable_call.saturating_sub(calls[0].first);
    let without_hash = |(event, calls): (&Event, Calls)| {
        let calls = calls.without(hash);
        let calls = calls.ok_or_else(|| format!("{} did without a hash", event.name))?;
        Ok((event.name.clone(), calls))
    };
    let calls = events.iter().zip(calls).map(without_hash);
    let calls = calls.collect::<Outcome<Vec<_>>>()?;

    let of_hello = |hello| {
        let init = minimum(hello, api, event, 0)?;
        let call = minimum(hello, api, event, 1)?.saturating_sub(init);
        Outcome::Ok(Count { init, call })
    };
    let hello = hello.map(of_hello).transpose()?;
    Ok(Counts {
        function: Count {
            init: small_init.saturating_sub(pool),
            call: calls[0].1.first,
        },
        server_key_init: server_key_init.saturating_sub(pool),
        hello,
        calls,
        hash: HashCounts::new(hash, excess, SMALL.blocks()),
    })
}

/// The instructions of a start and a number of calls.
fn minimum(program: &Program, api: &RuntimeApi, event: &Event, calls: usize) -> Outcome<u64> {
    let runs = (0..REPEATS).map(|_| run(program, api, event, calls));
    let counts = runs.collect::<Outcome<Vec<_>>>()?;
    Ok(counts.into_iter().min().unwrap_or_default())
}

fn run(program: &Program, api: &RuntimeApi, event: &Event, calls: usize) -> Outcome<u64> {
    let out = OutFile::new();
    write_counts(program, api, event, calls, &out.0)?;
    let counts = std::fs::read_to_string(&out.0)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}

/// Writes what callgrind counts of a start and a number of calls to a file, which
/// `callgrind_annotate` reads.
pub fn write_counts(
    program: &Program,
    api: &RuntimeApi,
    event: &Event,
    calls: usize,
    out: &Path,
) -> Outcome<()> {
    let watch = api.watch();
    let mut process = program.start_counted(api.address(), out)?;
    let (_, mut held) = watch.next(&mut process)?;
    for _ in 0..calls {
        held.send(event.json.clone().into_bytes())?;
        let (_, body) = watch.response(&mut process)?;
        check_success(&body)?;
        (_, held) = watch.next(&mut process)?;
    }
    std::thread::sleep(SETTLE);
    process.terminate()?;
    drop(held);
    Ok(())
}

/// A file, which is deleted on drop.
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
