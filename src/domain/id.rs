use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::text::{Invalid, bounded, text_type};

/// Defines a type for the random UUIDs of one kind, and how they are written.
macro_rules! uuid_type {
    ($(#[$about:meta])* pub struct $type:ident, $form:ident;) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub uuid::Uuid);

        impl $type {
            pub fn generate() -> Self {
                Self($crate::domain::generate_uuid())
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.$form().fmt(f)
            }
        }
    };
}

uuid_type! {
    /// A session's id: a random UUID, so that nobody can guess the next one.
    pub struct SessionId, as_hyphenated;
}

impl SessionId {
    /// Reads the id in a request: a UUID in the form of RFC 9562, in upper or lower case.
    /// `Ok(None)`: the text is no UUID, so no session has this id.
    /// <https://www.rfc-editor.org/rfc/rfc9562#section-4>
    ///
    /// # Errors
    ///
    /// The text is empty or longer than 200 characters.
    pub fn find(text: &str) -> Result<Option<Self>, Invalid> {
        let text = bounded("session_id", text.to_owned())?;
        // Other forms that the parser accepts have other lengths.
        let is_hyphenated = text.len() == Hyphenated::LENGTH;
        Ok(text.parse().ok().filter(|_| is_hyphenated))
    }
}

impl FromStr for SessionId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.parse()
            .map(Self)
            .map_err(|_| Invalid::new("session_id", "is not a UUID"))
    }
}

uuid_type! {
    /// The id of one logical write. A write that is sent again because its answer was lost
    /// recognizes itself by it.
    pub struct WriteId, as_simple;
}

uuid_type! {
    /// A user's session generation. Changing it ends every session in which the user was proved:
    /// such a session has the generation that the user had at its first proof, and is valid only
    /// while the user has the same one. A session that only names the user proves nothing, and is
    /// valid in each generation.
    ///
    /// Generations are random and compared for equality, so no clock decides which sessions were
    /// created before the change.
    pub struct SessionGeneration, as_simple;
}

uuid_type! {
    /// The random id from which a code is derived. It says nothing about the code.
    pub struct CodeId, as_simple;
}

/// The id of a server key, which is derived from it. What a key has made carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(pub [u8; 8]);

/// In hexadecimal.
impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A short reference to a user: the first half of the SHA-256 of the user's id, and the key of the
/// user's pointer. Its length is the same for all user ids, so that a token has room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserRef(pub [u8; 16]);

impl From<&UserId> for UserRef {
    fn from(id: &UserId) -> Self {
        let digest = Sha256::digest(id.as_str());
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Self(half)
    }
}

/// Reads the form that it is stored in.
impl FromStr for UserRef {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = u128::from_str_radix(text, 16).map_err(drop)?;
        let reference = Self(number.to_be_bytes());
        (reference.to_string() == text)
            .then_some(reference)
            .ok_or(())
    }
}

impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

text_type! {
    /// A user's id: 1 to 200 characters. It never changes. Ids are compared as bytes.
    pub struct UserId = "user_id";
}

impl UserId {
    pub fn generate() -> Self {
        Self(generate_uuid().to_string())
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn generate_uuid() -> Uuid {
    Uuid::new_v4()
}

#[test]
fn a_session_id_is_read_in_either_case() {
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for (text, want) in [
        (id, Ok(true)),
        (&*id.to_uppercase(), Ok(true)),
        (&*format!(" {id}"), Ok(false)),
        (&*format!("{id} "), Ok(false)),
        (&*format!("urn:uuid:{id}"), Ok(false)),
        (&*id.replacen('-', "0", 1), Ok(false)),
        (&*id.replace('-', "_"), Ok(false)),
        (&*id.replace('-', ""), Ok(false)),
        (&*format!("{{{id}}}"), Ok(false)),
        ("000000000000000000", Ok(false)),
        (&*"ä".repeat(200), Ok(false)),
        ("", Err(())),
        (&*"a".repeat(201), Err(())),
    ] {
        let found = SessionId::find(text);
        assert_eq!(found.map(|id| id.is_some()).map_err(drop), want, "{text:?}");
    }
}

#[test]
fn a_user_is_found_by_the_hash_of_the_id() {
    let of = |id: &str| UserRef::from(&UserId::parse(id.to_owned()).unwrap());

    // `printf ada | sha256sum`
    assert_eq!(of("ada").to_string(), "fdee430d40bd57deeac186cd9790033d");
    assert_ne!(of("ada"), of("Ada"));
}
