//! Tokens: what a caller holds, and the hash that is stored of it.
//!
//! The one place that draws random ids.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{SessionId, TokenHash, WriteId};

/// Starts each service account's token, so that scanners for leaked secrets know it.
const CALLER_PREFIX: &str = "sesame_";
/// In bytes.
const RANDOM: usize = 32;

/// A session's token: 64 URL-safe characters, which are the session's id (16 bytes) and
/// 32 random bytes in base64.
///
/// It carries the id because it is all that a bearer shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn draw(id: SessionId) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 16 + RANDOM]);
        bytes[..16].copy_from_slice(id.as_bytes());
        getrandom::fill(&mut bytes[16..])?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        hash(&self.0)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// A service account's token: `sesame_` and 32 random bytes in URL-safe base64.
#[derive(Clone, PartialEq, Eq)]
pub struct CallerToken(Zeroizing<String>);

impl CallerToken {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; RANDOM]);
        getrandom::fill(&mut bytes[..])?;
        let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]));
        Ok(Self(Zeroizing::new(format!("{CALLER_PREFIX}{}", *random))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        hash(&self.0)
    }
}

impl fmt::Debug for CallerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerToken(…)")
    }
}

/// What somebody presents as a bearer token, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    Caller(TokenHash),
    Session(SessionId, TokenHash),
}

impl Bearer {
    /// None: it can't be a token of ours, so nobody need be asked.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(random) = text.strip_prefix(CALLER_PREFIX) {
            decode::<RANDOM>(random)?;
            return Some(Self::Caller(hash(text)));
        }
        let bytes = decode::<{ 16 + RANDOM }>(text)?;
        let id = SessionId::from_uuid(Uuid::from_slice(&bytes[..16]).ok()?);
        Some(Self::Session(id, hash(text)))
    }
}

fn decode<const LENGTH: usize>(text: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes[..]).ok()?;
    (length == LENGTH).then_some(bytes)
}

fn hash(token: &str) -> TokenHash {
    TokenHash::new(Sha256::digest(token).into())
}

pub fn draw_session_id() -> SessionId {
    SessionId::from_uuid(draw_uuid())
}

pub fn draw_write_id() -> WriteId {
    WriteId::from_uuid(draw_uuid())
}

#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn draw_uuid() -> Uuid {
    Uuid::new_v4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form() {
        let id = draw_session_id();
        let session = SessionToken::draw(id).unwrap();
        let caller = CallerToken::draw().unwrap();
        let without_end = |token: &str| token[..token.len() - 1].to_owned();

        for (text, want) in [
            (session.as_str(), Some(Bearer::Session(id, session.hash()))),
            (caller.as_str(), Some(Bearer::Caller(caller.hash()))),
            (&*without_end(session.as_str()), None),
            (&*without_end(caller.as_str()), None),
            (&*format!("{}A", session.as_str()), None),
            (&*format!("{}=", caller.as_str()), None),
            (
                &*session
                    .as_str()
                    .replace(['-', '_'], "+")
                    .replacen(|_: char| true, "+", 1),
                None,
            ),
            ("", None),
            ("sesame_", None),
            ("stub-pat", None),
        ] {
            assert_eq!(Bearer::parse(text), want, "{text}");
        }
    }

    #[test]
    fn a_session_token_is_64_url_safe_characters_with_256_random_bits() {
        let id = draw_session_id();
        let (one, other) = (
            SessionToken::draw(id).unwrap(),
            SessionToken::draw(id).unwrap(),
        );

        assert_eq!(one.as_str().len(), 64);
        assert!(
            one.as_str()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        // 16 bytes of id are 21 whole characters and a bit; the rest differs.
        assert_eq!(one.as_str()[..21], other.as_str()[..21]);
        assert_ne!(one.as_str()[22..], other.as_str()[22..]);
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn tokens_hide_themselves() {
        let session = SessionToken::draw(draw_session_id()).unwrap();
        let caller = CallerToken::draw().unwrap();

        assert_eq!(
            format!("{session:?} {caller:?}"),
            "SessionToken(…) CallerToken(…)"
        );
    }
}
