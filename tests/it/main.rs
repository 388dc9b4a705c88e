//! Everything that touches the store, over an emulated database per test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test can't go on from fails it"
)]

mod administration;
mod app;
mod authorizer;
mod callers;
mod calls;
mod cli;
mod concurrency;
mod cors;
mod emulator;
mod enumeration;
#[path = "../common/errors.rs"]
mod errors;
mod events;
mod faults;
mod guessing;
mod json;
mod layer;
mod life;
mod linearizability;
mod lost_answers;
mod model;
mod names;
mod openapi;
mod passwords;
mod protocols;
mod record;
mod requests;
mod secrets;
mod sessions;
mod stack;
mod wire;
