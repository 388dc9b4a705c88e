//! Links in messages: what they may begin with, and what is put into them.
//!
//! A link has a code, so whoever may name its host could have codes sent to himself. A template is
//! therefore read by a small reader of URLs that refuses what it doesn't know, and compared with
//! the bases part by part.

mod bases;
mod template;
mod url;

pub use bases::LinkBases;
pub(super) use template::RESERVED;
pub use template::{LinkFault, LinkValues, UrlTemplate};

#[cfg(test)]
mod tests;
