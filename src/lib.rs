//! Sessions for people who would rather not run servers.
//!
//! Each module uses those before it in this order, and none after it: `base64`, `domain`, `error`,
//! `webauthn`, `status`, `log`, `password`, `token`, `aws`, `store`, `verification`, `host`,
//! `breached`, `messages`, `service`, `api`, `app`, `transport`, `emulator`, `config`, `cli`.
//!
//! The default feature `function` has all that the Lambda functions need. A service that only
//! accepts session tokens takes `tower` without it, and so compiles neither the API nor what it
//! takes to check passwords.

#[cfg(feature = "function")]
pub mod api;
#[cfg(feature = "function")]
pub mod app;
pub mod aws;
#[cfg(feature = "function")]
mod base64;
#[cfg(feature = "function")]
pub mod breached;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "function")]
pub mod config;
pub mod domain;
#[cfg(feature = "dev")]
pub mod emulator;
pub mod error;
#[cfg(feature = "function")]
pub mod host;
mod lock;
#[cfg(feature = "function")]
pub mod log;
#[cfg(feature = "function")]
pub mod messages;
#[cfg(feature = "function")]
pub mod password;
#[cfg(feature = "function")]
pub mod service;
mod status;
pub mod store;
pub mod token;
pub mod transport;
pub mod verification;
#[cfg(feature = "function")]
pub mod webauthn;
