//! The calls of the Session service.

mod create;
mod delete;
mod get;
mod list;
mod parts;
mod set;
