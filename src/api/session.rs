//! The calls of the Session service.

mod create;
mod delete;
mod get;
mod list;
mod parts;
mod set;

pub(super) use crate::service::{
    CreateSession, DeleteSession, GetSession, ListSessions, SetSession,
};
