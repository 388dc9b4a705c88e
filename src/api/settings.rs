//! The calls of the Settings and of the Organization service.

mod general;
mod login;
mod organizations;
mod parts;
mod passwords;
