//! Hostile clients, which try to use up a server's connections, calls or memory.

mod bodies;
mod budgets;
mod calls;
mod places;
mod streams;
mod unread;
mod watches;

/// The most memory that a `sesame serve` may take while such clients are connected, in KiB. Idle, it
/// takes 41 MiB (measured, not optimised, with two password checks at once). Each budget that a
/// test sets adds a few MiB, and the allocator keeps as much again. Without the budgets, the
/// clients who don't read would add 98 MB, and those who send slowly 79 MB.
const MEMORY_KIB: u64 = 100 * 1024;

/// By how much a server may grow over what it had when it was ready, while such clients are
/// connected to it with the default limits; and by how much more when others come after them.
const MAX_GROWTH_KIB: u64 = 128 * 1024;
const MAX_SECOND_WAVE_KIB: u64 = 16 * 1024;
