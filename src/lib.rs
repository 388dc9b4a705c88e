//! Sessions for people who would rather not run servers.

pub mod domain;
pub mod error;
pub mod store;
pub mod token;
