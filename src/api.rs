//! The protocols: how the bytes of a request become a call, and a reply becomes those of a
//! response.
//!
//! A protocol only decodes and encodes, so a call does the same in each of them.

mod call;
pub mod codec;
mod parts;
pub mod proto;
mod protocol;
mod request;
mod request_headers;
mod response;
mod route;
pub mod schema;
mod session;
mod settings;
mod structs;
mod timeout;
mod user;
mod version;

pub(crate) use call::carry_out;
pub use call::{Call, Envelope, answer, check, read};
pub use codec::Answer;
pub use protocol::{Codec, Coding, Protocol};
pub use request::{Platform, Request, RequestContext, WireLimits, query};
pub use response::Body;
pub use route::MatchedRoute;
pub(crate) use route::{is_known, session_id};
pub(crate) use timeout::client_timeout;
pub use version::Version;
