//! `CreateSession`.

mod checks;
mod idempotency;
mod json;
mod server_key;
