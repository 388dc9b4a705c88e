//! Protobuf messages to calls, and replies to messages.

mod list;
mod reply;
mod request;
mod unsupported;

pub(super) use list::list_sessions;
pub use reply::ReplyMessage;
pub use request::decode;
pub(super) use request::{create_session, delete_session, get_session, set_session};
