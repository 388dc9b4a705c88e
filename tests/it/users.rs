//! Users: how they are administered and how they log in.

mod administration;
mod display_names;
mod login_names;
mod new_passwords;
mod normal_forms;
pub mod passwords;
mod repairs;
