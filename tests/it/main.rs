//! Tests of everything that touches the store, each over an emulated database of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test can't go on from fails it"
)]

mod access;
mod authorizer;
mod cli;
mod cors;
mod create;
mod delete;
mod emulator;
mod events;
mod faults;
mod get;
mod growth;
mod guessing;
mod http_client;
mod layer;
mod linearizability;
mod list;
mod model;
mod openapi;
mod permissions;
mod protocols;
mod requests;
mod set;
mod support;
mod template;
mod users;
mod whole_life;
