//! Tokens: what a caller holds, and the hash that is stored of it.
//!
//! The one place that draws random ids.

mod server_key;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{SessionGeneration, SessionId, TokenHash, UserId, UserRef, WriteId};

pub use server_key::ServerKey;

/// Starts each service account's token, so that scanners for leaked secrets know it.
const CALLER_PREFIX: &str = "sesame_";
/// In bytes.
const RANDOM: usize = 32;

/// A session's token: the session's id (16 bytes), 32 secret bytes and, of a session with a
/// user, where that user is found (16 bytes), in URL-safe base64: 64 or 86 characters.
///
/// It carries the id because it is all that a bearer shows, and the user so that both are
/// read at once.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn draw(id: SessionId, user: Option<UserRef>) -> Result<Self, getrandom::Error> {
        let mut secret = Zeroizing::new([0; RANDOM]);
        getrandom::fill(&mut secret[..])?;
        Ok(Self::of(id, &secret, user))
    }

    /// A text that is shown as a token, whether it is one or not.
    pub fn shown(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    fn of(id: SessionId, secret: &[u8; RANDOM], user: Option<UserRef>) -> Self {
        let mut bytes = Zeroizing::new([0; 16 + RANDOM + 16]);
        bytes[..16].copy_from_slice(id.as_bytes());
        bytes[16..16 + RANDOM].copy_from_slice(secret);
        let length = match user {
            None => 16 + RANDOM,
            Some(user) => {
                bytes[16 + RANDOM..].copy_from_slice(user.as_bytes());
                bytes.len()
            }
        };
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..length])))
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
pub struct ServiceAccountToken(Zeroizing<String>);

impl ServiceAccountToken {
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

impl fmt::Debug for ServiceAccountToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerToken(…)")
    }
}

/// The token in an `Authorization` header of the scheme `Bearer`, in whatever case. It may be
/// empty.
/// <https://www.rfc-editor.org/rfc/rfc6750#section-2.1>
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim_matches(' '))
}

/// A token that somebody presents, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    Caller(TokenHash),
    Session(Presented),
}

/// A session's token as it is presented. All that it says is to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    pub session: SessionId,
    pub token: Shown,
}

/// What a text that is shown as some session's token comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub hash: TokenHash,
    /// Where it says that the session's user is found, to be read along with the session.
    pub user: Option<UserRef>,
}

impl Bearer {
    /// None: it can't be a token of ours, so nobody need be asked.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(random) = text.strip_prefix(CALLER_PREFIX) {
            decode::<RANDOM>(random)?;
            return Some(Self::Caller(hash(text)));
        }
        Presented::parse(text).map(Self::Session)
    }
}

impl Presented {
    /// None: it can't be a session's token.
    pub fn parse(text: &str) -> Option<Self> {
        let of = |bytes: &[u8], user| {
            let session = SessionId::from_uuid(Uuid::from_slice(&bytes[..16]).ok()?);
            let hash = hash(text);
            let token = Shown { hash, user };
            Some(Self { session, token })
        };
        if let Some(bytes) = decode::<{ 16 + RANDOM }>(text) {
            return of(&bytes[..], None);
        }
        let bytes = decode::<{ 16 + RANDOM + 16 }>(text)?;
        let (_, user) = bytes.split_last_chunk()?;
        of(&bytes[..], Some(UserRef::new(*user)))
    }
}

impl Shown {
    /// Of any text: one that is no token is a wrong one.
    pub fn of(text: &str) -> Self {
        let hash = hash(text);
        Presented::parse(text).map_or(Self { hash, user: None }, |presented| presented.token)
    }
}

fn decode<const LENGTH: usize>(text: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes[..]).ok()?;
    (length == LENGTH).then_some(bytes)
}

/// Where to find a user: the first half of the SHA-256 of the id.
pub fn user_ref(id: &UserId) -> UserRef {
    let digest = Sha256::digest(id.as_str());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    UserRef::new(half)
}

fn hash(token: &str) -> TokenHash {
    TokenHash::new(Sha256::digest(token).into())
}

pub fn generate_session_id() -> SessionId {
    SessionId::from_uuid(generate_uuid())
}

pub fn generate_write_id() -> WriteId {
    WriteId::from_uuid(generate_uuid())
}

pub fn generate_session_generation() -> SessionGeneration {
    SessionGeneration::from_uuid(generate_uuid())
}

#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn generate_uuid() -> Uuid {
    Uuid::new_v4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form() {
        let id = generate_session_id();
        let session = SessionToken::draw(id, None).unwrap();
        let user = user_ref(&UserId::parse("ada".to_owned()).unwrap());
        let of_user = SessionToken::draw(id, Some(user)).unwrap();
        let caller = ServiceAccountToken::draw().unwrap();
        let presented = |token: &SessionToken, user| {
            Some(Bearer::Session(Presented {
                session: id,
                token: Shown {
                    hash: token.hash(),
                    user,
                },
            }))
        };
        let without_end = |token: &str| token[..token.len() - 1].to_owned();

        for (text, want) in [
            (session.as_str(), presented(&session, None)),
            (of_user.as_str(), presented(&of_user, Some(user))),
            (&*without_end(of_user.as_str()), None),
            (&*format!("{}A", of_user.as_str()), None),
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
        let id = generate_session_id();
        let (one, other) = (
            SessionToken::draw(id, None).unwrap(),
            SessionToken::draw(id, None).unwrap(),
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
    fn users_are_found_by_their_ids_hash() {
        let of = |id: &str| user_ref(&UserId::parse(id.to_owned()).unwrap());

        // `printf ada | sha256sum`
        assert_eq!(of("ada").to_string(), "fdee430d40bd57deeac186cd9790033d");
        assert_ne!(of("ada"), of("Ada"));
    }

    #[test]
    fn tokens_hide_themselves() {
        let session = SessionToken::draw(generate_session_id(), None).unwrap();
        let caller = ServiceAccountToken::draw().unwrap();

        let key = ServerKey::draw().unwrap();
        assert_eq!(
            format!("{session:?} {caller:?} {key:?}"),
            "SessionToken(…) CallerToken(…) ServerKey(…)"
        );
    }
}
