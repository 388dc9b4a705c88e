//! Everything that touches the store, over an emulated database per test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test can't go on from fails it"
)]

mod emulator;
mod faults;
