//! Users, as administrators change them and as they log in.

mod administration;
mod login_names;
mod passwords;
