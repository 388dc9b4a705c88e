//! `openapi.json` says what the service does: routes, fields, limits, answers. What it
//! says is tried on the service, and what the service has is looked for in it.

mod answers;
mod bodies;
mod fields;
mod parameters;
mod routes;
