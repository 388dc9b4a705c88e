//! The crate `zitadel`, which speaks gRPC. It has neither `CreateUser` nor `UpdateUser`.

#![allow(
    clippy::disallowed_methods,
    reason = "only the product takes settings, draws ids and reads the clock in one place"
)]

mod clients;
mod codes;
mod factors;
mod users;
