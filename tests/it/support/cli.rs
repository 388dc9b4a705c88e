//! Processes of the tool, and what speaks to them.

pub mod function;
pub mod gate;
pub mod http2;
pub mod local;
pub mod process;
pub mod service;
pub mod throttled;
