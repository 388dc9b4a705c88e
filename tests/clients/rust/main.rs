//! The crate `zitadel`, which speaks gRPC. It has neither `CreateUser` nor `UpdateUser`.

#![allow(
    clippy::disallowed_methods,
    reason = "only the product takes settings, and draws ids, in one place"
)]

mod clients;
mod codes;
mod users;
