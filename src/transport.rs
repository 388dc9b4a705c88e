//! The ways in: each turns what it receives into a request of [`crate::api`], and its answer
//! back.

#[cfg(feature = "cli")]
pub mod http;
#[cfg(feature = "function")]
pub mod lambda;
#[cfg(feature = "function")]
mod origin;
#[cfg(feature = "tower")]
pub mod tower;
