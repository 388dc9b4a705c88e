use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::SessionToken;
use crate::domain::{
    Code, CodeId, CodePurpose, Destination, IdempotencyKey, Invalid, KeyName, OneTimeCode,
    SessionId, Timestamp, UserId, UserRef, WriteId, hide_in_debug,
};

/// A secret key of the deployment, from which the tokens of idempotent creates and all codes are
/// derived, and under which secrets are sealed: at least 32 bytes.
#[derive(Clone)]
pub struct ServerKey(Zeroizing<Vec<u8>>);

impl ServerKey {
    const MIN_BYTES: usize = 32;

    pub fn parse(bytes: Vec<u8>) -> Result<Self, Invalid> {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() < Self::MIN_BYTES {
            return Err(Invalid::new("key", "must be at least 32 bytes long"));
        }
        Ok(Self(bytes))
    }

    /// Generates a key that lasts as long as the process.
    ///
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new(vec![0; Self::MIN_BYTES]);
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The id of the session that `scope` creates under `key`. Without the server key, it
    /// can't be predicted.
    pub fn session_id(&self, scope: &str, key: &IdempotencyKey) -> SessionId {
        let mac = self.mac("id", &[scope.as_bytes(), key.as_str().as_bytes()]);
        let mut half = [0; 16];
        half.copy_from_slice(&mac[..16]);
        SessionId(uuid::Builder::from_random_bytes(half).into_uuid())
    }

    /// The first token of the session that `write` created.
    pub fn token(&self, id: SessionId, write: WriteId, user: Option<UserRef>) -> SessionToken {
        let secret = Zeroizing::new(self.mac("token", &[id.0.as_bytes(), write.0.as_bytes()]));
        SessionToken::from_secret(id, &secret, user)
    }

    /// A keyed hash of a request's parts, by which a repeated request is recognised.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac("request", parts)
    }

    /// The code of a round. It depends on all that it is bound to, so that no code is that of
    /// another user, purpose or address.
    pub fn code(
        &self,
        user: &UserId,
        purpose: CodePurpose,
        destination: &Destination,
        id: CodeId,
        round: u32,
    ) -> Code {
        let mac = Zeroizing::new(self.mac(
            "code",
            &[
                user.as_str().as_bytes(),
                purpose.as_str().as_bytes(),
                destination.folded().as_bytes(),
                id.0.as_bytes(),
                &round.to_be_bytes(),
            ],
        ));
        Code::from_mac(&mac)
    }

    /// The one-time code of a challenge. `method` is the name of its kind of factor, and
    /// `address_since` says since when the user has had the address: one that was taken away and
    /// given again is another.
    pub fn one_time_code(
        &self,
        session: SessionId,
        user: &UserId,
        method: &str,
        address: &str,
        address_since: Timestamp,
        id: CodeId,
    ) -> OneTimeCode {
        let mac = Zeroizing::new(self.mac(
            "one-time code",
            &[
                session.0.as_bytes(),
                user.as_str().as_bytes(),
                method.as_bytes(),
                address.as_bytes(),
                &address_since.as_millis().to_be_bytes(),
                id.0.as_bytes(),
            ],
        ));
        OneTimeCode::from_mac(&mac)
    }

    /// What tells whether an address is still the one that it was. Without the key, nobody can try
    /// addresses on it.
    pub fn address_tag(&self, address: &str, since: Timestamp) -> [u8; 8] {
        let parts = [address.as_bytes(), &since.as_millis().to_be_bytes()];
        first_bytes(&self.mac("address", &parts))
    }

    /// The name of the key, by which what other keys have made is told.
    pub fn name(&self) -> KeyName {
        KeyName(first_bytes(&self.mac("name", &[])))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// HMAC-SHA-256 of all parts, each behind its length, so that no two lists have the same
    /// bytes.
    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // Keys of any length are taken: those longer than a block are hashed first.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes keys of any length");
        };
        for part in [purpose.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Compares in constant time, but for the length.
impl PartialEq for ServerKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ServerKey {}

hide_in_debug!(ServerKey);

fn first_bytes(mac: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&mac[..8]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EmailAddress;

    #[test]
    fn each_input_changes_what_is_derived() {
        let key = |byte| ServerKey::parse(vec![byte; 32]).unwrap();
        let name = |text: &str| IdempotencyKey::parse(text.to_owned()).unwrap();
        let (one, other) = (key(1), key(2));
        let (id, write) = (SessionId::generate(), WriteId::generate());
        let user = UserRef::from(&UserId::parse("ada".to_owned()).unwrap());

        assert_eq!(
            one.session_id("a", &name("b")),
            one.session_id("a", &name("b"))
        );
        for different in [
            other.session_id("a", &name("b")),
            one.session_id("a", &name("c")),
            one.session_id("c", &name("b")),
            one.session_id("ab", &name(" ")),
            one.session_id("", &name("ab")),
        ] {
            assert_ne!(one.session_id("a", &name("b")), different);
        }
        let token = one.token(id, write, None);
        assert_eq!(token, one.token(id, write, None));
        for different in [
            other.token(id, write, None),
            one.token(SessionId::generate(), write, None),
            one.token(id, WriteId::generate(), None),
            one.token(id, write, Some(user)),
        ] {
            assert_ne!(token, different);
        }
        let parsed = SessionToken::parse(token.as_str().to_owned()).unwrap();
        assert_eq!((parsed.session(), parsed.user()), (id, None));
        assert_ne!(
            one.fingerprint(&[b"ab", b"c"]),
            one.fingerprint(&[b"a", b"bc"])
        );
        assert!(ServerKey::parse(vec![0; 31]).is_err());
    }

    #[test]
    fn a_code_depends_on_all_that_it_is_bound_to() {
        let key = |byte| ServerKey::parse(vec![byte; 32]).unwrap();
        let user = |id: &str| UserId::parse(id.to_owned()).unwrap();
        let email = |text: &str| Destination::Email(EmailAddress::from_stored(text.to_owned()));
        let (reset, verify) = (CodePurpose::ResetPassword, CodePurpose::VerifyEmail);
        let (id, other) = (CodeId::generate(), CodeId::generate());
        let (ada, to) = (user("ada"), email("ada@a.b"));
        let code = |key: &ServerKey, user, purpose, to: &Destination, id, round| {
            key.code(user, purpose, to, id, round).long().to_owned()
        };
        let one = code(&key(1), &ada, reset, &to, id, 1);

        assert_eq!(one, code(&key(1), &ada, reset, &to, id, 1));
        for different in [
            code(&key(2), &ada, reset, &to, id, 1),
            code(&key(1), &user("bob"), reset, &to, id, 1),
            code(&key(1), &ada, verify, &to, id, 1),
            code(&key(1), &ada, reset, &email("ada@a.c"), id, 1),
            code(&key(1), &ada, reset, &to, other, 1),
            code(&key(1), &ada, reset, &to, id, 2),
        ] {
            assert_ne!(one, different);
            assert_ne!(one[..Code::SHORT_LENGTH], different[..Code::SHORT_LENGTH]);
        }
        assert_eq!(key(1).name(), key(1).name());
        assert_ne!(key(1).name(), key(2).name());
    }

    #[test]
    fn a_one_time_code_and_a_tag_depend_on_all_that_they_are_bound_to() {
        let key = |byte| ServerKey::parse(vec![byte; 32]).unwrap();
        let user = |id: &str| UserId::parse(id.to_owned()).unwrap();
        let session = |byte| SessionId(uuid::Builder::from_bytes([byte; 16]).into_uuid());
        let id = |byte| CodeId(uuid::Builder::from_bytes([byte; 16]).into_uuid());
        let at = Timestamp::from_millis;
        let code = |byte, in_session, of: &str, method, to, since, of_id| {
            let session = session(in_session);
            let code =
                key(byte).one_time_code(session, &user(of), method, to, at(since), id(of_id));
            code.as_str().to_owned()
        };
        let (mail, sms, to) = ("otp_email", "otp_sms", "ada@a.b");
        let one = code(1, 1, "ada", mail, to, 1000, 1);

        assert_eq!(one, code(1, 1, "ada", mail, to, 1000, 1));
        assert!(one.len() == 8 && one.bytes().all(|byte| byte.is_ascii_digit()));
        for different in [
            code(2, 1, "ada", mail, to, 1000, 1),
            code(1, 2, "ada", mail, to, 1000, 1),
            code(1, 1, "bob", mail, to, 1000, 1),
            code(1, 1, "ada", sms, to, 1000, 1),
            code(1, 1, "ada", mail, "ada@a.c", 1000, 1),
            code(1, 1, "ada", mail, to, 1001, 1),
            code(1, 1, "ada", mail, to, 1000, 2),
            code(1, 1, "adao", "tp_email", to, 1000, 1),
        ] {
            assert_ne!(one, different);
        }

        let tag = |byte, address, since| key(byte).address_tag(address, at(since));
        assert_eq!(tag(1, to, 1000), tag(1, to, 1000));
        for different in [tag(2, to, 1000), tag(1, "ada@a.c", 1000), tag(1, to, 1001)] {
            assert_ne!(tag(1, to, 1000), different);
        }
    }
}
