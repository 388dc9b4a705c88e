//! The limits on the instruction counts.

use sesame::password::Kernel;

use super::calls::{Calls, HashCounts};
use super::database::Costs;
use super::instructions::Counts;
use super::timing::{ratio, row};

/// A count and its maximum, in instructions.
struct Limit {
    label: &'static str,
    count: fn(&Counts) -> u64,
    max: u64,
}

/// Each maximum is 1 % above what was measured. Init sends the first request, so that the first call
/// finds a connection, and the loopback has no TLS.
const LIMITS: [Limit; 4] = [
    Limit {
        label: "init, without pool",
        count: |counts| counts.function.init,
        max: 1_533_000,
    },
    Limit {
        label: "the same with CreateServerKey",
        count: |counts| counts.server_key_init,
        max: 1_537_000,
    },
    Limit {
        label: "first call, without hash",
        count: |counts| counts.calls[0].1.first,
        max: 1_795_000,
    },
    Limit {
        label: "second call, without hash",
        count: |counts| counts.calls[0].1.second,
        max: 1_766_000,
    },
];

/// The most instructions for each block of a hash with AVX2: what was measured and 5 % more.
const MAX_BLOCK: u64 = 1550;

/// The most that a login may take besides its hash, in thousandths of the `argon2` crate's hash with
/// the default costs.
const MAX_BESIDES: u64 = 50;

/// The largest zip of the function, in bytes.
const MAX_ZIP: u64 = 4_223_000;

/// Prints the size of the function's zip, and returns whether it is within its limit.
pub fn print_zip(size: u64) -> bool {
    print_limit("zip, bytes", size, MAX_ZIP, 1)
}

/// Prints the counts, and returns whether all are within their limits.
pub fn print(counts: &Counts) -> bool {
    println!("Instructions, in thousands; the function's without pool and hash\n");
    if let (function, Some(hello)) = (counts.function, counts.hello) {
        row("", "function", "hello world", "ratio");
        for (label, function, hello) in [
            ("init", function.init, hello.init),
            ("first call", function.call, hello.call),
        ] {
            row(label, function / 1000, hello / 1000, ratio(function, hello));
        }
        println!();
    }
    let mut within_limits = print_calls(&counts.calls);
    println!();
    for Limit { label, count, max } in LIMITS {
        within_limits &= print_limit(label, count(counts), max, 1000);
    }
    if let Some(hash) = counts.hash {
        println!();
        within_limits &= print_hash(hash, counts.calls[0].1.second);
    }
    within_limits
}

/// Prints the cost of a hash and that of a login besides it, and returns whether both are within
/// their limits.
fn print_hash(hash: HashCounts, login: u64) -> bool {
    let HashCounts { ours, portable } = hash;
    row("Instructions", "our code", "argon2's", "ratio");
    row("a block of a hash", ours, portable, ratio(ours, portable));
    let besides = hash.thousandths(login, Costs::DEFAULT.blocks());
    let is_small = print_limit(
        "login besides, of argon2's hash, ‰",
        besides,
        MAX_BESIDES,
        1,
    );
    if matches!(Kernel::detect(), Kernel::Portable) {
        println!("This processor has no AVX2, so both are the same code.");
        return is_small;
    }
    print_limit("a block of a hash", ours, MAX_BLOCK, 1) & is_small
}

/// Prints a value and its maximum in a unit, and returns whether it is within it.
fn print_limit(label: &str, value: u64, max: u64, unit: u64) -> bool {
    let is_within = value <= max;
    let verdict = if is_within { "ok" } else { "TOO MANY" };
    row(
        label,
        value / unit,
        format!("limit {}", max / unit),
        verdict,
    );
    is_within
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
