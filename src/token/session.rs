use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{SECRET_BYTES, decode, hash};
use crate::domain::{NotASessionToken, SessionId, TokenHash, UserRef, hide_in_debug};

/// A session's token: the session's id (16 bytes), 32 secret bytes and, if the session has a
/// user, the key that leads to that user (16 bytes), in URL-safe base64: 64 or 86 characters.
///
/// It carries the session's id because a bearer token comes without one, and the user's key so
/// that the session and its user are read in one request. A parsed token has the right form, but
/// may be invalid.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    text: Zeroizing<String>,
    hash: TokenHash,
    session: SessionId,
    user: Option<UserRef>,
}

impl SessionToken {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate(id: SessionId, user: Option<UserRef>) -> Result<Self, getrandom::Error> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(&mut secret[..])?;
        Ok(Self::from_secret(id, &secret, user))
    }

    pub(super) fn from_secret(
        session: SessionId,
        secret: &[u8; SECRET_BYTES],
        user: Option<UserRef>,
    ) -> Self {
        let user_bytes = user.as_ref().map_or(&[][..], |user| &user.0);
        let bytes = Zeroizing::new([session.0.as_bytes(), &secret[..], user_bytes].concat());
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes));
        Self {
            hash: hash(&text),
            text,
            session,
            user,
        }
    }

    pub fn parse(text: String) -> Result<Self, NotASessionToken> {
        let text = Zeroizing::new(text);
        let (session, user) = Self::ids(&text).ok_or(NotASessionToken)?;
        Ok(Self {
            hash: hash(&text),
            text,
            session,
            user,
        })
    }

    fn ids(text: &str) -> Option<(SessionId, Option<UserRef>)> {
        let session = |bytes: &[u8]| Uuid::from_slice(&bytes[..16]).map(SessionId).ok();
        if let Some(bytes) = decode::<{ 16 + SECRET_BYTES }>(text) {
            return Some((session(&bytes[..])?, None));
        }
        let bytes = decode::<{ 16 + SECRET_BYTES + 16 }>(text)?;
        let (_, user) = bytes.split_last_chunk()?;
        Some((session(&bytes[..])?, Some(UserRef(*user))))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn hash(&self) -> TokenHash {
        self.hash
    }

    /// The id of the session in the token.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The key of the session's user in the token.
    pub fn user(&self) -> Option<UserRef> {
        self.user
    }
}

hide_in_debug!(SessionToken);

#[test]
fn a_session_token_is_64_url_safe_characters_with_256_random_bits() {
    let id = SessionId::generate();
    let generate = || SessionToken::generate(id, None).unwrap();
    let (one, other) = (generate(), generate());

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
