//! The transports. Each turns what it receives into a request of [`crate::api`], and the
//! response back.

#[cfg(feature = "cli")]
pub mod admission;
#[cfg(feature = "cli")]
pub mod http;
#[cfg(feature = "function")]
pub mod lambda;
#[cfg(feature = "function")]
mod origin;
#[cfg(feature = "tower")]
pub mod tower;
