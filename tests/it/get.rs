//! `GetSession`.

mod ids;
mod login_names;
