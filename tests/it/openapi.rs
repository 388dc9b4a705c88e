//! `openapi.json` and the service agree on routes, fields, limits and answers.
//!
//! `.ci/api` tests the same document with schemathesis, which draws requests at random and checks
//! answers with another implementation of JSON Schema: only that finds a document that others
//! can't read, and combinations that nobody thought of. Only here is it found that the service
//! reads or answers something that the document lacks, that each documented error and example is
//! one that the service gives, and that each limit is exact on both sides.

mod answers;
mod bodies;
mod calls;
mod factor_errors;
mod fields;
mod parameters;
mod routes;
mod setting_errors;
mod settings;
mod user_errors;
mod users;
mod web_authn_errors;
