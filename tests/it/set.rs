//! `SetSession`.

mod changes;
mod concurrent;
mod grace;
mod lifetime;
mod other_users;
mod precondition;
mod two_holders;
