//! What the instruction counts may be.

use super::calls::Calls;
use super::instructions::Counts;
use super::timing::{ratio, row};

/// A count and its limit, in instructions.
struct Limit {
    label: &'static str,
    of: fn(&Counts) -> u64,
    at_most: u64,
}

/// The stack's goals are 1.5 million for init and 5 million for the first call with its
/// TLS handshake. Init sends the first request, so that the first call finds a connection,
/// and over the loopback there is no TLS: what is held here is what was measured and a
/// tenth more, within the goals' sum.
const LIMITS: [Limit; 2] = [
    Limit {
        label: "init, without pool",
        of: |counts| counts.function.init,
        at_most: 2_250_000,
    },
    Limit {
        label: "first call, without hash",
        of: |counts| counts.function.call,
        at_most: 2_250_000,
    },
];

/// Prints the counts, and returns whether all keep to their limits.
pub fn print(counts: &Counts) -> bool {
    let (ours, theirs) = (counts.function, counts.hello);
    println!("Instructions, in thousands; the function's without pool and hash\n");
    row("", "function", "hello world", "ratio");
    for (label, ours, theirs) in [
        ("init", ours.init, theirs.init),
        ("first call", ours.call, theirs.call),
    ] {
        row(label, ours / 1000, theirs / 1000, ratio(ours, theirs));
    }
    println!();
    let mut kept = print_calls(&counts.calls);
    println!();
    for Limit { label, of, at_most } in LIMITS {
        let count = of(counts);
        let verdict = if count <= at_most { "ok" } else { "TOO MANY" };
        kept &= count <= at_most;
        row(
            label,
            count / 1000,
            format!("limit {}", at_most / 1000),
            verdict,
        );
    }
    kept
}

/// Prints what a call costs by each event, and returns whether all keep to what it costs
/// by the first, JSON's.
fn print_calls(calls: &[(String, Calls)]) -> bool {
    row("", "first call  ratio", "second call  ratio", "");
    let beside = |ours: u64, json| format!("{}  {}", ours / 1000, ratio(ours, json));
    let json = calls[0].1;
    let mut kept = true;
    for (name, calls) in calls {
        let keep = calls.keep_to(json);
        kept &= keep;
        row(
            name,
            beside(calls.first, json.first),
            beside(calls.second, json.second),
            if keep { "ok" } else { "TOO MANY" },
        );
    }
    kept
}
