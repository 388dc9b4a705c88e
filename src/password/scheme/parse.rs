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
        .unwrap_or_else(|| Err(in_front(text).unwrap_or_else(|| appearance::of(text))))
}

/// Names what stands in front of a hash, in a string of no supported form.
fn in_front(text: &str) -> Option<Unsupported> {
    use Unsupported::{InFront, NotAHash, UnknownAlgorithm, UnknownPrefix};

    let at = text.find(['$', '{']).filter(|at| *at > 0)?;
    let (front, hash) = text.split_at(at);
    if let Err(NotAHash | UnknownAlgorithm | UnknownPrefix) = parse(hash) {
        return None;
    }
    Some(InFront(if front.trim().is_empty() {
        "white space"
    } else if front.trim_matches(['!', '*']).is_empty() {
        "! or *, the mark of a user who is locked"
    } else if front.ends_with(':') {
        "a name and a colon"
    } else {
        "something else"
    }))
}
