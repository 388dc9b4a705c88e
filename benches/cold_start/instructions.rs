//! Instructions, which are the same in each run and on each machine, nearly.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Outcome;
use super::database::Costs;
use super::process::Program;
use super::runtime_api::RuntimeApi;
use super::timing::succeeded;

/// Of which the least counts: what chance adds on a busy machine, such as a request that
/// valgrind made too slow and the SDK sent again, is not the program's.
const REPEATS: usize = 3;

/// What a process does after its last request, until it waits: some milliseconds, and
/// under valgrind fifty times that.
const SETTLE: Duration = Duration::from_millis(300);

/// The pool is written in proportion to its memory, and so is the hash. Two sizes thus
/// give what is left without memory: twice the count at the one less that at the other.
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

#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Without the password pool and the hash.
    pub function: Count,
    pub hello: Count,
}

pub fn can_be_counted() -> bool {
    let mut valgrind = Command::new("valgrind");
    let valgrind = valgrind.arg("--version").stdout(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}

/// `function_with` gives the function with hashes of some costs.
pub fn count(
    function_with: impl Fn(Costs) -> Outcome<Program>,
    hello: &Program,
    api: &RuntimeApi,
    event: &[u8],
) -> Outcome<Counts> {
    let at = |costs| count_one(&function_with(costs)?, api, event);
    let (small, large) = (at(SMALL)?, at(LARGE)?);
    let without = |of: fn(&Count) -> u64| (2 * of(&small)).saturating_sub(of(&large));
    Ok(Counts {
        function: Count {
            init: without(|count| count.init),
            call: without(|count| count.call),
        },
        hello: count_one(hello, api, event)?,
    })
}

/// A start without an event counts init, one with an event counts the call as well.
fn count_one(program: &Program, api: &RuntimeApi, event: &[u8]) -> Outcome<Count> {
    let least = |event| -> Outcome<u64> {
        let runs = (0..REPEATS).map(|_| run(program, api, event));
        let counts = runs.collect::<Outcome<Vec<_>>>()?;
        Ok(counts.into_iter().min().unwrap_or_default())
    };
    let init = least(None)?;
    let call = least(Some(event))?.saturating_sub(init);
    Ok(Count { init, call })
}

fn run(program: &Program, api: &RuntimeApi, event: Option<&[u8]>) -> Outcome<u64> {
    let out = OutFile::new();
    let watch = api.watch();
    let mut process = program.start_counted(api, &out.0)?;
    let (_, mut held) = watch.next(&mut process)?;
    if let Some(event) = event {
        held.send(event.to_vec())?;
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
