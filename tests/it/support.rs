//! The tools of the tests.

pub mod administration;
pub mod answer;
pub mod app;
pub mod authenticator;
pub mod breaches;
pub mod broken;
pub mod cli;
pub mod client;
pub mod dice;
pub mod facts;
pub mod faults;
pub mod keys;
pub mod openapi;
pub mod providers;
pub mod record;
pub mod second;
pub mod secrets;
pub mod strength;
pub mod template;
