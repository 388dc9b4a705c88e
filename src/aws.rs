//! The clients of AWS: how they connect, whom they trust, when they try again, and what their
//! failures mean.

#[cfg(feature = "function")]
mod api;
mod client;
#[cfg(feature = "cli")]
mod discovery;
mod endpoints;
mod failure;
mod http_client;
#[cfg(feature = "dev")]
mod in_process;
#[cfg(feature = "function")]
mod messenger;
mod retries;
mod roots;
#[cfg(feature = "function")]
mod secrets;
mod user_agent;

pub use aws_smithy_runtime_api::client::http::SharedHttpClient as HttpClient;
pub use client::{Endpoint, connect, with_http_client};
#[cfg(feature = "cli")]
pub use discovery::SharedConfig;
pub(crate) use failure::failure;
#[cfg(feature = "function")]
pub(crate) use http_client::fetch;
pub use http_client::http_client;
#[cfg(feature = "dev")]
pub(crate) use in_process::{in_process, in_process_http};
#[cfg(feature = "function")]
pub use messenger::{MessageUrls, Messenger};
pub(crate) use retries::SendCount;
pub use roots::Roots;
#[cfg(feature = "function")]
pub use secrets::{KeySource, KeysRead, ServerKeySetting};
