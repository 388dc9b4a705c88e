//! The limits on the instruction counts.

use super::calls::Calls;
use super::instructions::Counts;
use super::timing::{ratio, row};

/// A count and its maximum, in instructions.
struct Limit {
    label: &'static str,
    count: fn(&Counts) -> u64,
    max: u64,
}

/// The goals for the deployed stack are 1.5 million for init and 5 million for the first call with
/// its TLS handshake. Init sends the first request, so that the first call finds a connection, and
/// the loopback has no TLS. So the limits here are what was measured and a tenth more, which is
/// within the sum of the goals.
const LIMITS: [Limit; 2] = [
    Limit {
        label: "init, without pool",
        count: |counts| counts.function.init,
        max: 2_250_000,
    },
    Limit {
        label: "first call, without hash",
        count: |counts| counts.function.call,
        max: 2_250_000,
    },
];

/// Prints the counts, and returns whether all are within their limits.
pub fn print(counts: &Counts) -> bool {
    let (function, hello) = (counts.function, counts.hello);
    println!("Instructions, in thousands; the function's without pool and hash\n");
    row("", "function", "hello world", "ratio");
    for (label, function, hello) in [
        ("init", function.init, hello.init),
        ("first call", function.call, hello.call),
    ] {
        row(label, function / 1000, hello / 1000, ratio(function, hello));
    }
    println!();
    let mut within_limits = print_calls(&counts.calls);
    println!();
    for Limit { label, count, max } in LIMITS {
        let count = count(counts);
        let verdict = if count <= max { "ok" } else { "TOO MANY" };
        within_limits &= count <= max;
        row(
            label,
            count / 1000,
            format!("limit {}", max / 1000),
            verdict,
        );
    }
    within_limits
}

/// Prints the cost of the calls for each event, and returns whether all are close to that of the
/// first one, which is in JSON.
fn print_calls(calls: &[(String, Calls)]) -> bool {
    row("", "first call  ratio", "second call  ratio", "");
    let beside = |function: u64, json| format!("{}  {}", function / 1000, ratio(function, json));
    let json = calls[0].1;
    let mut within_limits = true;
    for (name, calls) in calls {
        let is_close = calls.is_close_to(json);
        within_limits &= is_close;
        row(
            name,
            beside(calls.first, json.first),
            beside(calls.second, json.second),
            if is_close { "ok" } else { "TOO MANY" },
        );
    }
    within_limits
}
