//! Tests of everything that touches the store, each over an emulated database of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test can't go on from fails it"
)]
#![allow(
    clippy::too_many_lines,
    reason = "a test's cases stand in one table, and a step of the model in one place"
)]

mod access;
mod authorizer;
mod cli;
mod codes;
mod cors;
mod create;
mod delete;
mod emulator;
mod events;
mod faults;
mod generations;
mod get;
mod growth;
mod guessing;
mod http_client;
mod keys;
mod layer;
mod linearizability;
mod list;
mod login_settings;
mod messenger;
mod model;
mod openapi;
mod permissions;
mod protocols;
mod requests;
mod second;
mod second_factors;
mod set;
mod stored;
mod strength;
mod support;
mod template;
mod unbuilt;
mod user_service;
mod users;
mod web_authn;
mod webauthn;
mod whole_life;
mod zitadel_login;
