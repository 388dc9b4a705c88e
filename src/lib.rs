//! Sessions for people who would rather not run servers.
pub mod domain;
