//! Passkeys and security keys.

mod alike;
mod at_once;
mod faults;
pub mod registration;
mod sessions;
mod table;

use crate::support::app::App;

pub const RP_ID: &str = "login.example";
pub const ORIGIN: &str = "https://login.example";

/// The settings of a deployment with passkeys on two domains.
pub const PASSKEYS: [(&str, &str); 4] = [
    ("SERVER_KEY", "a server key of at least 32 characters"),
    ("LINK_BASE_URLS", "https://login.example/"),
    ("RP_IDS", "login.example,acme.example"),
    (
        "RP_ORIGINS",
        "https://login.example,https://www.acme.example",
    ),
];

/// A service with passkeys, and with other settings beside.
pub async fn start_with(more: &[(&str, &str)]) -> App {
    App::emulated(&[&PASSKEYS[..], more].concat()).await
}
