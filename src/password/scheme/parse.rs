use super::{Scheme, crypt, foreign};
use crate::password::unsupported::Unsupported;

/// Reads a hash string of any form.
pub fn parse(text: &str) -> Result<Scheme, Unsupported> {
    if text.starts_with('$') {
        return crypt::parse(text);
    }
    foreign::parse_prefixed(text)
        .or_else(|| foreign::parse_named(text))
        .or_else(|| foreign::parse_aspnet(text))
        .unwrap_or(Err(Unsupported::NotAHash))
}
