use super::{Scheme, appearance, crypt, foreign};
use crate::password::unsupported::Unsupported;

/// Reads a hash string of any form.
pub fn parse(text: &str) -> Result<Scheme, Unsupported> {
    if text.starts_with('$') {
        return crypt::parse(text);
    }
    foreign::parse_prefixed(text)
        .or_else(|| foreign::parse_named(text))
        .or_else(|| foreign::parse_nextcloud(text))
        .or_else(|| foreign::parse_mediawiki(text))
        .or_else(|| foreign::parse_better_auth(text))
        .or_else(|| foreign::parse_aspnet(text))
        .unwrap_or_else(|| Err(appearance::of(text)))
}
