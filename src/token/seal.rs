//! Secrets that are stored sealed, because the service needs them back: those of second factors.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::{ServerKey, ServerKeys};
use crate::domain::{KeyName, SealedSecret, UserId};
use crate::error::Error;

/// Why a sealed secret can't be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// No key at hand has sealed it.
    #[error("no server key is {0}, which has sealed a secret")]
    UnknownKey(KeyName),
    /// It was changed, or sealed for another user or purpose.
    #[error("a secret is not what the server key has sealed")]
    Corrupt,
}

impl ServerKey {
    /// Seals a secret of a user: AES-256-GCM with a random nonce, under a key for each purpose and
    /// user, so that no key seals enough for two nonces to meet.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`]: the operating system has no random numbers.
    pub fn seal(&self, purpose: &str, user: &UserId, plain: &[u8]) -> Result<SealedSecret, Error> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let key = self.name();
        let failed = || Error::Internal("a secret can't be sealed".into());
        // No reallocation leaves a copy of the secret behind.
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + AES_256_GCM.tag_len()));
        text.extend_from_slice(plain);
        self.sealing_key(purpose, user)
            .ok_or_else(failed)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to(purpose, user, key)),
                &mut *text,
            )
            .map_err(|_| failed())?;
        sealed.extend_from_slice(&text);
        Ok(SealedSecret { key, sealed })
    }

    fn open(
        &self,
        purpose: &str,
        user: &UserId,
        secret: &SealedSecret,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = secret.sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let bound_to = Aad::from(bound_to(purpose, user, secret.key));
        let mut text = Zeroizing::new(text.to_vec());
        let key = self.sealing_key(purpose, user)?;
        let length = key
            .open_in_place(nonce, bound_to, &mut text)
            .ok()
            .map(|plain| plain.len())?;
        text.truncate(length);
        Some(text)
    }

    /// The key of a user's secrets for one purpose, by HKDF-SHA-256.
    /// <https://www.rfc-editor.org/rfc/rfc5869>
    fn sealing_key(&self, purpose: &str, user: &UserId) -> Option<LessSafeKey> {
        let info = framed(&[b"seal", purpose.as_bytes(), user.as_str().as_bytes()]);
        let derived = Salt::new(HKDF_SHA256, &[]).extract(self.as_bytes());
        let info = [&info[..]];
        let key = derived.expand(&info, &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl ServerKeys {
    /// Opens a secret by the key that has sealed it, also if that one is a former key or only
    /// announced.
    pub fn open(
        &self,
        purpose: &str,
        user: &UserId,
        secret: &SealedSecret,
    ) -> Result<Zeroizing<Vec<u8>>, OpenFault> {
        let key = self.with_name(secret.key);
        let key = key.ok_or(OpenFault::UnknownKey(secret.key))?;
        key.open(purpose, user, secret).ok_or(OpenFault::Corrupt)
    }
}

/// The associated data: what the secret is good for.
fn bound_to(purpose: &str, user: &UserId, key: KeyName) -> Vec<u8> {
    framed(&[user.as_str().as_bytes(), purpose.as_bytes(), &key.0])
}

/// All parts, each behind its length, so that no two lists have the same bytes.
fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn key(byte: u8) -> ServerKey {
        ServerKey::parse(vec![byte; 32]).unwrap()
    }

    fn keys(text: &str) -> ServerKeys {
        ServerKeys::parse(text).unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id.to_owned()).unwrap()
    }

    fn a_list(bytes: &[u8]) -> ServerKeys {
        let texts = bytes.iter().map(|&byte| char::from(byte).to_string());
        let texts: Vec<_> = texts.map(|text| text.repeat(32)).collect();
        keys(&texts.join(","))
    }

    #[test]
    fn a_sealed_secret_is_opened_by_its_key_wherever_that_stands() {
        let sealed = key(b'a').seal("totp", &user("ada"), SECRET).unwrap();

        assert_eq!(sealed.sealed.len(), 12 + SECRET.len() + 16);
        let announced = format!("{},next:{}", "b".repeat(32), "a".repeat(32));
        for list in [
            a_list(b"a"),
            a_list(b"ba"),
            a_list(b"bca"),
            keys(&announced),
        ] {
            let opened = list.open("totp", &user("ada"), &sealed).unwrap();
            assert_eq!(*opened, SECRET, "{list:?}");
        }
        let unknown = a_list(b"bc").open("totp", &user("ada"), &sealed);
        assert_eq!(unknown, Err(OpenFault::UnknownKey(key(b'a').name())));
    }

    #[test]
    fn a_secret_is_sealed_otherwise_each_time() {
        let seal = || key(b'a').seal("totp", &user("ada"), SECRET).unwrap();
        let (one, other) = (seal(), seal());

        assert_ne!(one.sealed[..12], other.sealed[..12]);
        assert_ne!(one.sealed[12..], other.sealed[12..]);
        assert!(!one.sealed.windows(4).any(|four| SECRET.starts_with(four)));
    }

    #[test]
    fn what_was_changed_or_belongs_elsewhere_is_corrupt() {
        let ada = user("ada");
        let sealed = key(b'a').seal("totp", &ada, SECRET).unwrap();
        let with = |change: &dyn Fn(&mut SealedSecret)| {
            let mut changed = sealed.clone();
            change(&mut changed);
            changed
        };
        let list = a_list(b"ab");

        let length = sealed.sealed.len();
        let flipped = (0..length).map(|at| with(&|one| one.sealed[at] ^= 1));
        let cut = (0..length).map(|at| with(&|one| one.sealed.truncate(at)));
        let longer = with(&|one| one.sealed.push(0));
        let other_key = with(&|one| one.key = key(b'b').name());
        for changed in flipped.chain(cut).chain([longer, other_key]) {
            let opened = list.open("totp", &ada, &changed);
            assert_eq!(opened, Err(OpenFault::Corrupt), "{:?}", changed.sealed);
        }
        for (purpose, id) in [("totp", "bob"), ("totp2", "ada"), ("", "totpada")] {
            let opened = list.open(purpose, &user(id), &sealed);
            assert_eq!(opened, Err(OpenFault::Corrupt), "{purpose} {id}");
        }
    }

    /// What is stored has to be readable by later versions. The values are of Python's
    /// `cryptography`.
    #[test]
    fn a_stored_secret_is_opened() {
        let hex = "000102030405060708090a0b2dc9295fc56048c61620f2deb47d15a1\
                   e4e635173c4e1b691df5be99f4f34b6688419663";
        let bytes = hex.as_bytes().chunks(2).map(|two| {
            let two = std::str::from_utf8(two).unwrap();
            u8::from_str_radix(two, 16).unwrap()
        });
        let sealed = SealedSecret {
            key: key(b'a').name(),
            sealed: bytes.collect(),
        };

        assert_eq!(sealed.key.to_string(), "1c2ad4ba23c55356");
        let opened = a_list(b"a").open("totp", &user("ada"), &sealed);
        assert_eq!(*opened.unwrap(), SECRET);
    }
}
