//! The calls of the User service, one file each or one for those that differ in a name.

mod codes;
mod contact;
mod create;
mod factors;
mod list;
mod parts;
mod passkeys;
mod password;
mod read;
mod state;
mod update;
