//! Sessions for people who would rather not run servers.
//!
//! Each module uses those before it in this order, and none after it: `domain`, `error`, `log`,
//! `password`, `token`, `store`, `service`, `config`, `api`, `transport`, `emulator`, `cli`.

pub mod api;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod domain;
#[cfg(feature = "dev")]
pub mod emulator;
pub mod error;
pub mod log;
pub mod password;
pub mod service;
pub mod store;
pub mod token;
pub mod transport;
