//! Hostile clients, which try to use up a server's connections, calls or memory.

mod bodies;
mod calls;
mod unread;
mod watches;

/// The most memory that a `sesame serve` may take while such clients are connected, in KiB. Idle, it
/// takes 41 MiB (measured, not optimised, with two password checks at once). Each budget that a
/// test sets adds a few MiB, and the allocator keeps as much again. Without the budgets, the
/// clients who don't read would add 98 MB, and those who send slowly 79 MB.
const MEMORY_KIB: u64 = 100 * 1024;
