//! Clients that take what they can get of a server, while others want to be served.

mod bodies;
mod calls;
mod unread;
mod watches;

/// What a `sesame serve` may have at most while such clients are about, in KiB: some 42 MiB that it
/// has when it is idle (not optimised, with two password checks at once), the few MiB of each
/// budget that a test sets, and as much again for what the allocator doesn't give back. Those
/// who don't read, and those who send slowly, ask for 98 MB and 79 MB on top of the first.
const MEMORY_KIB: u64 = 100 * 1024;
